from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeDiariser, FakeEngines, FakeSpeakerEmbedder
from support.programmes import SPEECH, WORDS, programme

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeakerTurn
from dub_assets.core.timing import Interval
from dub_assets.options import DubOptions
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.options import SpeakerOptions
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.transcript.values import speaker_name


def dialogue() -> Sound:
    """A programme whose second line is 20 dB quieter: another speaker, to the fake embedder."""
    sound = programme()
    samples = sound.samples.copy()
    samples[4500 * 48 :] *= np.float32(0.1)
    return Sound(samples=samples, rate_hz=sound.rate_hz)


def transcript_of(harness, embedder, *, speakers=None, previous=None, options=None):
    engines = FakeEngines(regions=SPEECH, words=WORDS, diariser=embedder)
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    return transcribe(
        stems,
        "en",
        engines=engines,
        options=options or harness.options,
        ctx=harness.ctx,
        previous=previous,
        speakers=speakers,
    )


def test_speakers_are_told_apart_by_their_voices(new_harness):
    embedder = FakeSpeakerEmbedder()
    made = transcript_of(new_harness(dialogue()), embedder, speakers=2)
    assert [segment.speaker for segment in made.segments] == ["A", "B"]
    assert [(speaker.name, speaker.speech_ms) for speaker in made.speakers] == [("A", 2000), ("B", 2000)]
    assert {word.speaker for word in made.segments[1].words} == {"B"}
    assert embedder.closed
    assert embedder.identity in made.provenance.engines


def test_one_voice_is_one_speaker(harness):
    made = transcript_of(harness, FakeSpeakerEmbedder())
    assert [segment.speaker for segment in made.segments] == ["A", "A"]
    assert [speaker.name for speaker in made.speakers] == ["A"]


def test_where_one_speaks_nothing_is_listened_to(new_harness):
    embedder = FakeSpeakerEmbedder()
    made = transcript_of(new_harness(dialogue()), embedder, speakers=1)
    assert [speaker.name for speaker in made.speakers] == ["A"]
    assert embedder.heard == 0


def test_the_number_may_come_from_the_options(new_harness):
    options = DubOptions(speakers=SpeakerOptions(count=1))
    made = transcript_of(new_harness(dialogue()), FakeSpeakerEmbedder(), options=options)
    assert [segment.speaker for segment in made.segments] == ["A", "A"]


def test_a_segment_does_not_span_two_speakers(new_harness, monkeypatch):
    """The words of the second line come at once after the first, and no sentence ends between them."""
    words = [*WORDS[:1], replace(WORDS[1], text="morning"), *WORDS[2:]]
    shifted = [*words[:2], *(replace(w, start_ms=w.start_ms - 1800, end_ms=w.end_ms - 1800) for w in words[2:])]
    sound = programme()
    samples = sound.samples.copy()
    samples[3100 * 48 :] *= np.float32(0.1)
    harness = new_harness(Sound(samples=samples, rate_hz=sound.rate_hz))
    regions = [replace(SPEECH[0], end_ms=5200)]
    engines = FakeEngines(regions=regions, words=shifted, diariser=FakeSpeakerEmbedder())
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    made = transcribe(stems, "en", engines=engines, options=harness.options, ctx=harness.ctx, previous=None, speakers=2)
    assert [(segment.speaker, segment.text) for segment in made.segments] == [
        ("A", "Good morning"),
        ("B", "And good night."),
    ]


def test_without_an_engine_nobody_is_told_apart_and_asking_for_it_is_an_error(harness):
    made = transcript_of(harness, None)
    assert made.speakers == ()
    assert {segment.speaker for segment in made.segments} == {None}
    with pytest.raises(EngineUnavailableError, match="dub-assets engines"):
        transcript_of(harness, None, speakers=2)


def test_another_number_or_engine_makes_a_new_transcript(new_harness):
    harness, embedder = new_harness(dialogue()), FakeSpeakerEmbedder()
    first = transcript_of(harness, embedder)
    assert transcript_of(harness, embedder, previous=first) is first
    assert transcript_of(harness, embedder, previous=first, speakers=2) is not first
    assert transcript_of(harness, FakeSpeakerEmbedder(version="2"), previous=first) is not first
    assert transcript_of(harness, None, previous=first) is not first


def turns(*turns: tuple[int, int, int]) -> FakeDiariser:
    return FakeDiariser(
        [SpeakerTurn(interval=Interval(start_ms=start, end_ms=end), speaker=speaker) for start, end, speaker in turns]
    )


def test_a_diariser_hears_the_whole_programme_and_its_turns_have_the_words(harness):
    diariser = turns((900, 3100, 4), (4900, 7100, 1))
    made = transcript_of(harness, diariser, speakers=2)
    assert [(segment.speaker, segment.text) for segment in made.segments] == [
        ("A", "Good morning."),
        ("B", "And good night."),
    ]
    assert [(speaker.name, speaker.speech_ms) for speaker in made.speakers] == [("A", 2000), ("B", 2000)]
    assert diariser.asked == [(made.duration_ms, 2)]
    assert diariser.closed
    assert diariser.identity in made.provenance.engines


def test_a_diariser_may_cut_a_phrase(harness):
    """The second line is one phrase; its last word is said by somebody else."""
    made = transcript_of(harness, turns((0, 6250, 0), (6250, 8000, 1)))
    assert [(segment.speaker, segment.text) for segment in made.segments] == [
        ("A", "Good morning."),
        ("A", "And good"),
        ("B", "night."),
    ]
    assert {speaker.name: speaker.speech_ms for speaker in made.speakers} == {"A": 3200, "B": 700}


def test_a_diariser_is_not_asked_where_one_speaks(harness):
    diariser = turns((900, 3100, 4), (4900, 7100, 1))
    made = transcript_of(harness, diariser, speakers=1)
    assert [speaker.name for speaker in made.speakers] == ["A"]
    assert diariser.asked == []


def test_a_diariser_that_hears_nobody_leaves_one_speaker(harness):
    made = transcript_of(harness, turns())
    assert {segment.speaker for segment in made.segments} == {"A"}


def test_a_diariser_makes_another_transcript_than_an_embedder(harness):
    first = transcript_of(harness, FakeSpeakerEmbedder())
    diarised = transcript_of(harness, turns((0, 8000, 0)), previous=first)
    assert diarised is not first
    assert transcript_of(harness, turns((0, 8000, 0)), previous=diarised) is diarised
    again = FakeDiariser([], version="2")
    assert transcript_of(harness, again, previous=diarised) is not diarised


def test_names_go_on_after_z():
    assert [speaker_name(number) for number in (0, 1, 25, 26, 27, 701, 702)] == [
        "A",
        "B",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]
