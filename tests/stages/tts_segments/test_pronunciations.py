"""Pronunciations of the glossary: in the text that is spoken, and in the phonemes of the voices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fakes import FakeEngines, FakeSynthesiser
from support.programmes import SPEECH, WORDS, StageHarness

from dub_assets.core.errors import InputError
from dub_assets.core.text import Pronunciation
from dub_assets.engines.shared import espeak_library
from dub_assets.stages.tts_segments.pronunciations import check_pronunciations, spoken_text
from dub_assets.stages.tts_segments.stage import synthesise


def entries(**sounds: str) -> tuple[Pronunciation, ...]:
    """Return pronunciations by their terms."""
    return tuple(Pronunciation(term=term, sound=sound) for term, sound in sounds.items())


@pytest.mark.parametrize(
    ("text", "sounds", "spoken"),
    [
        ("Ask Nguyen.", {"Nguyen": "win"}, "Ask win."),
        ("Ask nguyen, Nguyens.", {"Nguyen": "win"}, "Ask nguyen, Nguyens."),
        ("SQL and Sql", {"sql": "sequel"}, "sequel and sequel"),
        ("25 GIFs and a GIF", {"GIF": "jiff"}, "twenty-five GIFs and a jiff"),
        ("New York, York", {"York": "yorrk", "New York": "noo yorrk"}, "noo yorrk, yorrk"),
        ("a GIF.", {"GIF": "/d\u0292\u026af/"}, "a \u2e28d\u0292\u026af\u2e29."),
        ("It is K8s.", {"K8s": "kates"}, "It is kates."),
        ("a b", {"a": "b", "b": "a"}, "b a"),
        ("C++ wins", {"C++": "see plus plus"}, "see plus plus wins"),
    ],
)
def test_terms_are_spoken_as_the_glossary_says(text: str, sounds: dict[str, str], spoken: str):
    assert spoken_text(text, "en", entries(**sounds)) == spoken


def test_phonemes_of_a_respelling_and_of_ipa_are_those_asked_for():
    (respelled, _), *_ = espeak_library.phonemes(spoken_text("Nguyen", "en", entries(Nguyen="win")), "en-us")
    assert respelled == "w\u02c8\u026an"
    given = spoken_text("Olá, Nguyen!", "pt", entries(Nguyen="/\u02c8wĩ/"))
    clauses = espeak_library.phonemes(given, "pt-br")
    assert clauses[0][1] == ","
    assert clauses[1:] == [(" \u02c8wi\u0303", "!")]


def test_an_engine_without_ipa_refuses_phonemes_and_takes_respellings(harness: StageHarness, engines: FakeEngines):
    capabilities = engines.synthesiser("pt").capabilities
    check_pronunciations(entries(GIF="jiff"), "fake", capabilities)
    check_pronunciations(entries(GIF="/d/"), "fake", replace(capabilities, reads_ipa=True))
    with pytest.raises(InputError, match="the voices of fake cannot read IPA, which the glossary gives for 'GIF'"):
        check_pronunciations(entries(GIF="/d/"), "fake", capabilities)


def test_only_lines_with_the_term_are_spoken_again(harness: StageHarness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, synthesiser=FakeSynthesiser())
    products = harness.run_stages(engines)
    spoken = engines.synthesiser("pt").spoken

    def again(pronunciations, previous):
        spoken.clear()
        return synthesise(
            products.stems,
            products.transcript,
            products.translation,
            engines=engines,
            options=harness.options,
            ctx=harness.ctx,
            previous=previous,
            pronunciations=pronunciations,
        )

    tts = again(entries(night="naite"), products.tts)
    assert spoken == ["pt And good naite."]
    assert [line.speech.text for line in tts.segments] == ["pt Good morning.", "pt And good night."]
    assert again(entries(night="naite"), tts) is tts
    again((), tts)
    assert spoken == ["pt And good night."]
