"""Shorter renderings by the Firefox models in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from dub_assets.core.text import Rendering, SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.marian_file import read_model, read_shortlist
from dub_assets.engines.firefox.vocabulary import END_ID, Vocabulary
from dub_assets.text_normalisation.speaking_rate import syllables

pytestmark = pytest.mark.models

PATHS = {file.name: file.parts[0].locate() for file in firefox_weights.PACKAGED["en", "pt"]}
VOCABULARY_PATH, MODEL_PATH = PATHS["enpt/vocab.enpt.spm"], PATHS["enpt/model.enpt.intgemm.alphas.bin"]

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


def translate(translator: firefox.FirefoxTranslator, *lines: str) -> list[Rendering]:
    return translator.translate([SourceLine(text=line) for line in lines], "en", "pt")


def test_vocabulary_decodes_what_it_encodes():
    vocabulary = Vocabulary(VOCABULARY_PATH)
    for line in LINES:
        tokens = vocabulary.encode(line)
        assert tokens[-1] == END_ID
        assert vocabulary.decode(tokens[:-1]) == line
    assert [vocabulary.pieces[token] for token in vocabulary.encode("The sea.")] == ["▁The", "▁sea", ".", "</s>"]


def test_search_without_costs_finds_the_translation_of_fxtranslate(translator):
    forward = translator._back_translation(("en", "pt")).forward
    no_costs = np.zeros(forward.model.vocabulary_size, np.float32)
    for line, rendering in zip(LINES, translate(translator, *LINES), strict=True):
        translations = forward.translations(line, [no_costs], beam=4)
        assert rendering.text in translations
        assert translations[rendering.text] >= max(translations.values()) - 1.0
        (scores,) = forward.scores([(line, rendering.text)])
        assert scores.sum() == pytest.approx(translations[rendering.text], abs=0.5)


def test_keeps_negations_and_meanings_but_may_omit_a_pronoun(translator):
    renderings = translate(translator, *LINES)
    assert "Não tínhamos nada antes de nós." in renderings[3].shorter
    assert all("Não" in text or "não" in text for text in renderings[3].shorter)
    assert renderings[4].shorter
    assert all("primavera" in text for text in renderings[4].shorter)  # "fonte" would be a well


def test_omits_subject_pronouns_first(translator):
    telegram, might = translate(translator, "You could have tried a telegram.", "I might do it.")
    assert telegram.text == "Você poderia ter tentado um telegrama."
    assert "Poderia ter tentado um telegrama." in telegram.shorter
    assert might.shorter[0] == "Poderia fazê-lo."


def test_prefers_the_rendering_closest_to_the_full_one_among_equally_long_ones(translator):
    (rendering,) = translate(translator, "We had everything before us.")
    assert rendering.text == "Nós tínhamos tudo diante de nós."
    assert (
        rendering.shorter[0] == "Tínhamos tudo diante de nós."
    )  # "Nós tínhamos tudo antes de nós." has as many syllables


def test_rejects_renderings_with_untranslated_words(translator):
    (rendering,) = translate(translator, "Guess I've got a skull to find.")
    assert rendering.text == "Acho que eu tenho um crânio para encontrar."
    assert not any("Guess" in text for text in rendering.shorter)  # "Guess Eu tenho um crânio para encontrar."


def test_each_shorter_rendering_has_fewer_syllables(translator):
    for rendering in translate(translator, *LINES):
        counts = [syllables(text, "pt") for text in (rendering.text, *rendering.shorter)]
        assert counts == sorted(set(counts), reverse=True)


def test_lists_no_shorter_renderings_if_the_translation_fits(translator):
    fitting, too_long = (
        translator.translate([SourceLine(text=LINES[3], syllables=count)], "en", "pt")[0] for count in (10, 9)
    )
    assert fitting.text == too_long.text
    assert fitting.shorter == ()
    assert too_long.shorter


def test_lists_no_shorter_renderings_without_a_model_of_the_other_direction(tmp_path):
    folder = tmp_path / "weights/firefox/en-gl"
    folder.mkdir(parents=True)
    for name, path in PATHS.items():
        (folder / name.removeprefix("enpt/").replace("enpt", "engl")).symlink_to(path)
    settings = EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)
    (rendering,) = firefox.FirefoxTranslator(settings).translate([SourceLine(text=LINES[3])], "en", "gl")
    assert rendering.text
    assert rendering.shorter == ()


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_model, b"no model at all" * 100),
        (read_model, (2).to_bytes(8, "little") * 9),
        (read_shortlist, b"no list" * 100),
        (Vocabulary, b"\xff" * 64),
        (Vocabulary, b""),
    ],
)
def test_refuses_a_file_of_another_format(tmp_path, read, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="file"):
        read(path)


def test_refuses_another_architecture(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(MODEL_PATH.read_bytes().replace(b"dec-cell: ssru", b"dec-cell: gru "))
    with pytest.raises(ValueError, match="another architecture"):
        read_model(path)
