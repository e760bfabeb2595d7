"""``translation``: one translated line for each segment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dub_assets.core.engine_use import provenance_of, releasing
from dub_assets.core.errors import InputError, PermanentError
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.keys import check_segments_exist, segment_name
from dub_assets.core.language import language_name
from dub_assets.core.ports import Engines, LanguageIdentifier, StageContext, Translator
from dub_assets.core.sentences import join_words
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.core.timing import slots
from dub_assets.stages.transcript.given_lines import cue_text, given_lines
from dub_assets.stages.transcript.values import NOTHING_GIVEN, GivenTexts, Transcript
from dub_assets.stages.translation.line_translation import LineTranslator
from dub_assets.stages.translation.passages import Passage, passages, split_text
from dub_assets.stages.translation.values import TranslatedLine, Translation, segment_fingerprint
from dub_assets.stages.tts_segments.options import SLOW_VOICE_TEMPO
from dub_assets.text_normalisation.scripts import foreign_words, reads_latin
from dub_assets.text_normalisation.speaking_rate import syllables_in

STAGE = "translation"
STAGE_VERSION = 4
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""


def translate(
    transcript: Transcript,
    target_language: str,
    *,
    engines: Engines,
    ctx: StageContext,
    previous: Translation | None,
    terms: Sequence[Term] = (),
    given: GivenTexts = NOTHING_GIVEN,
) -> Translation:
    """Translate the text of every segment, in order; ``terms`` read as given.

    Lines that editors wrote in ``previous`` are kept if a segment still has the same text and place. Segments that
    begin with a cue of the ``given`` translation have its text. Raises UnsupportedLanguageError if no engine translates
    the others from the spoken language.
    """
    cue_lines = _cue_lines(transcript, target_language, given)
    to_translate = _without(transcript, cue_lines)
    translator = _translator(to_translate, target_language, engines)
    stage_fingerprint = _fingerprint(transcript, target_language, translator, terms, given)
    edited = _kept_edits(transcript, target_language, previous)
    if (
        previous is not None
        and previous.provenance.fingerprint == stage_fingerprint
        and _texts(_edits(previous)) == _texts(edited)
    ):
        return previous
    with ctx.meter.measure() as measurement, releasing(engines, translator):
        identifier = engines.language_identifier()
        lines = _lines(to_translate, target_language, translator, identifier, terms, ctx) if translator else ()
    by_index = {**{line.index: line for line in lines}, **cue_lines}
    lines = tuple(by_index[segment.index] for segment in transcript.segments if segment.index in by_index)
    return Translation(
        source_language=transcript.language,
        target_language=target_language,
        lines=_without_lone_renderings([replace(edited.get(line.index, line), passage=line.passage) for line in lines]),
        provenance=provenance_of(translator, stage_fingerprint, measurement.figures(media_ms=transcript.duration_ms)),
        voices=_kept_voices(previous.voices, transcript)
        if previous and previous.target_language == target_language
        else {},
        source_file=given.translation.media if given.translation else None,
    )


def write_lines(translation: Translation, transcript: Transcript, texts: Mapping[int, str]) -> Translation:
    """Return the translation with an editor's texts by segment; all other lines stay as they are.

    Raises InputError if there is no such segment, or a text is empty.
    """
    fingerprints = {segment.index: segment_fingerprint(segment) for segment in transcript.segments}
    check_segments_exist(texts, fingerprints)
    empty = [segment_name(index) for index, text in texts.items() if not text.strip()]
    if empty:
        raise InputError(f"the text for segment {', '.join(empty)} is empty: give it something to say")
    lines = [
        replace(line, text=texts[line.index].strip(), shorter=(), doubtful=False, written_for=fingerprints[line.index])
        if line.index in texts
        else line
        for line in translation.lines
    ]
    return replace(translation, lines=_without_lone_renderings(lines))


def choose_voices(translation: Translation, transcript: Transcript, voices: Mapping[int, str]) -> Translation:
    """Return the translation with an editor's voices by segment; an empty name is the voice of the speaker again.

    Raises InputError if there is no such segment.
    """
    fingerprints = {segment.index: segment_fingerprint(segment) for segment in transcript.segments}
    check_segments_exist(voices, fingerprints)
    chosen = {**translation.voices, **{fingerprints[index]: voice for index, voice in voices.items()}}
    return replace(translation, voices=_kept_voices(chosen, transcript))


def translation_fingerprint(
    transcript: Transcript,
    target_language: str,
    *,
    engines: Engines,
    terms: Sequence[Term] = (),
    given: GivenTexts = NOTHING_GIVEN,
) -> str:
    """Return the fingerprint of the translation of a transcript; the arguments are those of ``translate``."""
    translator = _translator(
        _without(transcript, _cue_lines(transcript, target_language, given)), target_language, engines
    )
    return _fingerprint(transcript, target_language, translator, terms, given)


def _without(transcript: Transcript, lines: Collection[int]) -> Transcript:
    """Return the transcript without the segments that have lines already."""
    return replace(transcript, segments=tuple(segment for segment in transcript.segments if segment.index not in lines))


def _translator(to_translate: Transcript, target_language: str, engines: Engines) -> Translator | None:
    return engines.translator(to_translate.language, target_language) if to_translate.segments else None


def _kept_voices(voices: Mapping[str, str], transcript: Transcript) -> dict[str, str]:
    """Return the voices of segments that still have the same text and place."""
    known = {segment_fingerprint(segment) for segment in transcript.segments}
    return {segment: voice for segment, voice in voices.items() if voice and segment in known}


def _cue_lines(transcript: Transcript, language: str, given: GivenTexts) -> dict[int, TranslatedLine]:
    """Return the lines whose text the job's own translation has, by the index of their segments."""
    if given.translation is None:
        return {}
    lines, _ = given_lines(given, transcript.duration_ms)
    texts = {line.interval.start_ms: cue_text(line.translation, language) for line in lines if line.translation}
    return {
        segment.index: TranslatedLine(index=segment.index, passage=segment.index, text=texts[segment.interval.start_ms])
        for segment in transcript.segments
        if segment.interval.start_ms in texts
    }


def _fingerprint(
    transcript: Transcript,
    target_language: str,
    translator: Translator | None,
    terms: Sequence[Term],
    given: GivenTexts,
) -> str:
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        texts=[(segment.index, segment.interval, segment.text) for segment in transcript.segments],
        source_language=transcript.language,
        target_language=target_language,
        terms=list(terms),
        translator=translator and translator.identity,
        **({} if given.translation is None else {"given": given.translation.media.sha256}),
    )


def _edits(translation: Translation) -> dict[int, TranslatedLine]:
    return {line.index: line for line in translation.lines if line.written_for is not None}


def _texts(lines: Mapping[int, TranslatedLine]) -> dict[int, str]:
    return {index: line.text for index, line in lines.items()}


def _kept_edits(
    transcript: Transcript, target_language: str, previous: Translation | None
) -> dict[int, TranslatedLine]:
    """Return editors' lines in the same language, by index, for segments that have not changed."""
    if previous is None or previous.target_language != target_language:
        return {}
    edits = {line.written_for: line for line in _edits(previous).values()}
    fingerprints = {segment.index: segment_fingerprint(segment) for segment in transcript.segments}
    return {index: replace(edits[written], index=index) for index, written in fingerprints.items() if written in edits}


def _lines(
    transcript: Transcript,
    target_language: str,
    translator: Translator,
    identifier: LanguageIdentifier,
    terms: Sequence[Term],
    ctx: StageContext,
) -> tuple[TranslatedLine, ...]:
    """Return the line of every segment; passages that cannot be split again are translated segment by segment."""
    translate_lines = LineTranslator(
        translator=translator,
        source=transcript.language,
        target=target_language,
        terms=terms,
        identifier=identifier,
    ).translate

    def translate_passages(groups: Sequence[Passage]) -> list[Rendering]:
        return translate_lines(_source_lines(groups, transcript, target_language), ctx.progress, STAGE)

    lines: list[TranslatedLine] = []
    unsplit: list[Passage] = []
    groups = passages(transcript.segments)
    for passage, rendering in zip(groups, translate_passages(groups), strict=True):
        passage_lines = _split_rendering(passage, rendering, target_language)
        if passage_lines is None:
            unsplit += [(segment,) for segment in passage]
        else:
            lines += passage_lines
    if unsplit:
        for passage, rendering in zip(unsplit, translate_passages(unsplit), strict=True):
            lines += _split_rendering(passage, rendering, target_language) or ()
    _check_none_is_empty(lines)
    _check_are_translated(lines, transcript.language, target_language)
    order = {segment.index: place for place, segment in enumerate(transcript.segments)}
    return tuple(sorted(lines, key=lambda line: order[line.index]))


def _split_rendering(passage: Passage, rendering: Rendering, language: str) -> list[TranslatedLine] | None:
    """Return the lines of a passage, split in the proportion of its segments' texts; None if that fails.

    Shorter renderings that cannot be split are left out.
    """
    texts = (rendering.text, *rendering.shorter)
    if len(passage) == 1:
        renderings: list[tuple[str, ...] | None] = [(text,) for text in texts]
    else:
        sizes = [len(segment.text) for segment in passage]
        shares = [size / sum(sizes) for size in sizes]
        renderings = [split_text(text, shares, language) for text in texts]
    if renderings[0] is None:
        return None
    by_segment = zip(*(parts for parts in renderings if parts is not None), strict=True)
    return [
        TranslatedLine(
            index=segment.index,
            passage=passage[0].index,
            text=text,
            shorter=tuple(shorter),
            doubtful=rendering.doubtful,
        )
        for segment, (text, *shorter) in zip(passage, by_segment, strict=True)
    ]


def _source_lines(groups: Sequence[Passage], transcript: Transcript, language: str) -> list[SourceLine]:
    """Return each passage's text with its neighbours, and the syllables that there is time for until the next one."""
    segments = transcript.segments
    times = slots([segment.interval for segment in segments], duration_ms=transcript.duration_ms, pause_ms=0)
    time_of = {segment.index: time.duration_ms for segment, time in zip(segments, times, strict=True)}
    place_of = {segment.index: place for place, segment in enumerate(segments)}
    texts = ["", *(segment.text for segment in segments), ""]
    return [
        SourceLine(
            text=join_words((segment.text for segment in passage), transcript.language),
            before=texts[place_of[passage[0].index]],
            after=texts[place_of[passage[-1].index] + 2],
            syllables=int(
                SLOW_VOICE_TEMPO * syllables_in(sum(time_of[segment.index] for segment in passage), language)
            ),
        )
        for passage in groups
    ]


def _without_lone_renderings(lines: Sequence[TranslatedLine]) -> tuple[TranslatedLine, ...]:
    """Return the lines, without shorter renderings in edited passages: those of its lines only fit together."""
    edited = {line.passage for line in lines if line.written_for is not None}
    return tuple(replace(line, shorter=()) if line.passage in edited else line for line in lines)


def _check_none_is_empty(lines: Sequence[TranslatedLine]) -> None:
    empty = sorted(segment_name(line.index) for line in lines if not line.text.strip())
    if empty:
        raise PermanentError(f"the translator left segments {', '.join(empty)} empty: choose another translator")


def _check_are_translated(lines: Sequence[TranslatedLine], source: str, target: str) -> None:
    """Raise PermanentError for lines that are left in the source language's script, which no voice reads."""
    if reads_latin(source) or not reads_latin(target):
        return
    left = sorted(segment_name(line.index) for line in lines if _is_foreign(line.text, target))
    if left:
        raise PermanentError(
            f"the translator left segments {', '.join(left)} in {language_name(source)}: run it again, or choose "
            "another translator"
        )


def _is_foreign(text: str, language: str) -> bool:
    """Return whether most letters of a text belong to a script that the language's voices do not read."""
    foreign = sum(map(len, foreign_words(text, language)))
    return 2 * foreign > sum(map(str.isalpha, text))
