from __future__ import annotations

from dataclasses import replace

import pytest
from support.fakes import FakeEngines, FakeRecogniser, FakeTranslator
from support.programmes import SPEECH, WORDS

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import InputError, PermanentError, UnsupportedLanguageError
from dub_assets.core.text import Rendering, SourceLine
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.translation.stage import translate, write_lines


def transcript_of(harness, engines, language="en", previous=None):
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    return transcribe(stems, language, engines=engines, options=harness.options, ctx=harness.ctx, previous=previous)


def test_words_become_segments_at_the_pause(harness, engines):
    transcript = transcript_of(harness, engines)
    assert [segment.text for segment in transcript.segments] == ["Good morning.", "And good night."]
    assert [segment.index for segment in transcript.segments] == [0, 1]
    assert transcript.language == "en"
    assert transcript.duration_ms == 10_000


def test_the_recogniser_hears_speech_with_its_margin_and_nothing_else(harness, engines):
    transcript_of(harness, engines)
    assert engines.recogniser("en").heard == [Interval(start_ms=900, end_ms=7100)]


def test_speech_longer_than_a_chunk_is_heard_in_several(harness):
    engines = FakeEngines(regions=SPEECH, recogniser=FakeRecogniser(WORDS, max_chunk_ms=1500))
    transcript = transcript_of(harness, engines)
    heard = engines.recogniser("en").heard
    assert len(heard) > 2
    assert all(chunk.duration_ms <= 1500 for chunk in heard)
    assert sum(len(segment.words) for segment in transcript.segments) == len(WORDS)


def test_silence_is_not_listened_to_and_yields_no_text(harness):
    engines = FakeEngines(regions=[], words=WORDS)
    transcript = transcript_of(harness, engines, language="auto")
    assert transcript.segments == ()
    assert transcript.language == "und"
    assert engines.recogniser("en").heard == []


def test_the_language_is_detected_where_it_is_not_given(harness, engines):
    transcript = transcript_of(harness, engines, language="auto")
    assert (transcript.language, transcript.language_probability) == ("en", 0.9)


def test_an_unchanged_transcript_is_kept_and_another_language_makes_a_new_one(harness, engines):
    first = transcript_of(harness, engines)
    assert transcript_of(harness, engines, previous=first) is first
    assert transcript_of(harness, engines, language="auto", previous=first) is not first


def test_every_segment_has_its_line_in_order(harness, engines):
    transcript = transcript_of(harness, engines)
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [(line.index, line.text) for line in translation.lines] == [
        (0, "pt Good morning."),
        (1, "pt And good night."),
    ]
    assert engines.translator("en", "pt").closed


def test_the_translator_gets_every_line_between_its_neighbours(harness, engines):
    translate(transcript_of(harness, engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert engines.translator("en", "pt").lines == [
        SourceLine(text="Good morning.", after="And good night.", syllables=19),
        SourceLine(text="And good night.", before="Good morning.", syllables=23),
    ]


def fragments(transcript):
    """The transcript with its two segments in one sentence."""
    first, second = transcript.segments
    return replace(
        transcript, segments=(replace(first, text="Good morning,"), replace(second, text="dear old friend."))
    )


def test_fragments_of_one_sentence_are_translated_together_and_parted_again(harness, engines):
    transcript = fragments(with_gap(transcript_of(harness, engines)))
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [line.text for line in engines.translator("en", "pt").lines] == ["Good morning, dear old friend."]
    assert [(line.passage, line.text) for line in translation.lines] == [
        (0, "pt Good morning,"),
        (0, "dear old friend."),
    ]


def test_shorter_renderings_of_a_passage_go_together(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=FakeTranslator(max_shorter=2))
    transcript = fragments(with_gap(transcript_of(harness, engines)))
    first, second = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None).lines
    assert [" ".join(pair) for pair in zip(first.renderings, second.renderings, strict=True)] == [
        "pt Good morning, dear old friend.",
        "pt Good morning, dear old",
        "pt Good morning, dear",
    ]
    edited = write_lines(
        translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None), transcript, {1: "Amigo!"}
    )
    assert [line.renderings for line in edited.lines] == [(first.text,), ("Amigo!",)]
    again = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=edited)
    assert again is edited


def test_a_passage_that_cannot_be_parted_is_translated_segment_by_segment(harness):
    class Terse(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return [Rendering(text=line.text.split()[0]) for line in lines]

    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=Terse())
    transcript = fragments(with_gap(transcript_of(harness, engines)))
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [(line.passage, line.text) for line in translation.lines] == [(0, "Good"), (1, "dear")]


def with_gap(transcript):
    """The transcript with its second segment near enough to go on with the first one's sentence."""
    first, second = transcript.segments
    return replace(transcript, segments=(first, replace(second, interval=Interval(start_ms=4000, end_ms=7000))))


def test_an_unchanged_translation_is_kept_and_a_newer_engine_makes_a_new_one(harness, engines):
    transcript = transcript_of(harness, engines)
    first = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=first) is first
    newer = FakeEngines(translator=FakeTranslator(version="2"))
    assert translate(transcript, "pt", engines=newer, ctx=harness.ctx, previous=first) is not first


def test_without_speech_nothing_is_translated_whatever_the_language(harness):
    engines = FakeEngines(regions=[])
    transcript = transcript_of(harness, engines, language="auto")
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.lines == ()
    assert translation.provenance.engines == ()


def test_a_pair_that_nothing_translates_is_an_error(harness):
    engines = FakeEngines(regions=SPEECH, recogniser=FakeRecogniser(WORDS, language="ko"))
    transcript = transcript_of(harness, engines, language="auto")
    with pytest.raises(UnsupportedLanguageError, match="'ko' to 'pt'"):
        translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)


def test_a_translator_that_leaves_a_line_empty_is_an_error_that_names_it(harness, engines):
    class Forgetful(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return [Rendering(text="" if "night" in line.text else line.text) for line in lines]

    transcript = transcript_of(harness, engines)
    with pytest.raises(PermanentError, match="segments 0001 "):
        translate(transcript, "pt", engines=FakeEngines(translator=Forgetful()), ctx=harness.ctx, previous=None)


def test_a_translator_that_drops_a_line_is_caught(harness, engines):
    class Dropping(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return super().translate(lines[1:], source_language, target_language, terms)

    transcript = transcript_of(harness, engines)
    with pytest.raises(RuntimeError, match="1 results for 2 items"):
        translate(transcript, "pt", engines=FakeEngines(translator=Dropping()), ctx=harness.ctx, previous=None)


def translated(harness, engines, transcript, previous=None):
    return translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=previous)


def test_an_editors_text_outlasts_later_runs_and_newer_translators(harness, engines):
    transcript = transcript_of(harness, engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: " E boa noite. "})
    assert [line.text for line in edited.lines] == ["pt Good morning.", "E boa noite."]
    assert translated(harness, engines, transcript, previous=edited) is edited
    newer = FakeEngines(translator=FakeTranslator(version="2"))
    later = translated(harness, newer, transcript, previous=edited)
    assert later is not edited
    assert later.lines == edited.lines


def test_an_editors_text_follows_its_segment_to_another_index(harness, engines):
    transcript = transcript_of(harness, engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: "E boa noite."})
    alone = replace(transcript, segments=(replace(transcript.segments[1], index=0),))
    (line,) = translated(harness, engines, alone, previous=edited).lines
    assert (line.index, line.text) == (0, "E boa noite.")


@pytest.mark.parametrize(
    "change", [{"text": "And good day."}, {"interval": Interval(start_ms=5000, end_ms=7100)}], ids=["text", "place"]
)
def test_an_editors_text_goes_with_what_it_was_written_for(harness, engines, change):
    transcript = transcript_of(harness, engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: "E boa noite."})
    other = replace(transcript, segments=(transcript.segments[0], replace(transcript.segments[1], **change)))
    line = translated(harness, engines, other, previous=edited).lines[1]
    assert (line.text, line.written_for) == (f"pt {other.segments[1].text}", None)


def test_an_editors_text_is_not_taken_over_into_another_language(harness, engines):
    transcript = transcript_of(harness, engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: "E boa noite."})
    elsewhere = replace(edited, target_language="es")
    assert translated(harness, engines, transcript, previous=elsewhere).lines[1].text == "pt And good night."


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({7: "x"}, "no segment 0007 in this job; its segments are 0000 to 0001"),
        ({0: "  "}, "text for segment 0000 is empty"),
    ],
)
def test_a_text_for_no_segment_or_of_nothing_is_refused(harness, engines, texts, message):
    transcript = transcript_of(harness, engines)
    with pytest.raises(InputError, match=message):
        write_lines(translated(harness, engines, transcript), transcript, texts)


class MeteredTranslator(FakeTranslator):
    """One whose service counts."""

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        lines, self.lines = len(self.lines), []
        return (("lines", float(lines)),)


def test_what_a_service_counts_is_in_the_figures(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=MeteredTranslator())
    translation = translate(transcript_of(harness, engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.provenance.figures.usage == (("lines", 2.0),)
    assert decode(type(translation), encode(translation)) == translation


def test_without_a_service_nothing_is_counted(harness, engines):
    translation = translate(transcript_of(harness, engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.provenance.figures.usage == ()
