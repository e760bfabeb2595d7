"""Speakers keep their own voices where the engine clones, and nobody else is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.contracts.synthesis import CloningContract
from support.fakes import FakeEngines, FakeSpeakerEmbedder, FakeSynthesiser
from support.programmes import SPEECH, WORDS

from dub_assets.core.engine import Voice
from dub_assets.core.signal.level import active_speech_level_dbfs
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.tts_segments.stage import synthesise

VOICES = tuple(Voice(name=name, languages=frozenset({"pt", "en"})) for name in ("studio one", "studio two"))


@pytest.fixture(scope="module")
def synthesiser() -> FakeSynthesiser:
    return FakeSynthesiser(clones_voice=True)


class TestTheFake(CloningContract):
    """It keeps to the contract, so that what is shown here holds for engines that do."""


def dialogue(level: float = 0.2) -> Sound:
    """A voice in the first half and a softer one in the second, which is another speaker to the fake embedder."""
    time = np.arange(10 * 48_000) / 48_000
    tone = sum(np.sin(2 * np.pi * 130 * time * partial) / partial for partial in (1, 2, 3))
    samples = np.repeat((level / 2 * tone * np.where(time < 4.5, 1.0, 0.1))[:, None], 2, axis=1)
    return Sound(samples=samples.astype(np.float32), rate_hz=48_000)


def spoken(harness, synthesiser, *, embedder=True, speech=SPEECH, words=WORDS, previous=None, voices=None):
    engines = FakeEngines(
        regions=speech,
        words=words,
        diariser=FakeSpeakerEmbedder() if embedder else None,
        synthesiser=synthesiser,
    )
    common = {"engines": engines, "ctx": harness.ctx}
    stems = separate(harness.source, previous=None, **common)
    speakers = 2 if embedder else None
    transcript = transcribe(stems, "en", options=harness.options, previous=None, speakers=speakers, **common)
    translation = translate(transcript, "pt", previous=None, **common)
    return synthesise(
        stems, transcript, translation, options=harness.options, previous=previous, voices=voices, **common
    )


def cloner() -> FakeSynthesiser:
    return FakeSynthesiser(voices=VOICES, clones_voice=True)


def test_each_speaker_is_cloned_from_their_own_part_of_the_vocals(new_harness):
    synthesiser = cloner()
    made = spoken(new_harness(dialogue()), synthesiser)
    assert [line.speech.voice for line in made.segments] == ["cloned-A", "cloned-B"]
    references = synthesiser.references
    assert [references[name].sound.duration_ms for name in ("cloned-A", "cloned-B")] == [2_000, 2_000]
    assert references["cloned-A"] != references["cloned-B"]
    for reference in references.values():
        assert (reference.sound.rate_hz, reference.sound.channels) == (24_000, 1)
    assert active_speech_level_dbfs(references["cloned-A"].sound) == pytest.approx(-23.0, abs=0.5)


def test_where_nobody_told_speakers_apart_there_is_one_voice_to_clone(new_harness):
    synthesiser = cloner()
    made = spoken(new_harness(dialogue()), synthesiser, embedder=False)
    assert [line.speech.voice for line in made.segments] == ["cloned", "cloned"]
    (reference,) = synthesiser.references.values()
    assert reference.sound.duration_ms == 4_200, "two stretches and a pause between"


def test_a_chosen_voice_goes_before_the_speakers_own(new_harness):
    synthesiser = cloner()
    made = spoken(new_harness(dialogue()), synthesiser, voices={"A": "studio two"})
    assert [line.speech.voice for line in made.segments] == ["studio two", "cloned-B"]
    assert list(synthesiser.references) == ["cloned-B"]


def test_who_says_too_little_has_an_ordinary_voice(new_harness):
    speech = [SPEECH[0], Interval(start_ms=5000, end_ms=6900)]
    words = [*WORDS[:-1], RecognisedWord(text="night.", start_ms=6300, end_ms=6900, probability=0.9)]
    made = spoken(new_harness(dialogue()), cloner(), speech=speech, words=words)
    assert [line.speech.voice for line in made.segments] == ["cloned-A", "studio two"]


def test_words_that_are_hardly_recognised_clone_nobody(new_harness):
    made = spoken(new_harness(dialogue()), cloner(), words=[replace(word, probability=0.3) for word in WORDS])
    assert [line.speech.voice for line in made.segments] == ["studio one", "studio two"]


def test_an_engine_that_does_not_clone_is_given_no_reference(new_harness):
    synthesiser = FakeSynthesiser(voices=VOICES)
    made = spoken(new_harness(dialogue()), synthesiser)
    assert {line.speech.voice for line in made.segments} == {"studio one", "studio two"}
    assert synthesiser.references == {}


def test_the_same_references_speak_nothing_anew_and_other_vocals_everything(new_harness):
    harness = new_harness(dialogue())
    first = spoken(harness, cloner())
    again = cloner()
    assert spoken(harness, again, previous=first) is first
    assert again.spoken == []
    other = cloner()
    spoken(new_harness(dialogue(level=0.25)), other, previous=first)
    assert len(other.spoken) == len(other.predicted) == 2


def test_a_line_in_a_chosen_voice_outlasts_another_reference(new_harness):
    chosen = {"A": "studio two"}
    first = spoken(new_harness(dialogue()), cloner(), voices=chosen)
    other = cloner()
    spoken(new_harness(dialogue(level=0.25)), other, previous=first, voices=chosen)
    assert other.spoken == [first.segments[1].speech.text]
