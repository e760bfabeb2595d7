"""Recognised words: from words timed inside a chunk to words of the programme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkWord:
    """A word or part of a word, timed in seconds from the start of its chunk.

    ``text`` begins with a space if it begins a new word, as Whisper's tokens do.
    """

    text: str
    start_s: float
    end_s: float
    probability: float


def words_of_segment(segment: Any, window_start_s: float) -> list[ChunkWord]:
    """Return the words of a faster-whisper segment, whose times count from ``window_start_s`` before the chunk."""
    return [
        ChunkWord(
            text=word.word,
            start_s=float(word.start) - window_start_s,
            end_s=float(word.end) - window_start_s,
            probability=float(word.probability),
        )
        for word in segment.words
    ]


def words_of_programme(words: Iterable[ChunkWord], chunk: Interval, language: str) -> tuple[RecognisedWord, ...]:
    """Return whole words with times in the programme: in order, inside the chunk, each at least 1 ms long.

    A word without such an interval gets no times. Parts of words and punctuation are joined to the word before;
    leading punctuation is dropped. The last word ends a phrase, because chunks are cut at pauses.
    """
    recognised: list[RecognisedWord] = []
    earliest_ms = chunk.start_ms
    for word in _whole_words(words, has_spaces=language not in LANGUAGES_WITHOUT_SPACES):
        start_ms = max(chunk.start_ms + round(word.start_s * 1000), earliest_ms)
        end_ms = min(chunk.start_ms + round(word.end_s * 1000), chunk.end_ms)
        is_timed = start_ms < end_ms
        earliest_ms = end_ms if is_timed else earliest_ms
        recognised.append(
            RecognisedWord(
                text=word.text,
                start_ms=start_ms if is_timed else None,
                end_ms=end_ms if is_timed else None,
                probability=min(1.0, max(0.0, word.probability)),
            )
        )
    return (*recognised[:-1], replace(recognised[-1], ends_phrase=True)) if recognised else ()


def _whole_words(parts: Iterable[ChunkWord], *, has_spaces: bool) -> list[ChunkWord]:
    words: list[ChunkWord] = []
    for part in parts:
        text = part.text.strip()
        continues = not any(map(str.isalnum, text)) or (has_spaces and not part.text.startswith(" "))
        if words and continues:
            last = words[-1]
            words[-1] = replace(
                last,
                text=last.text + text,
                end_s=max(last.end_s, part.end_s),
                probability=min(last.probability, part.probability),
            )
        elif any(map(str.isalnum, text)):
            words.append(replace(part, text=text))
    return words
