"""Possible times for recognised words: ordered, disjoint, inside the programme, and inside speech if they fit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval

Span = tuple[int, int]

# Speech runs at 10 to 20 Latin letters a second; a UTF-8 byte stands for a letter, so that a syllable of Korean or a
# Chinese character weighs three.
_FASTEST_MS_PER_BYTE = 20
_SLOWEST_MS_PER_BYTE = 150


def word_spans(words: Sequence[RecognisedWord], speech: Sequence[Interval], duration_ms: int) -> list[Span]:
    """Return the time of each word: in order, disjoint, at least 1 ms long, inside ``[0, duration_ms]``.

    Impossible times (outside the programme, empty, or out of order against most others) count as missing. A word
    stretched over a pause keeps its longest part inside ``speech`` (sorted, disjoint). Missing times are filled in
    between their neighbours, in proportion to the length of the words, inside speech if there is enough of it. Raises
    ValueError for more than one word a millisecond.
    """
    if len(words) > duration_ms:
        raise ValueError(f"{len(words)} words cannot be placed in {duration_ms} ms")
    weights = [max(1, len(word.text.encode())) for word in words]
    spans = _ascending([_possible(word, duration_ms) for word in words])
    trimmed = [span and _trimmed(span, weight, speech) for span, weight in zip(spans, weights, strict=True)]
    return _disjoint(_filled(trimmed, weights, speech, duration_ms), duration_ms)


def parts_within(start_ms: int, end_ms: int, speech: Sequence[Interval]) -> list[Span]:
    """Return the parts of ``[start_ms, end_ms)`` that the sorted, disjoint intervals ``speech`` cover."""
    parts: list[Span] = []
    first = bisect_right(speech, start_ms, key=lambda region: region.end_ms)
    for region in speech[first:]:
        if region.start_ms >= end_ms:
            break
        parts.append((max(start_ms, region.start_ms), min(end_ms, region.end_ms)))
    return [part for part in parts if _length(part)]


def _length(span: Span) -> int:
    return span[1] - span[0]


def _possible(word: RecognisedWord, duration_ms: int) -> Span | None:
    if word.start_ms is None or word.end_ms is None:
        return None
    span = (max(0, word.start_ms), min(duration_ms, word.end_ms))
    return span if _length(span) > 0 else None


def _ascending(spans: Sequence[Span | None]) -> list[Span | None]:
    """Return the longest subsequence of spans with ascending starts, without overlaps; None for all others.

    So a single wrong time among correct ones is the one that is dropped (longest increasing subsequence by patience
    sorting).
    """
    tops: list[int] = []
    top_places: list[int] = []
    previous: dict[int, int | None] = {}
    for place, span in enumerate(spans):
        if span is None:
            continue
        pile = bisect_left(tops, span[0])
        tops[pile : pile + 1] = [span[0]]
        top_places[pile : pile + 1] = [place]
        previous[place] = top_places[pile - 1] if pile else None
    result: list[Span | None] = [None] * len(spans)
    at, limit = (top_places[-1] if top_places else None), None
    while at is not None:
        start, end = spans[at] or (0, 0)
        result[at] = (start, end if limit is None else min(end, limit))
        at, limit = previous[at], start
    return result


def _trimmed(span: Span, weight: int, speech: Sequence[Interval]) -> Span:
    longest = max(parts_within(*span, speech), key=_length, default=span)
    return longest if _length(longest) >= weight * _FASTEST_MS_PER_BYTE else span


def _filled(
    spans: Sequence[Span | None], weights: Sequence[int], speech: Sequence[Interval], duration_ms: int
) -> list[Span]:
    result = list(spans)
    at = 0
    while at < len(spans):
        if spans[at] is not None:
            at += 1
            continue
        after = next((place for place in range(at, len(spans)) if spans[place] is not None), len(spans))
        _fill_run(result, at, after, weights, speech, duration_ms)
        at = after
    return [span for span in result if span is not None]


def _fill_run(
    spans: list[Span | None],
    first: int,
    after: int,
    weights: Sequence[int],
    speech: Sequence[Interval],
    duration_ms: int,
) -> None:
    """Place the untimed words ``[first, after)``; if there is no room, they share the time of their two neighbours."""
    left, right = (spans[first - 1] if first else None), (spans[after] if after < len(spans) else None)
    room = (left[1] if left else 0, right[0] if right else duration_ms)
    need = sum(weights[first:after]) * _FASTEST_MS_PER_BYTE
    parts = parts_within(*room, speech)
    if sum(map(_length, parts)) < need:
        parts = [room]
    if _length(room) < need:
        first, after = first - (left is not None), after + (right is not None)
        parts = [(left[0] if left else 0, right[1] if right else duration_ms)]
    spans[first:after] = _placed(weights[first:after], parts, from_the_right=left is None and right is not None)


def _placed(weights: Sequence[int], parts: Sequence[Span], *, from_the_right: bool) -> list[Span]:
    """Return consecutive spans in proportion to their weights, in the time that ``parts`` cover, none across a gap.

    If there is more time than slow speech takes, they stay together on one side.
    """
    offsets = [0, *accumulate(map(_length, parts))]
    scale = min(offsets[-1] / sum(weights), _SLOWEST_MS_PER_BYTE)
    skipped = offsets[-1] - scale * sum(weights) if from_the_right else 0.0
    borders = [skipped + scale * done for done in accumulate(weights, initial=0)]
    return [_in_one_part(start, end, parts, offsets) for start, end in pairwise(borders)]


def _in_one_part(start: float, end: float, parts: Sequence[Span], offsets: Sequence[int]) -> Span:
    """Return the longest part, inside one of ``parts``, of a stretch of the time that they cover together."""
    first = max(0, bisect_right(offsets, start) - 1)
    best = (float(parts[-1][1]), float(parts[-1][1]))
    for part, offset in zip(parts[first:], offsets[first:], strict=False):
        if offset >= end:
            break
        low, high = max(start - offset, 0.0), min(end - offset, float(_length(part)))
        if high - low > best[1] - best[0]:
            best = (part[0] + low, part[0] + high)
    return (round(best[0]), round(best[1]))


def _disjoint(spans: Sequence[Span], duration_ms: int) -> list[Span]:
    """Return the spans in order, at least 1 ms each, moved as little as possible."""
    forward: list[Span] = []
    limit = 0
    for start, end in spans:
        begin = max(start, limit)
        limit = max(end, begin + 1)
        forward.append((begin, limit))
    result: list[Span] = []
    limit = duration_ms
    for start, end in reversed(forward):
        stop = min(end, limit)
        limit = min(start, stop - 1)
        result.append((limit, stop))
    return result[::-1]
