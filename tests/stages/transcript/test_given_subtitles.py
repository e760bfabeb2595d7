"""The transcript and translation stages of a job that brings its own subtitles, with fake engines."""

from __future__ import annotations

import pytest
from support.fakes import FakeEngines, FakeRecogniser, FakeSpeakerEmbedder
from support.programmes import SPEECH, WORDS, StageHarness

from dub_assets.core.errors import InputError, UnsupportedLanguageError
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.transcript.values import GivenSubtitles, GivenTexts, Transcript
from dub_assets.stages.translation.stage import translate, write_lines
from dub_assets.stages.translation.values import Translation
from dub_assets.subtitle_files import read_subtitles

ENGLISH = """1
00:00:01,000 --> 00:00:02,900
Anna: Good morning,

2
00:00:05,000 --> 00:00:07,000
Ben: and good night.
"""
PORTUGUESE = ENGLISH.replace("Good morning,", "Bom dia,").replace("and good night.", "e boa noite.")


class Aligns(FakeRecogniser):
    """Also aligns: every word of a text lasts 100 ms, from 400 ms after the begin of its chunk."""

    def align(self, chunks, texts, language):
        self.heard += [chunk.interval for chunk in chunks]
        return [
            tuple(
                RecognisedWord(
                    text=word,
                    start_ms=chunk.interval.start_ms + 400 + 100 * place,
                    end_ms=chunk.interval.start_ms + 500 + 100 * place,
                    probability=0.5,
                )
                for place, word in enumerate(text.split())
            )
            for chunk, text in zip(chunks, texts, strict=True)
        ]


def subtitles(harness: StageHarness, name: str, text: str) -> GivenSubtitles:
    """Return the given subtitles of a text, stored as the job's copy."""
    key = harness.ctx.keys.given_subtitles(name, "talk.srt")
    return GivenSubtitles(
        media=harness.ctx.workspace.write(key, text.encode()), file=read_subtitles(text.encode(), name)
    )


def given(harness: StageHarness, transcript: str | None = None, translation: str | None = None) -> GivenTexts:
    """Return the given texts of a job."""
    return GivenTexts(
        transcript=None if transcript is None else subtitles(harness, "transcript", transcript),
        translation=None if translation is None else subtitles(harness, "translation", translation),
    )


def transcribed(
    harness: StageHarness, engines: FakeEngines, texts: GivenTexts, *, language: str = "en", **more: object
) -> Transcript:
    """Return the transcript of the programme."""
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    options = {"options": harness.options, "ctx": harness.ctx, "previous": None, **more}
    return transcribe(stems, language, engines=engines, given=texts, **options)


def translated(
    harness: StageHarness, engines: FakeEngines, transcript: Transcript, texts: GivenTexts, **more: object
) -> Translation:
    """Return the translation of a transcript."""
    options = {"ctx": harness.ctx, "previous": None, **more}
    return translate(transcript, "pt", engines=engines, given=texts, **options)


def test_each_cue_is_a_segment_with_its_text_time_and_speaker(harness: StageHarness, engines: FakeEngines):
    transcript = transcribed(harness, engines, given(harness, ENGLISH))
    assert [(segment.text, segment.interval.start_ms, segment.interval.end_ms) for segment in transcript.segments] == [
        ("Good morning,", 1000, 2900),
        ("and good night.", 5000, 7000),
    ]
    assert [segment.speaker for segment in transcript.segments] == ["Anna", "Ben"]
    assert [speaker.name for speaker in transcript.speakers] == ["Anna", "Ben"]
    assert [word.text for segment in transcript.segments for word in segment.words] == [
        "Good", "morning,", "and", "good", "night.",
    ]  # fmt: skip
    for segment in transcript.segments:
        times = [segment.interval.start_ms, *(word.end_ms for word in segment.words), segment.interval.end_ms]
        assert times == sorted(times)
        assert {word.speaker for word in segment.words} == {segment.speaker}
    assert engines.recogniser("en").heard == []
    assert transcript.provenance.engines == ()


def test_words_are_aligned_if_the_recogniser_can(harness: StageHarness):
    engines = FakeEngines(regions=SPEECH, recogniser=Aligns(WORDS))
    transcript = transcribed(harness, engines, given(harness, ENGLISH))
    words = transcript.segments[1].words
    assert [(word.start_ms, word.end_ms, word.probability) for word in words] == [
        (5100, 5200, 0.5),
        (5200, 5300, 0.5),
        (5300, 5400, 0.5),
    ]
    assert engines.recogniser("en").heard == [Interval(start_ms=700, end_ms=3200), Interval(start_ms=4700, end_ms=7300)]
    assert [engine.name for engine in transcript.provenance.engines] == ["fake-recogniser"]


def test_a_language_that_no_engine_recognises_can_be_given(harness: StageHarness, engines: FakeEngines):
    assert transcribed(harness, engines, given(harness, ENGLISH), language="sv").language == "sv"
    with pytest.raises(UnsupportedLanguageError):
        transcribed(harness, engines, GivenTexts(), language="sv")


def test_the_language_of_a_given_transcript_is_that_of_its_text(harness: StageHarness, engines: FakeEngines):
    text = ENGLISH.replace("Anna: Good", "pt Bom").replace("Ben: ", "")
    assert transcribed(harness, engines, given(harness, text), language="auto").language == "pt"


def test_an_unchanged_file_costs_nothing_and_a_changed_one_is_read_again(harness: StageHarness):
    engines = FakeEngines(regions=SPEECH, recogniser=Aligns(WORDS))
    texts = given(harness, ENGLISH, PORTUGUESE)
    transcript = transcribed(harness, engines, texts)
    translation = translated(harness, engines, transcript, texts)
    heard = len(engines.recogniser("en").heard)
    assert transcribed(harness, engines, texts, previous=transcript) is transcript
    assert translated(harness, engines, transcript, texts, previous=translation) is translation
    assert len(engines.recogniser("en").heard) == heard
    other = given(harness, ENGLISH, PORTUGUESE.replace("dia", "dia!"))
    assert translated(harness, engines, transcript, other, previous=translation).lines[0].text == "Bom dia!,"
    assert transcribed(harness, engines, GivenTexts(), previous=transcript).source_file is None


def test_a_given_translation_is_spoken_as_written(harness: StageHarness, engines: FakeEngines):
    texts = given(harness, ENGLISH, PORTUGUESE)
    transcript = transcribed(harness, engines, texts)
    translation = translated(harness, engines, transcript, texts)
    assert [line.text for line in translation.lines] == ["Bom dia,", "e boa noite."]
    assert engines.translator("en", "pt").lines == []
    assert translation.source_file == texts.translation.media
    edited = write_lines(translation, transcript, {1: "Tchau."})
    again = translated(harness, engines, transcript, texts, previous=edited)
    assert [line.text for line in again.lines] == ["Bom dia,", "Tchau."]


def test_a_pair_that_no_engine_translates_can_be_given(harness: StageHarness, engines: FakeEngines):
    texts = given(harness, ENGLISH, PORTUGUESE)
    transcript = transcribed(harness, engines, texts, language="sv")
    assert len(translated(harness, engines, transcript, texts).lines) == 2
    with pytest.raises(UnsupportedLanguageError):
        translated(harness, engines, transcript, given(harness, ENGLISH))


def test_a_translation_alone_decides_the_segments_of_recognised_speech(harness: StageHarness, engines: FakeEngines):
    texts = given(harness, translation=PORTUGUESE.replace("00:00:01,000", "00:00:01,500"))
    transcript = transcribed(harness, engines, texts)
    assert [(segment.text, segment.interval.start_ms) for segment in transcript.segments] == [
        ("Good morning.", 1500),
        ("And good night.", 5000),
    ]
    assert [line.text for line in translated(harness, engines, transcript, texts).lines] == ["Bom dia,", "e boa noite."]


def test_speech_far_from_every_cue_is_a_finding(harness: StageHarness, engines: FakeEngines):
    text = "00:00:01,000 --> 00:00:02,900\nBom dia."
    transcript = transcribed(harness, engines, given(harness, translation=text))
    assert [segment.text for segment in transcript.segments] == ["Good morning."]
    assert transcript.findings == ("translation: 3 recognised words are far from all cues and are in no line",)


def test_a_cue_of_the_transcript_without_a_translated_one_is_translated(harness: StageHarness, engines: FakeEngines):
    texts = given(harness, ENGLISH, "00:00:01,020 --> 00:00:02,900\nBom dia.")
    transcript = transcribed(harness, engines, texts)
    assert [segment.interval.start_ms for segment in transcript.segments] == [1020, 5000]
    assert [line.text for line in translated(harness, engines, transcript, texts).lines] == [
        "Bom dia.",
        "pt and good night.",
    ]
    assert transcript.findings == ("transcript, cue 2: no cue of the translation at its time",)


def test_cues_at_one_time_are_one_line_and_overlapping_ones_stay_apart(harness: StageHarness, engines: FakeEngines):
    text = "\n\n".join(
        f"00:00:0{start},000 --> 00:00:0{end},000\n{name}: {words}."
        for start, end, name, words in ((1, 3, "Anna", "One"), (1, 2, "Ben", "Two"), (2, 4, "Anna", "Three"))
    )
    transcript = transcribed(harness, engines, given(harness, text))
    assert [(segment.text, segment.interval) for segment in transcript.segments] == [
        ("One. Two.", Interval(start_ms=1000, end_ms=2000)),
        ("Three.", Interval(start_ms=2000, end_ms=4000)),
    ]
    assert any("transcript, cues 1 and 2: begin together" in finding for finding in transcript.findings)


def test_cues_after_the_end_are_left_out_or_refused(harness: StageHarness, engines: FakeEngines):
    late = "\n\n00:01:00,000 --> 00:01:01,000\nThe end."
    transcript = transcribed(harness, engines, given(harness, ENGLISH + late))
    assert len(transcript.segments) == 2
    assert transcript.findings == ("transcript: cue 3: begins after the end of the video, left out",)
    with pytest.raises(InputError, match="the transcript does not belong to this video: 2 of its 4 cues"):
        transcribed(harness, engines, given(harness, ENGLISH + late + late.replace(":01:", ":02:")))


def test_cues_without_a_name_have_the_speaker_of_their_voice(harness: StageHarness):
    engines = FakeEngines(regions=SPEECH, diariser=FakeSpeakerEmbedder())
    unnamed = ENGLISH.replace("Ben: and", "And")
    transcript = transcribed(harness, engines, given(harness, unnamed.replace("Anna", "ANNA")), speakers=1)
    assert [segment.speaker for segment in transcript.segments] == ["ANNA", "ANNA"]
    assert [speaker.name for speaker in transcript.speakers] == ["ANNA"]


def test_without_names_speakers_are_diarised(harness: StageHarness):
    engines = FakeEngines(regions=SPEECH, diariser=FakeSpeakerEmbedder())
    text = ENGLISH.replace("Ben: ", "").replace("Anna: ", "")
    transcript = transcribed(harness, engines, given(harness, text))
    assert {segment.speaker for segment in transcript.segments} == {"A"}


def test_a_translated_cue_without_speech_has_an_empty_original(harness: StageHarness, engines: FakeEngines):
    texts = given(harness, translation="00:00:09,000 --> 00:00:10,000\nSem original.")
    transcript = transcribed(harness, engines, texts)
    assert [(segment.text, segment.words) for segment in transcript.segments] == [("", ())]
    assert [line.text for line in translated(harness, engines, transcript, texts).lines] == ["Sem original."]
