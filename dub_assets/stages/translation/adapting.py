"""The translation of a transcript whose segments a person has edited: all other lines stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.core.sentences import join_words
from dub_assets.stages.transcript.editing import SegmentEdit
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.passages import split_text
from dub_assets.stages.translation.values import TranslatedLine, Translation


def follow_edits(translation: Translation, transcript: Transcript) -> Translation:
    """Return the translation with one line for each segment of an edited transcript.

    New segments have an empty line, for which ``write_lines`` needs a text.
    """
    lines = {line.index: line for line in translation.lines}
    return replace(
        translation,
        lines=tuple(
            lines.get(segment.index, TranslatedLine(index=segment.index, passage=segment.index, text=""))
            for segment in transcript.segments
        ),
    )


def texts_after(
    edit: SegmentEdit, transcript: Transcript, texts: Mapping[int, str], given: Mapping[int, str], language: str
) -> dict[int, str]:
    """Return the translated texts that an edit changes, by index.

    Args:
        edit: The edit of a segment.
        transcript: The transcript before the edit.
        texts: The translated texts before the edit, by index.
        given: Texts that the person gives, by index; they go first.
        language: The language of the texts, ISO 639-1.

    Raises InputError if the edit needs a text that nobody gave.
    """
    match edit.kind:
        case "split":
            new = transcript.next_index
            halves = _halves(edit, transcript, texts[edit.index], language)
            made = dict(zip((edit.index, new), halves, strict=True)) if halves else {}
            return _complete({**made, **given}, (edit.index, new))
        case "merge":
            order = [segment.index for segment in transcript.segments]
            after = order[order.index(edit.index) + 1 :][:1]
            parts = [texts[index] for index in (edit.index, *after)]
            return {edit.index: given.get(edit.index, join_words(parts, language))}
        case "move":
            return {edit.index: given.get(edit.index, texts[edit.index])}
        case "insert":
            return _complete(given, (transcript.next_index,))
    return dict(given)


def _halves(edit: SegmentEdit, transcript: Transcript, text: str, language: str) -> Sequence[str] | None:
    """Return a text in two parts, in the proportion of the words on both sides of a split; None if it is too short."""
    words = next((segment.words for segment in transcript.segments if segment.index == edit.index), ())
    sizes = [0, 0]
    for word in words:
        sizes[word.start_ms + word.end_ms > 2 * edit.start_ms] += len(word.text)
    total = sum(sizes)
    return split_text(text, [size / total for size in sizes], language) if all(sizes) else None


def _complete(texts: Mapping[int, str], needed: Sequence[int]) -> dict[int, str]:
    missing = [segment_name(index) for index in needed if not texts.get(index, "").strip()]
    if missing:
        raise InputError(f"the translation of segment {', '.join(missing)} is missing: give it a text")
    return {index: texts[index] for index in needed}
