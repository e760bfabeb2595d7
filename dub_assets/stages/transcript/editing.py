"""Edits of segments by a person: split, merge, move, delete, insert, and another speaker.

Segments keep their indices, so their clips and the lines of all others stay as they are: the second half of a split
segment and an inserted segment get the next free index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES, join_words
from dub_assets.core.timing import Interval, seconds
from dub_assets.stages.transcript.values import Speaker, TimedWord, Transcript, TranscriptSegment

SegmentEditKind = Literal["split", "merge", "move", "delete", "insert", "speaker"]
KINDS: tuple[SegmentEditKind, ...] = get_args(SegmentEditKind)

SHORTEST_MS = 100
"""Length of the shortest segment that an edit makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEdit:
    """One edit. What it needs depends on its kind; times are of the programme.

    - ``split``: ``index``, ``start_ms``, where the second half begins
    - ``merge``: ``index``, which is merged with the segment after it
    - ``move``: ``index``, ``start_ms``, ``end_ms``
    - ``delete``: ``index``
    - ``insert``: ``start_ms``, ``end_ms``, ``text``, and ``speaker`` if speakers are known
    - ``speaker``: ``index``, ``speaker``
    """

    kind: SegmentEditKind
    index: int = -1
    start_ms: int = 0
    end_ms: int = 0
    text: str = ""
    speaker: str | None = None


def edit_segments(transcript: Transcript, edits: Sequence[SegmentEdit]) -> Transcript:
    """Return the transcript after the edits, in order. Raises InputError if one is impossible; it says why."""
    for edit in edits:
        segments = _EDITS[edit.kind](transcript, edit)
        ordered = tuple(sorted(segments, key=lambda segment: segment.interval))
        _check_apart(ordered, transcript.duration_ms)
        transcript = replace(
            transcript,
            segments=ordered,
            speakers=_with_speaker(transcript, edit.speaker),
            edits=transcript.edits + 1,
            indices_used=max(transcript.next_index, *(segment.index + 1 for segment in ordered)),
        )
    return transcript


def _split(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    segment = _segment(transcript, edit.index)
    first = [word for word in segment.words if word.start_ms + word.end_ms <= 2 * edit.start_ms]
    second = [word for word in segment.words if word.start_ms + word.end_ms > 2 * edit.start_ms]
    if not first or not second:
        interval = segment.interval
        raise InputError(
            f"segment {segment_name(edit.index)} has no words on both sides of {seconds(edit.start_ms):.3f} s: split "
            f"it between {seconds(interval.start_ms):.3f} and {seconds(interval.end_ms):.3f} s"
        )
    border = min(max(edit.start_ms, first[-1].end_ms), second[0].start_ms)
    halves = (
        (segment.index, first, Interval(start_ms=segment.interval.start_ms, end_ms=border)),
        (transcript.next_index, second, Interval(start_ms=border, end_ms=segment.interval.end_ms)),
    )
    new = [
        replace(segment, index=index, interval=part, text=_text(words, transcript.language), words=tuple(words))
        for index, words, part in halves
    ]
    return [*_others(transcript, edit.index), *new]


def _merge(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    segment = _segment(transcript, edit.index)
    place = transcript.segments.index(segment)
    if place + 1 == len(transcript.segments):
        raise InputError(f"segment {segment_name(edit.index)} is the last one: there is none to merge it with")
    after = transcript.segments[place + 1]
    words = (*segment.words, *(replace(word, speaker=segment.speaker) for word in after.words))
    merged = replace(
        segment,
        interval=Interval(start_ms=segment.interval.start_ms, end_ms=after.interval.end_ms),
        text=join_words([segment.text, after.text], transcript.language),
        words=words,
    )
    return [*_others(transcript, segment.index, after.index), merged]


def _move(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    segment = _segment(transcript, edit.index)
    interval = _interval(edit)
    moved = replace(segment, interval=interval, words=_fitted(segment.words, segment.interval, interval))
    return [*_others(transcript, edit.index), moved]


def _delete(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    _segment(transcript, edit.index)
    if len(transcript.segments) == 1:
        raise InputError("the only segment of a job cannot be deleted")
    return _others(transcript, edit.index)


def _insert(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    text = " ".join(edit.text.split())
    if not text:
        raise InputError("a new segment needs the text of the original")
    interval = _interval(edit)
    texts = [text] if transcript.language in LANGUAGES_WITHOUT_SPACES else text.split()
    length = interval.duration_ms / len(texts)
    words = tuple(
        TimedWord(
            text=word,
            start_ms=interval.start_ms + int(number * length),
            end_ms=interval.start_ms + max(int(number * length) + 1, int((number + 1) * length)),
            probability=None,
            speaker=edit.speaker,
        )
        for number, word in enumerate(texts)
    )
    new = TranscriptSegment(
        index=transcript.next_index,
        interval=interval,
        text=text,
        words=words,
        probability=None,
        speaker=edit.speaker,
    )
    return [*transcript.segments, new]


def _speak_by(transcript: Transcript, edit: SegmentEdit) -> list[TranscriptSegment]:
    segment = _segment(transcript, edit.index)
    if not transcript.speakers:
        raise InputError("the speakers of this job are not known, so no segment can have another one")
    words = tuple(replace(word, speaker=edit.speaker) for word in segment.words)
    return [*_others(transcript, edit.index), replace(segment, speaker=edit.speaker, words=words)]


_EDITS = {
    "split": _split,
    "merge": _merge,
    "move": _move,
    "delete": _delete,
    "insert": _insert,
    "speaker": _speak_by,
}


def _segment(transcript: Transcript, index: int) -> TranscriptSegment:
    found: Mapping[int, TranscriptSegment] = {segment.index: segment for segment in transcript.segments}
    if index not in found:
        raise InputError(f"there is no segment {segment_name(index)} in this job")
    return found[index]


def _others(transcript: Transcript, *indices: int) -> list[TranscriptSegment]:
    return [segment for segment in transcript.segments if segment.index not in indices]


def _interval(edit: SegmentEdit) -> Interval:
    if edit.start_ms < 0 or edit.end_ms - edit.start_ms < SHORTEST_MS:
        raise InputError(
            f"{seconds(edit.start_ms):.3f} to {seconds(edit.end_ms):.3f} s is no place for a segment: it lasts at "
            f"least {seconds(SHORTEST_MS):g} s"
        )
    return Interval(start_ms=edit.start_ms, end_ms=edit.end_ms)


def _fitted(words: Sequence[TimedWord], old: Interval, new: Interval) -> tuple[TimedWord, ...]:
    """Return words inside a new interval: as they are if they fit, else stretched from the old one to the new one."""
    if all(new.start_ms <= word.start_ms and word.end_ms <= new.end_ms for word in words):
        return tuple(words)
    scale = new.duration_ms / max(1, old.duration_ms)

    def placed(word: TimedWord) -> TimedWord:
        start_ms = min(new.start_ms + round((word.start_ms - old.start_ms) * scale), new.end_ms - 1)
        end_ms = min(new.end_ms, new.start_ms + round((word.end_ms - old.start_ms) * scale))
        return replace(word, start_ms=start_ms, end_ms=max(start_ms + 1, end_ms))

    return tuple(map(placed, words))


def _text(words: Sequence[TimedWord], language: str) -> str:
    return join_words([word.text for word in words], language)


def _with_speaker(transcript: Transcript, name: str | None) -> tuple[Speaker, ...]:
    """Return the speakers, with a new one if an edit names one who was not heard before."""
    if name is None or any(speaker.name == name for speaker in transcript.speakers):
        return transcript.speakers
    return (*transcript.speakers, Speaker(name=name, pitch_hz=None, speech_ms=0))


def _check_apart(segments: Sequence[TranscriptSegment], duration_ms: int) -> None:
    """Raise InputError if two segments overlap, or one ends after the programme."""
    for before, after in pairwise(segments):
        if before.interval.end_ms > after.interval.start_ms:
            names = f"{segment_name(before.index)} and {segment_name(after.index)}"
            raise InputError(
                f"segments {names} would overlap: the first ends at {seconds(before.interval.end_ms):.3f} s, the "
                f"second begins at {seconds(after.interval.start_ms):.3f} s"
            )
    if segments and segments[-1].interval.end_ms > duration_ms:
        raise InputError(
            f"segment {segment_name(segments[-1].index)} would end after the programme, which lasts "
            f"{seconds(duration_ms):.3f} s"
        )
