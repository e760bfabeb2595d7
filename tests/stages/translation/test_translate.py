"""The translation stage with fake engines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fakes import FakeEngines, FakeRecogniser, FakeTranslator
from support.programmes import SPEECH, WORDS

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import InputError, PermanentError, UnsupportedLanguageError
from dub_assets.core.text import Rendering, SourceLine
from dub_assets.core.timing import Interval
from dub_assets.stages.translation.stage import translate, write_lines


def test_translates_every_segment_in_order(harness, engines):
    transcript = harness.transcribe(engines)
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [(line.index, line.text) for line in translation.lines] == [
        (0, "pt Good morning."),
        (1, "pt And good night."),
    ]
    assert engines.translator("en", "pt").closed


def test_gives_the_translator_each_line_with_its_neighbours(harness, engines):
    translate(harness.transcribe(engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert engines.translator("en", "pt").lines == [
        SourceLine(text="Good morning.", after="And good night.", syllables=19),
        SourceLine(text="And good night.", before="Good morning.", syllables=23),
    ]


def fragments(transcript):
    """Return the transcript with both segments in one sentence."""
    first, second = transcript.segments
    return replace(
        transcript, segments=(replace(first, text="Good morning,"), replace(second, text="dear old friend."))
    )


def test_translates_fragments_of_a_sentence_together_and_splits_them_again(harness, engines):
    transcript = fragments(with_short_gap(harness.transcribe(engines)))
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [line.text for line in engines.translator("en", "pt").lines] == ["Good morning, dear old friend."]
    assert [(line.passage, line.text) for line in translation.lines] == [
        (0, "pt Good morning,"),
        (0, "dear old friend."),
    ]


def test_shorter_renderings_of_a_passage_go_together(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=FakeTranslator(max_shorter=2))
    transcript = fragments(with_short_gap(harness.transcribe(engines)))
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


def test_translates_segments_singly_if_the_passage_cannot_be_split(harness):
    class Terse(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return [Rendering(text=line.text.split()[0]) for line in lines]

    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=Terse())
    transcript = fragments(with_short_gap(harness.transcribe(engines)))
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert [(line.passage, line.text) for line in translation.lines] == [(0, "Good"), (1, "dear")]


def with_short_gap(transcript):
    """Return the transcript with its second segment near enough to continue the sentence of the first."""
    first, second = transcript.segments
    return replace(transcript, segments=(first, replace(second, interval=Interval(start_ms=4000, end_ms=7000))))


def test_keeps_an_unchanged_translation_and_translates_again_with_a_newer_engine(harness, engines):
    transcript = harness.transcribe(engines)
    first = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=first) is first
    newer = FakeEngines(translator=FakeTranslator(version="2"))
    assert translate(transcript, "pt", engines=newer, ctx=harness.ctx, previous=first) is not first


def test_without_speech_there_is_nothing_to_translate(harness):
    engines = FakeEngines(regions=[])
    transcript = harness.transcribe(engines, language="auto")
    translation = translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.lines == ()
    assert translation.provenance.engines == ()


def test_raises_an_error_for_an_unsupported_pair_of_languages(harness):
    engines = FakeEngines(regions=SPEECH, recogniser=FakeRecogniser(WORDS, language="ko"))
    transcript = harness.transcribe(engines, language="auto")
    with pytest.raises(UnsupportedLanguageError, match="'ko' to 'pt'"):
        translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=None)


def test_raises_an_error_that_names_an_empty_line(harness, engines):
    class Forgetful(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return [Rendering(text="" if "night" in line.text else line.text) for line in lines]

    transcript = harness.transcribe(engines)
    with pytest.raises(PermanentError, match="segments 0001 "):
        translate(transcript, "pt", engines=FakeEngines(translator=Forgetful()), ctx=harness.ctx, previous=None)


def test_raises_an_error_if_the_translator_drops_a_line(harness, engines):
    class Dropping(FakeTranslator):
        def translate(self, lines, source_language, target_language, terms=()):
            return super().translate(lines[1:], source_language, target_language, terms)

    transcript = harness.transcribe(engines)
    with pytest.raises(RuntimeError, match="1 results for 2 items"):
        translate(transcript, "pt", engines=FakeEngines(translator=Dropping()), ctx=harness.ctx, previous=None)


def translated(harness, engines, transcript, previous=None):
    return translate(transcript, "pt", engines=engines, ctx=harness.ctx, previous=previous)


def test_keeps_an_edited_text_in_later_runs_and_with_newer_translators(harness, engines):
    transcript = harness.transcribe(engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: " E boa noite. "})
    assert [line.text for line in edited.lines] == ["pt Good morning.", "E boa noite."]
    assert translated(harness, engines, transcript, previous=edited) is edited
    newer = FakeEngines(translator=FakeTranslator(version="2"))
    later = translated(harness, newer, transcript, previous=edited)
    assert later is not edited
    assert later.lines == edited.lines


def test_the_data_version_covers_edited_texts(harness, engines):
    transcript = harness.transcribe(engines)
    unedited = translated(harness, engines, transcript)
    first, second = (write_lines(unedited, transcript, {1: text}) for text in ("E boa noite.", "Boa noite."))
    assert unedited.data_version == unedited.provenance.fingerprint
    assert len({translation.data_version for translation in (unedited, first, second)}) == 3
    assert first.provenance.fingerprint == unedited.provenance.fingerprint


def test_an_edited_text_follows_its_segment_to_another_index(harness, engines):
    transcript = harness.transcribe(engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: "E boa noite."})
    alone = replace(transcript, segments=(replace(transcript.segments[1], index=0),))
    (line,) = translated(harness, engines, alone, previous=edited).lines
    assert (line.index, line.text) == (0, "E boa noite.")


@pytest.mark.parametrize(
    "change", [{"text": "And good day."}, {"interval": Interval(start_ms=5000, end_ms=7100)}], ids=["text", "place"]
)
def test_drops_an_edited_text_if_its_segment_changed(harness, engines, change):
    transcript = harness.transcribe(engines)
    edited = write_lines(translated(harness, engines, transcript), transcript, {1: "E boa noite."})
    other = replace(transcript, segments=(transcript.segments[0], replace(transcript.segments[1], **change)))
    line = translated(harness, engines, other, previous=edited).lines[1]
    assert (line.text, line.written_for) == (f"pt {other.segments[1].text}", None)


def test_does_not_keep_an_edited_text_for_another_language(harness, engines):
    transcript = harness.transcribe(engines)
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
def test_refuses_a_text_for_an_unknown_segment_and_an_empty_text(harness, engines, texts, message):
    transcript = harness.transcribe(engines)
    with pytest.raises(InputError, match=message):
        write_lines(translated(harness, engines, transcript), transcript, texts)


class MeteredTranslator(FakeTranslator):
    """A translator whose service counts usage."""

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        lines, self.lines = len(self.lines), []
        return (("lines", float(lines)),)


def test_figures_include_the_usage_of_a_metered_engine(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, translator=MeteredTranslator())
    translation = translate(harness.transcribe(engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.provenance.figures.usage == (("lines", 2.0),)
    assert decode(type(translation), encode(translation)) == translation


def test_figures_have_no_usage_without_a_metered_engine(harness, engines):
    translation = translate(harness.transcribe(engines), "pt", engines=engines, ctx=harness.ctx, previous=None)
    assert translation.provenance.figures.usage == ()
