"""The vocabulary of a Marian model: a SentencePiece file, read for the pieces that a text is made of."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

END = 0
"""The piece that ends a sentence, ``</s>``."""

_SPACE = "▁"
_UNKNOWN = 1


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Pieces by number, with the logarithms of their probabilities, and the file's table for tidying characters."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    character_map: bytes

    def encode(self, text: str) -> list[int]:
        """The numbers of the likeliest pieces (unigram model) of a text, the end last."""
        numbers: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [*numbers, END]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of pieces."""
        return "".join(self.pieces[number] for number in numbers).replace(_SPACE, " ").strip()

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        tokenizer = Tokenizer(models.Unigram(list(zip(self.pieces, self.scores, strict=True)), unk_id=_UNKNOWN))
        if self.character_map:
            tokenizer.normalizer = normalizers.Precompiled(self.character_map)
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
        return tokenizer


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a ``.spm`` file (SentencePiece's ModelProto). Raises ValueError for anything else."""
    pieces: list[str] = []
    scores: list[float] = []
    character_map = b""
    try:
        for field, value in _fields(path.read_bytes()):
            if field == 1:  # SentencePiece: piece, score
                part = dict(_fields(value))
                pieces.append(part[1].decode())
                scores.append(struct.unpack("<f", part[2])[0])
            elif field == 3:  # NormalizerSpec: precompiled_charsmap
                character_map = dict(_fields(value)).get(2, b"")
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError(f"{path.name} is no SentencePiece model") from error
    if len(pieces) <= _UNKNOWN:
        raise ValueError(f"{path.name} is no SentencePiece model")
    return Vocabulary(pieces=tuple(pieces), scores=tuple(scores), character_map=character_map)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protocol buffer message, by number; numbers as the bytes they were written with."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            begin = at
            _, at = _varint(message, at)
        else:
            length, begin = _varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            at = begin + length
        if at > len(message):
            raise IndexError(at)
        yield key >> 3, message[begin:at]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
