"""Times of the words of a known text, by the cross-attention of a Whisper model that is forced to decode it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.engines.whisper.model import Track

_HOP_FRAMES = 160
_MOST_TOKENS = 400
"""Longer texts do not fit into the decoder's context of 448 tokens."""


def align_words(model: Any, text: str, track: Track, chunk: Interval, code: str) -> tuple[RecognisedWord, ...]:
    """Return the words of a text, as spaces divide it, with times in the programme; empty if it is too long.

    ``model`` is faster-whisper's ``WhisperModel``, ``code`` Whisper's code of the language.
    """
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer

    tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=code)
    tokens = [token for token in tokenizer.encode(f" {text}") if token < tokenizer.eot]
    if not tokens or len(tokens) > _MOST_TOKENS:
        return ()
    encoded = model.encode(pad_or_trim(model.feature_extractor(track)))
    (pieces,) = model.find_alignment(tokenizer, [tokens], encoded, len(track) // _HOP_FRAMES)
    return _words(text, pieces, chunk)


def _words(text: str, pieces: Sequence[dict[str, Any]], chunk: Interval) -> tuple[RecognisedWord, ...]:
    """Return words by the pieces that their first and last letter lie in; pieces together are the text."""
    letters = [piece["word"].replace(" ", "") for piece in pieces]
    ends = list(accumulate(map(len, letters)))
    words, at = [], 0
    for word in text.split():
        inside = [
            piece
            for piece, piece_letters, end in zip(pieces, letters, ends, strict=True)
            if end > at and end - len(piece_letters) < at + len(word)
        ]
        at += len(word)
        words.append(_word(word, inside, chunk))
    return tuple(words)


def _word(text: str, pieces: Sequence[dict[str, Any]], chunk: Interval) -> RecognisedWord:
    sounding = [piece for piece in pieces if any(map(str.isalnum, piece["word"]))] or pieces
    if not sounding:
        return RecognisedWord(text=text, start_ms=None, end_ms=None, probability=None)
    start_ms = chunk.start_ms + round(1000 * float(sounding[0]["start"]))
    end_ms = min(chunk.end_ms, chunk.start_ms + round(1000 * float(sounding[-1]["end"])))
    is_timed = start_ms < end_ms
    return RecognisedWord(
        text=text,
        start_ms=start_ms if is_timed else None,
        end_ms=end_ms if is_timed else None,
        probability=min(1.0, max(0.0, min(float(piece["probability"]) for piece in sounding))),
    )
