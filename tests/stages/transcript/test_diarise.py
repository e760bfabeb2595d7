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


def test_diarises_by_voice(new_harness):
    embedder = FakeSpeakerEmbedder()
    transcript = transcript_of(new_harness(dialogue()), embedder, speakers=2)
    assert [segment.speaker for segment in transcript.segments] == ["A", "B"]
    assert [(speaker.name, speaker.speech_ms) for speaker in transcript.speakers] == [("A", 2000), ("B", 2000)]
    assert {word.speaker for word in transcript.segments[1].words} == {"B"}
    assert embedder.closed
    assert embedder.identity in transcript.provenance.engines


def test_one_voice_is_one_speaker(harness):
    transcript = transcript_of(harness, FakeSpeakerEmbedder())
    assert [segment.speaker for segment in transcript.segments] == ["A", "A"]
    assert [speaker.name for speaker in transcript.speakers] == ["A"]


def test_does_not_embed_voices_for_a_single_speaker(new_harness):
    embedder = FakeSpeakerEmbedder()
    transcript = transcript_of(new_harness(dialogue()), embedder, speakers=1)
    assert [speaker.name for speaker in transcript.speakers] == ["A"]
    assert embedder.heard == 0


def test_takes_the_number_of_speakers_from_the_options(new_harness):
    options = DubOptions(speakers=SpeakerOptions(count=1))
    transcript = transcript_of(new_harness(dialogue()), FakeSpeakerEmbedder(), options=options)
    assert [segment.speaker for segment in transcript.segments] == ["A", "A"]


def test_a_segment_has_one_speaker(new_harness, monkeypatch):
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
    transcript = transcribe(
        stems, "en", engines=engines, options=harness.options, ctx=harness.ctx, previous=None, speakers=2
    )
    assert [(segment.speaker, segment.text) for segment in transcript.segments] == [
        ("A", "Good morning"),
        ("B", "And good night."),
    ]


def test_without_an_engine_there_are_no_speakers_and_asking_for_several_is_an_error(harness):
    transcript = transcript_of(harness, None)
    assert transcript.speakers == ()
    assert {segment.speaker for segment in transcript.segments} == {None}
    with pytest.raises(EngineUnavailableError, match="dub-assets engines"):
        transcript_of(harness, None, speakers=2)


def test_transcribes_again_for_another_number_of_speakers_or_engine(new_harness):
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


def test_assigns_words_to_the_turns_of_a_diariser(harness):
    diariser = turns((900, 3100, 4), (4900, 7100, 1))
    transcript = transcript_of(harness, diariser, speakers=2)
    assert [(segment.speaker, segment.text) for segment in transcript.segments] == [
        ("A", "Good morning."),
        ("B", "And good night."),
    ]
    assert [(speaker.name, speaker.speech_ms) for speaker in transcript.speakers] == [("A", 2000), ("B", 2000)]
    assert diariser.asked == [(transcript.duration_ms, 2)]
    assert diariser.closed
    assert diariser.identity in transcript.provenance.engines


def test_cuts_a_phrase_where_a_turn_ends(harness):
    """The second line is one phrase; its last word is said by somebody else."""
    transcript = transcript_of(harness, turns((0, 6250, 0), (6250, 8000, 1)))
    assert [(segment.speaker, segment.text) for segment in transcript.segments] == [
        ("A", "Good morning."),
        ("A", "And good"),
        ("B", "night."),
    ]
    assert {speaker.name: speaker.speech_ms for speaker in transcript.speakers} == {"A": 3200, "B": 700}


def test_does_not_call_the_diariser_for_a_single_speaker(harness):
    diariser = turns((900, 3100, 4), (4900, 7100, 1))
    transcript = transcript_of(harness, diariser, speakers=1)
    assert [speaker.name for speaker in transcript.speakers] == ["A"]
    assert diariser.asked == []


def test_without_turns_there_is_one_speaker(harness):
    transcript = transcript_of(harness, turns())
    assert {segment.speaker for segment in transcript.segments} == {"A"}


def test_transcribes_again_with_a_diariser_in_place_of_an_embedder(harness):
    first = transcript_of(harness, FakeSpeakerEmbedder())
    diarised = transcript_of(harness, turns((0, 8000, 0)), previous=first)
    assert diarised is not first
    assert transcript_of(harness, turns((0, 8000, 0)), previous=diarised) is diarised
    again = FakeDiariser([], version="2")
    assert transcript_of(harness, again, previous=diarised) is not diarised


def test_speaker_names_continue_after_z():
    assert [speaker_name(number) for number in (0, 1, 25, 26, 27, 701, 702)] == [
        "A",
        "B",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]
