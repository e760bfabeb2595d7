"""``translation``: one translated line for each segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dub_assets.core.batches import in_batches
from dub_assets.core.engine_use import provenance_of, releasing
from dub_assets.core.errors import InputError, PermanentError
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.keys import check_segments_exist, segment_name
from dub_assets.core.ports import Engines, StageContext, Translator
from dub_assets.core.sentences import join_words
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.core.timing import slots
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.keep_terms import translate_with_terms
from dub_assets.stages.translation.passages import parted, passages
from dub_assets.stages.translation.values import TranslatedLine, Translation, source_mark
from dub_assets.text_normalisation.speaking_rate import syllables_in

STAGE = "translation"
STAGE_VERSION = 3
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

_SLOW_VOICE = 0.85
"""A voice's own rate over the language's ordinary one, at worst: lines are rendered shorter for it too."""

Passage = tuple[TranscriptSegment, ...]


def translate(
    transcript: Transcript,
    target_language: str,
    *,
    engines: Engines,
    ctx: StageContext,
    previous: Translation | None,
    terms: Sequence[Term] = (),
) -> Translation:
    """Translate every segment's text: as many lines out as in, in the same order; ``terms`` read as told.

    Lines that editors wrote in ``previous`` stay theirs where the segment still has the same text and place.
    Raises UnsupportedLanguageError where nothing translates from the language spoken.
    """
    translator = engines.translator(transcript.language, target_language) if transcript.segments else None
    mark = _mark(transcript, target_language, translator, terms)
    written = _written(transcript, target_language, previous)
    if (
        previous is not None
        and previous.provenance.fingerprint == mark
        and _texts(_editors_lines(previous)) == _texts(written)
    ):
        return previous
    with ctx.meter.measure() as measurement, releasing(engines, translator):
        lines = _lines(transcript, target_language, translator, terms, ctx) if translator else ()
    return Translation(
        source_language=transcript.language,
        target_language=target_language,
        lines=_settled([replace(written.get(line.index, line), passage=line.passage) for line in lines]),
        provenance=provenance_of(translator, mark, measurement.figures(media_ms=transcript.duration_ms)),
    )


def write_lines(translation: Translation, transcript: Transcript, texts: Mapping[int, str]) -> Translation:
    """The translation with an editor's texts for some segments; every other line stays as it is.

    Raises InputError where there is no such segment, or nothing to say.
    """
    marks = {segment.index: source_mark(segment) for segment in transcript.segments}
    check_segments_exist(texts, marks)
    empty = [segment_name(index) for index, text in texts.items() if not text.strip()]
    if empty:
        raise InputError(f"the text for segment {', '.join(empty)} is empty: give it something to say")
    lines = [
        replace(line, text=texts[line.index].strip(), shorter=(), written_for=marks[line.index])
        if line.index in texts
        else line
        for line in translation.lines
    ]
    return replace(translation, lines=_settled(lines))


def _mark(transcript: Transcript, target_language: str, translator: Translator | None, terms: Sequence[Term]) -> str:
    """The fingerprint of everything that the lines are made from."""
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        texts=[(segment.index, segment.interval, segment.text) for segment in transcript.segments],
        source_language=transcript.language,
        target_language=target_language,
        terms=list(terms),
        translator=translator and translator.identity,
    )


def _editors_lines(translation: Translation) -> dict[int, TranslatedLine]:
    return {line.index: line for line in translation.lines if line.written_for is not None}


def _texts(lines: Mapping[int, TranslatedLine]) -> dict[int, str]:
    return {index: line.text for index, line in lines.items()}


def _written(transcript: Transcript, target_language: str, previous: Translation | None) -> dict[int, TranslatedLine]:
    """What editors wrote in the same language for segments that are still as they were, by segment."""
    if previous is None or previous.target_language != target_language:
        return {}
    by_mark = {line.written_for: line for line in _editors_lines(previous).values()}
    marks = {segment.index: source_mark(segment) for segment in transcript.segments}
    return {index: replace(by_mark[mark], index=index) for index, mark in marks.items() if mark in by_mark}


def _lines(
    transcript: Transcript, target_language: str, translator: Translator, terms: Sequence[Term], ctx: StageContext
) -> tuple[TranslatedLine, ...]:
    """Every segment's line; passages that cannot be parted again are translated segment by segment."""

    def rendered(groups: Sequence[Passage]) -> list[Rendering]:
        return in_batches(
            lambda batch: translate_with_terms(translator, batch, transcript.language, target_language, terms),
            _source_lines(groups, transcript, target_language),
            size=translator.capabilities.batch_size,
            progress=ctx.progress,
            stage=STAGE,
        )

    groups = passages(transcript.segments)
    parts = [_parts(group, made, target_language) for group, made in zip(groups, rendered(groups), strict=True)]
    alone = [(segment,) for group, lines in zip(groups, parts, strict=True) if lines is None for segment in group]
    again = zip(alone, rendered(alone) if alone else [], strict=True)
    single = [line for group, made in again for line in _parts(group, made, target_language) or ()]
    lines = (*(line for made in parts for line in made or ()), *single)
    _check_none_is_empty(lines)
    return tuple(sorted(lines, key=lambda line: line.index))


def _parts(group: Passage, made: Rendering, language: str) -> list[TranslatedLine] | None:
    """The lines of a passage, from its renderings parted as its segments share its text; None where that fails."""
    sizes = [len(segment.text) for segment in group]
    shares = [size / sum(sizes) for size in sizes]
    if len(group) == 1:
        renderings: list[tuple[str, ...] | None] = [(text,) for text in (made.text, *made.shorter)]
    else:
        renderings = [parted(text, shares, language) for text in (made.text, *made.shorter)]
    if renderings[0] is None:
        return None
    columns = zip(*(parts for parts in renderings if parts is not None), strict=True)
    return [
        TranslatedLine(index=segment.index, passage=group[0].index, text=text, shorter=tuple(shorter))
        for segment, (text, *shorter) in zip(group, columns, strict=True)
    ]


def _source_lines(groups: Sequence[Passage], transcript: Transcript, language: str) -> list[SourceLine]:
    """Every passage's text between its neighbours', with the syllables that there is time for until the next one."""
    segments = transcript.segments
    times = slots([segment.interval for segment in segments], duration_ms=transcript.duration_ms, pause_ms=0)
    time_of = {segment.index: time.duration_ms for segment, time in zip(segments, times, strict=True)}
    place_of = {segment.index: place for place, segment in enumerate(segments)}
    texts = ["", *(segment.text for segment in segments), ""]
    return [
        SourceLine(
            text=join_words((segment.text for segment in group), transcript.language),
            before=texts[place_of[group[0].index]],
            after=texts[place_of[group[-1].index] + 2],
            syllables=int(_SLOW_VOICE * syllables_in(sum(time_of[segment.index] for segment in group), language)),
        )
        for group in groups
    ]


def _settled(lines: Sequence[TranslatedLine]) -> tuple[TranslatedLine, ...]:
    """The lines, without shorter renderings in passages that an editor wrote a part of: they go together no more."""
    written = {line.passage for line in lines if line.written_for is not None}
    return tuple(replace(line, shorter=()) if line.passage in written else line for line in lines)


def _check_none_is_empty(lines: tuple[TranslatedLine, ...]) -> None:
    empty = [segment_name(line.index) for line in lines if not line.text.strip()]
    if empty:
        raise PermanentError(f"the translator left segments {', '.join(empty)} empty: choose another translator")
