"""The borders of segments: recognised words become stretches of one sentence or clause, 1 to 8 s long, cut at pauses.

``SegmentationRules`` in ``options.py`` has the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from dub_assets.core.sentences import ends_clause, ends_sentence, is_conjunction, join_words
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval, merged
from dub_assets.stages.transcript.options import SegmentationRules
from dub_assets.stages.transcript.values import TimedWord, TranscriptSegment
from dub_assets.stages.transcript.word_times import parts_within, word_spans

WordRange = tuple[int, int]
"""Words ``[first, after)``."""

DEFAULT_RULES = SegmentationRules()


def place_words(
    words: Sequence[RecognisedWord],
    regions: Sequence[Interval],
    duration_ms: int,
    rules: SegmentationRules = DEFAULT_RULES,
) -> tuple[TimedWord, ...]:
    """Return the words with possible times: in order, disjoint, at least 1 ms long, inside ``[0, duration_ms]``.

    Dropped are blank words, improbable words more than ``snap_ms`` from speech, which recognisers invent in silence,
    and words beyond one a millisecond.
    """
    speech = _speech(regions, rules, duration_ms)
    kept = [word for word in words if word.text.strip() and not _invented(word, speech, rules)][:duration_ms]
    spans = word_spans(kept, speech, duration_ms)
    return tuple(
        TimedWord(
            text=word.text.strip(),
            start_ms=start,
            end_ms=end,
            probability=word.probability,
            ends_phrase=word.ends_phrase,
        )
        for word, (start, end) in zip(kept, spans, strict=True)
    )


def segment_words(
    words: Sequence[TimedWord],
    regions: Sequence[Interval],
    rules: SegmentationRules,
    duration_ms: int,
    language: str,
) -> tuple[TranscriptSegment, ...]:
    """Return the segments of words from ``place_words``; each word is in one of them, in order.

    Words are cut after sentences, at pauses and where the speaker changes. Longer ranges are cut at the least cost
    until none of several words exceeds ``max_ms``. Ranges shorter than ``min_ms`` join a neighbour of the same sentence
    if they fit. Intervals are disjoint, ordered, not empty, and inside ``[0, duration_ms]``; a border near the edge of
    a speech region is moved there.
    """
    ranges = [part for word_range in _cut(words, rules) for part in _split(words, word_range, rules, language)]
    ranges = _joined(words, ranges, rules)
    intervals = _intervals(words, ranges, _speech(regions, rules, duration_ms), rules)
    return tuple(
        _segment(index, interval, words[first:after], language)
        for index, (interval, (first, after)) in enumerate(zip(intervals, ranges, strict=True))
    )


def _speech(regions: Sequence[Interval], rules: SegmentationRules, duration_ms: int) -> list[Interval]:
    """Return the regions inside the programme, with gaps too short for a border closed."""
    inside = [
        Interval(start_ms=region.start_ms, end_ms=min(region.end_ms, duration_ms))
        for region in regions
        if region.start_ms < min(region.end_ms, duration_ms)
    ]
    return merged(inside, gap_ms=rules.snap_ms)


def _invented(word: RecognisedWord, speech: Sequence[Interval], rules: SegmentationRules) -> bool:
    if word.probability is None or word.probability >= rules.doubt_probability:
        return False
    if word.start_ms is None or word.end_ms is None:
        return not speech
    return not parts_within(word.start_ms - rules.snap_ms, word.end_ms + rules.snap_ms, speech)


def _segment(index: int, interval: Interval, words: Sequence[TimedWord], language: str) -> TranscriptSegment:
    probabilities = [word.probability for word in words if word.probability is not None]
    return TranscriptSegment(
        index=index,
        interval=interval,
        text=join_words((word.text for word in words), language),
        words=tuple(words),
        probability=fmean(probabilities) if probabilities else None,
        speaker=words[0].speaker,
    )


def _gap(words: Sequence[TimedWord], at: int) -> int:
    """Return the pause (ms) before word ``at``."""
    return words[at].start_ms - words[at - 1].end_ms


def _length(words: Sequence[TimedWord], word_range: WordRange) -> int:
    return words[word_range[1] - 1].end_ms - words[word_range[0]].start_ms


def _is_border(words: Sequence[TimedWord], at: int) -> bool:
    return _sentence_ends_before(words, at) or words[at - 1].speaker != words[at].speaker


def _sentence_ends_before(words: Sequence[TimedWord], at: int) -> bool:
    return ends_sentence(words[at - 1].text, words[at].text)


def _cut(words: Sequence[TimedWord], rules: SegmentationRules) -> list[WordRange]:
    """Return the ranges between sentence ends, pauses and changes of speaker."""
    cuts = [at for at in range(1, len(words)) if _gap(words, at) >= rules.pause_ms or _is_border(words, at)]
    return list(pairwise([0, *cuts, len(words)])) if words else []


def _split(
    words: Sequence[TimedWord], word_range: WordRange, rules: SegmentationRules, language: str
) -> list[WordRange]:
    """Return a range in parts of at most ``max_ms`` (or of one word), cut at the least total cost.

    Dynamic programming over the words: ``best[end]`` is the least cost of the words before ``end``, and where its last
    part starts.
    """
    first, after = word_range
    if _length(words, word_range) <= rules.max_ms:
        return [word_range]
    best: dict[int, tuple[float, int]] = {first: (0.0, first)}
    for end in range(first + 1, after + 1):
        options = []
        for start in range(end - 1, first - 1, -1):
            if start < end - 1 and _length(words, (start, end)) > rules.max_ms:
                break
            options.append((best[start][0] + _part_cost(_length(words, (start, end)), rules), start))
        cost, start = min(options)
        best[end] = (cost + (_cut_cost(words, end, rules, language) if end < after else 0.0), start)
    borders = [after]
    while borders[-1] > first:
        borders.append(best[borders[-1]][1])
    return list(pairwise(borders[::-1]))


def _part_cost(length_ms: int, rules: SegmentationRules) -> float:
    """Return 0 for a length midway between the limits, 0.5 at the limits, and 2 more under the lower limit."""
    middle, reach = (rules.min_ms + rules.max_ms) / 2, (rules.max_ms - rules.min_ms) / 2
    return 0.5 * ((length_ms - middle) / reach) ** 2 + (2.0 if length_ms < rules.min_ms else 0.0)


def _cut_cost(words: Sequence[TimedWord], at: int, rules: SegmentationRules, language: str) -> float:
    """Return 2 for a cut in the flow of speech, down to 0 at a pause after a comma."""
    before, following = words[at - 1], words[at]
    pause = min(1.0, _gap(words, at) / max(1, rules.pause_ms))
    clause = ends_clause(before.text) or before.ends_phrase
    conjunction = is_conjunction(following.text, language)
    return 2.0 - pause - 0.7 * clause - 0.3 * conjunction


def _joined(words: Sequence[TimedWord], ranges: Sequence[WordRange], rules: SegmentationRules) -> list[WordRange]:
    """Join ranges shorter than ``min_ms`` to the nearer neighbour of their sentence with room."""
    result: list[WordRange] = []
    waiting = list(reversed(ranges))
    while waiting:
        word_range = waiting.pop()
        before = _join(words, result[-1], word_range, rules) if result else None
        behind = _join(words, word_range, waiting[-1], rules) if waiting else None
        if _length(words, word_range) >= rules.min_ms or not (before or behind):
            result.append(word_range)
        elif before and (behind is None or _gap(words, word_range[0]) <= _gap(words, word_range[1])):
            result[-1] = before
        elif behind:
            waiting[-1] = behind
    return result


def _join(words: Sequence[TimedWord], left: WordRange, right: WordRange, rules: SegmentationRules) -> WordRange | None:
    """Return two neighbours as one range, or None if they must stay apart."""
    at = right[0]
    both = (left[0], right[1])
    near = _gap(words, at) <= rules.merge_gap_ms
    fits = near and _length(words, both) <= rules.max_ms and not _is_border(words, at)
    return both if fits else None


def _intervals(
    words: Sequence[TimedWord], ranges: Sequence[WordRange], speech: Sequence[Interval], rules: SegmentationRules
) -> list[Interval]:
    """Return the time of each range, widened to edges of speech within ``snap_ms`` but never over ``max_ms``."""
    starts = [region.start_ms for region in speech]
    ends = [region.end_ms for region in speech]
    result: list[Interval] = []
    for first, after in ranges:
        start, end = words[first].start_ms, words[after - 1].end_ms
        floor = max(result[-1].end_ms if result else 0, start - rules.snap_ms, min(start, end - rules.max_ms))
        start = min((edge for edge in starts if floor <= edge <= start), default=start)
        ceiling = words[after].start_ms if after < len(words) else words[after - 1].end_ms + rules.snap_ms
        ceiling = min(ceiling, end + rules.snap_ms, max(end, start + rules.max_ms))
        end = max((edge for edge in ends if end <= edge <= ceiling), default=end)
        result.append(Interval(start_ms=start, end_ms=end))
    return result
