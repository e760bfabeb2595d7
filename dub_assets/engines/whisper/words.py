"""Words as a recogniser hears them, made into words of the programme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval

UNSPACED_LANGUAGES = frozenset({"ja", "km", "lo", "my", "th", "zh"})
"""Languages written without spaces between words: there, no space before a word does not make it part of the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWord:
    """A word as the model writes it, a space before it where it begins a new one; times in seconds of its chunk."""

    text: str
    start_s: float
    end_s: float
    probability: float


def heard_words(segment: Any, offset_s: float) -> list[HeardWord]:
    """The words of a segment of faster-whisper's, ``offset_s`` earlier."""
    return [
        HeardWord(
            text=word.word,
            start_s=float(word.start) - offset_s,
            end_s=float(word.end) - offset_s,
            probability=float(word.probability),
        )
        for word in segment.words
    ]


def placed(heard: Iterable[HeardWord], chunk: Interval, language: str) -> tuple[RecognisedWord, ...]:
    """Words with times in the programme: in order, inside the chunk, each at least 1 ms long or without times.

    Punctuation and word parts are joined to the word before; punctuation before any word is dropped. The last word
    ends a phrase, since chunks are cut at pauses.
    """
    words: list[RecognisedWord] = []
    free_from_ms = chunk.start_ms
    for part in _joined(heard, spaced=language not in UNSPACED_LANGUAGES):
        start_ms = max(chunk.start_ms + round(part.start_s * 1000), free_from_ms)
        end_ms = min(chunk.start_ms + round(part.end_s * 1000), chunk.end_ms)
        timed = start_ms < end_ms
        free_from_ms = end_ms if timed else free_from_ms
        words.append(
            RecognisedWord(
                text=part.text,
                start_ms=start_ms if timed else None,
                end_ms=end_ms if timed else None,
                probability=min(1.0, max(0.0, part.probability)),
            )
        )
    return (*words[:-1], replace(words[-1], ends_phrase=True)) if words else ()


def _joined(heard: Iterable[HeardWord], *, spaced: bool) -> list[HeardWord]:
    words: list[HeardWord] = []
    for word in heard:
        text = word.text.strip()
        is_part = not any(map(str.isalnum, text)) or (spaced and not word.text.startswith(" "))
        if words and is_part:
            last = words[-1]
            words[-1] = replace(
                last,
                text=last.text + text,
                end_s=max(last.end_s, word.end_s),
                probability=min(last.probability, word.probability),
            )
        elif any(map(str.isalnum, text)):
            words.append(replace(word, text=text))
    return words
