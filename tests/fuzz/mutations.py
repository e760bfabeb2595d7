"""Mutations of a media file, drawn at random: of its pieces, of the numbers in them, and of any bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from fuzz.pieces import STRUCTURES, Piece

_MAX_MUTATIONS = 4
_NAN = struct.pack("<f", float("nan"))


def mutant(suffix: str, data: bytes, random: Random) -> bytes:
    """Return a mutant of a file: one to four mutations, most often one."""
    for _ in range(min(_MAX_MUTATIONS, 1 + int(random.expovariate(1.0)))):
        pieces = list(STRUCTURES[suffix](data))
        operation = random.choice(_OF_PIECES) if pieces and random.random() < 0.8 else random.choice(_OF_BYTES)
        data = operation(data, pieces, random) or data
    return data


def _replaced(data: bytes, start: int, end: int, content: bytes) -> bytes:
    return data[:start] + content + data[end:]


def _drop(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    piece = random.choice(pieces)
    return _replaced(data, piece.start, piece.end, b"")


def _repeat(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    piece = random.choice(pieces)
    return _replaced(data, piece.end, piece.end, data[piece.start : piece.end] * random.choice((1, 1, 2, 50)))


def _move(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    piece, target = random.choice(pieces), random.choice(pieces)
    content, rest = data[piece.start : piece.end], _replaced(data, piece.start, piece.end, b"")
    at = target.start if target.start <= piece.start else max(0, target.start - len(content))
    return _replaced(rest, at, at, content)


def _shorten(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    piece = random.choice(pieces)
    return _replaced(data, random.randint(piece.body, max(piece.body, piece.end)), piece.end, b"")


def _overwrite(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    piece = random.choice(pieces)
    length = max(0, piece.end - piece.body)
    content = random.choice((bytes(length), b"\xff" * length, random.randbytes(length), (_NAN * length)[:length]))
    return _replaced(data, piece.body, piece.body + length, content)


def _overwrite_many(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    """Destroy the content of a share of all pieces that have no pieces within."""
    share = random.choice((0.05, 0.3, 0.7))
    for piece in pieces:
        if piece.end - piece.body > 16 and random.random() < share:
            length = min(piece.end, len(data)) - piece.body - 8
            data = _replaced(data, piece.body + 8, piece.body + 8 + length, random.randbytes(max(0, length)))
    return data


def _number(data: bytes, pieces: list[Piece], random: Random) -> bytes:
    numbers = random.choice(pieces).numbers
    if not numbers:
        return data
    at, width = random.choice(numbers)
    order = random.choice(("big", "big", "little"))
    old, limit = int.from_bytes(data[at : at + width], order), 1 << 8 * width
    values = (0, 1, limit - 1, limit // 2, limit // 2 - 1, old + 1, old - 1, old * 2, old // 2, random.randrange(limit))
    return _replaced(data, at, at + width, (random.choice(values) % limit).to_bytes(width, order))


def _flip(data: bytes, _pieces: list[Piece], random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 64))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _run(data: bytes, _pieces: list[Piece], random: Random) -> bytes:
    start = random.randrange(len(data))
    length = min(len(data) - start, int(random.expovariate(1 / 200)) + 1)
    content = random.choice((b"", bytes(length), random.randbytes(length), random.randbytes(length) * 2))
    return _replaced(data, start, start + length, content)


def _cut(data: bytes, _pieces: list[Piece], random: Random) -> bytes:
    at = random.randrange(1, len(data))
    return data[:at] if random.random() < 0.7 else data[at:]


def _join(data: bytes, _pieces: list[Piece], _random: Random) -> bytes:
    return data + data


_Operation = Callable[[bytes, list[Piece], Random], bytes]
_OF_PIECES: tuple[_Operation, ...] = (
    _drop,
    _repeat,
    _move,
    _shorten,
    _overwrite,
    _overwrite_many,
    _number,
    _number,
    _number,
)
_OF_BYTES: tuple[_Operation, ...] = (_flip, _flip, _run, _run, _cut, _join)
