"""The Firefox models in numpy: the same words as Firefox's own engine, and shorter ones that lose nothing."""

from __future__ import annotations

import pytest

from dub_assets.core.text import SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.marian_file import read_model, read_shortlist
from dub_assets.engines.firefox.vocabulary import END, read_vocabulary
from dub_assets.text_normalisation.speaking_rate import syllables

pytestmark = pytest.mark.models

PATHS = {file.name: file.parts[0].locate() for file in firefox_weights.PACKAGED["en", "pt"]}
VOCABULARY, MODEL = PATHS["enpt/vocab.enpt.spm"], PATHS["enpt/model.enpt.intgemm.alphas.bin"]

LINES = [
    "She opened the window slowly and looked at the sea.",
    "I do not know what he wants, but he has been waiting here since yesterday morning.",
    "Nobody knows exactly what happened to him.",
    "We had nothing before us.",
    "It was the spring of hope.",
]


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> firefox.FirefoxTranslator:
    return firefox.FirefoxTranslator(
        EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    )


def test_a_text_is_pieces_and_pieces_are_the_text_again():
    vocabulary = read_vocabulary(VOCABULARY)
    for line in LINES:
        pieces = vocabulary.encode(line)
        assert pieces[-1] == END
        assert vocabulary.decode(pieces[:-1]) == line
    assert [vocabulary.pieces[piece] for piece in vocabulary.encode("The sea.")] == ["▁The", "▁sea", ".", "</s>"]


def test_the_network_finds_what_firefoxs_own_engine_says(translator):
    shortener = translator._shortener(("en", "pt"))
    for line, made in zip(
        LINES, translator.translate([SourceLine(text=line) for line in LINES], "en", "pt"), strict=True
    ):
        found = shortener.forward.translations(line, [0 * shortener._syllables], beam=4)
        assert made.text in found
        assert found[made.text] >= max(found.values()) - 1.0
        assert shortener.forward.likelihoods(line, made.text).sum() == pytest.approx(found[made.text], abs=0.5)


def test_a_pronoun_may_go_and_a_negation_or_another_word_may_not_come(translator):
    made = translator.translate([SourceLine(text=line) for line in LINES], "en", "pt")
    assert "Não tínhamos nada antes de nós." in made[3].shorter
    assert all("Não" in text or "não" in text for text in made[3].shorter)
    assert made[4].shorter
    assert all("primavera" in text for text in made[4].shorter)  # "Foi a fonte da esperança." is about a well


def test_what_is_left_out_first_is_what_the_verb_says_too(translator):
    lines = ["You could have tried a telegram.", "I might do it."]
    telegram, might = translator.translate([SourceLine(text=line) for line in lines], "en", "pt")
    assert telegram.text == "Você poderia ter tentado um telegrama."
    assert "Poderia ter tentado um telegrama." in telegram.shorter
    assert might.shorter[0] == "Poderia fazê-lo."


def test_of_renderings_alike_in_length_the_one_nearest_to_the_full_one_is_listed(translator):
    (made,) = translator.translate([SourceLine(text="We had everything before us.")], "en", "pt")
    assert made.text == "Nós tínhamos tudo diante de nós."
    assert made.shorter[0] == "Tínhamos tudo diante de nós."  # "Nós tínhamos tudo antes de nós." has as many syllables


def test_a_word_of_the_source_does_not_stay_for_being_short(translator):
    (made,) = translator.translate([SourceLine(text="Guess I've got a skull to find.")], "en", "pt")
    assert made.text == "Acho que eu tenho um crânio para encontrar."
    assert not any("Guess" in text for text in made.shorter)  # "Guess Eu tenho um crânio para encontrar."


def test_shorter_renderings_have_fewer_syllables_each(translator):
    for made in translator.translate([SourceLine(text=line) for line in LINES], "en", "pt"):
        counts = [syllables(text, "pt") for text in (made.text, *made.shorter)]
        assert counts == sorted(set(counts), reverse=True)


def test_a_line_that_there_is_time_for_is_rendered_in_full_alone(translator):
    roomy, tight = (
        translator.translate([SourceLine(text=LINES[3], syllables=count)], "en", "pt")[0] for count in (10, 9)
    )
    assert roomy.text == tight.text
    assert roomy.shorter == ()
    assert tight.shorter


def test_a_pair_without_its_other_direction_lists_no_shorter_renderings(tmp_path):
    folder = tmp_path / "weights/firefox/en-gl"
    folder.mkdir(parents=True)
    for name, path in PATHS.items():
        (folder / name.removeprefix("enpt/").replace("enpt", "engl")).symlink_to(path)
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)
    (made,) = firefox.FirefoxTranslator(settings).translate([SourceLine(text=LINES[3])], "en", "gl")
    assert made.text
    assert made.shorter == ()


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_model, b"no model at all" * 100),
        (read_model, (2).to_bytes(8, "little") * 9),
        (read_shortlist, b"no list" * 100),
        (read_vocabulary, b"\xff" * 64),
        (read_vocabulary, b""),
    ],
)
def test_a_file_of_another_format_is_refused(tmp_path, read, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="file"):
        read(path)


def test_another_kind_of_network_is_refused(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(MODEL.read_bytes().replace(b"dec-cell: ssru", b"dec-cell: gru "))
    with pytest.raises(ValueError, match="another kind of network"):
        read_model(path)
