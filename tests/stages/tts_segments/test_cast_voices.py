from __future__ import annotations

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeSpeakerEmbedder, FakeSynthesiser
from support.programmes import SPEECH, WORDS, programme

from dub_assets.core.engine import Voice
from dub_assets.core.errors import InputError
from dub_assets.core.signal.sound import Sound
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.tts_segments.stage import synthesise

VOICES = tuple(
    Voice(name=name, languages=frozenset({"pt"}), pitch_hz=pitch_hz)
    for name, pitch_hz in (("man", 100.0), ("woman", 220.0))
)


def dialogue() -> Sound:
    """A low voice and then a high, quiet one, which is another speaker to the fake embedder."""
    sound = programme()
    time = np.arange(sound.frames) / 48_000
    tone = sum(
        np.sin(2 * np.pi * np.where(time < 4.5, 105.0, 215.0) * time * partial) / partial for partial in (1, 2, 3)
    )
    samples = np.repeat((0.1 * tone * np.where(time < 4.5, 1.0, 0.1))[:, None], 2, axis=1)
    return Sound(samples=samples.astype(np.float32), rate_hz=48_000)


def synthesise_dialogue(harness, *, voices=None, embedder=None, previous=None, synthesiser=None):
    engines = FakeEngines(
        regions=SPEECH,
        words=WORDS,
        diariser=embedder or FakeSpeakerEmbedder(),
        synthesiser=synthesiser or FakeSynthesiser(voices=VOICES),
    )
    common = {"engines": engines, "ctx": harness.ctx}
    stems = separate(harness.source, previous=None, **common)
    transcript = transcribe(stems, "en", options=harness.options, previous=None, speakers=2, **common)
    translation = translate(transcript, "pt", previous=None, **common)
    return synthesise(
        stems, transcript, translation, options=harness.options, previous=previous, voices=voices, **common
    )


def test_each_speaker_has_the_voice_with_the_nearest_pitch(new_harness):
    tts = synthesise_dialogue(new_harness(dialogue()))
    assert [line.speech.voice for line in tts.segments] == ["man", "woman"]


def test_speaks_only_the_lines_of_a_newly_chosen_voice_again(new_harness):
    harness = new_harness(dialogue())
    first = synthesise_dialogue(harness)
    synthesiser = FakeSynthesiser(voices=VOICES)
    tts = synthesise_dialogue(harness, voices={"B": "man"}, previous=first, synthesiser=synthesiser)
    assert [line.speech.voice for line in tts.segments] == ["woman", "man"]
    again = FakeSynthesiser(voices=VOICES)
    assert synthesise_dialogue(harness, voices={"B": "man"}, previous=tts, synthesiser=again) is tts
    assert again.spoken == []
    kept = FakeSynthesiser(voices=VOICES)
    synthesise_dialogue(harness, voices={"A": "woman", "B": "woman"}, previous=tts, synthesiser=kept)
    assert kept.spoken == [tts.segments[1].speech.text]


def test_refuses_an_unknown_voice(new_harness):
    with pytest.raises(InputError, match="there are man, woman"):
        synthesise_dialogue(new_harness(dialogue()), voices={"A": "child"})
