"""The transcript stage with fake engines."""

from __future__ import annotations

from support.fakes import FakeEngines, FakeRecogniser
from support.programmes import SPEECH, WORDS

from dub_assets.core.timing import Interval


def test_cuts_segments_at_pauses(harness, engines):
    transcript = harness.transcribe(engines)
    assert [segment.text for segment in transcript.segments] == ["Good morning.", "And good night."]
    assert [segment.index for segment in transcript.segments] == [0, 1]
    assert transcript.language == "en"
    assert transcript.duration_ms == 10_000


def test_recognises_only_speech_with_a_margin(harness, engines):
    harness.transcribe(engines)
    assert engines.recogniser("en").heard == [Interval(start_ms=900, end_ms=7100)]


def test_recognises_long_speech_in_several_chunks(harness):
    engines = FakeEngines(regions=SPEECH, recogniser=FakeRecogniser(WORDS, max_chunk_ms=1500))
    transcript = harness.transcribe(engines)
    heard = engines.recogniser("en").heard
    assert len(heard) > 2
    assert all(chunk.duration_ms <= 1500 for chunk in heard)
    assert sum(len(segment.words) for segment in transcript.segments) == len(WORDS)


def test_silence_is_not_recognised(harness):
    engines = FakeEngines(regions=[], words=WORDS)
    transcript = harness.transcribe(engines, language="auto")
    assert transcript.segments == ()
    assert transcript.language == "und"
    assert engines.recogniser("en").heard == []


def test_detects_the_language_if_it_is_not_given(harness, engines):
    transcript = harness.transcribe(engines, language="auto")
    assert (transcript.language, transcript.language_probability) == ("en", 0.9)


def test_keeps_an_unchanged_transcript_and_transcribes_again_for_another_language(harness, engines):
    first = harness.transcribe(engines)
    assert harness.transcribe(engines, previous=first) is first
    assert harness.transcribe(engines, language="auto", previous=first) is not first
