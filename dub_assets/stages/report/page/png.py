"""PNG pictures with a palette, by the standard library alone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(pixels: bytes, *, width: int, height: int, palette: Sequence[Colour]) -> bytes:
    """An indexed picture: ``pixels`` are ``height`` rows of ``width`` bytes, each an index into the palette.

    Source: PNG, third edition, W3C 2025 (colour type 3, 8 bits, no filter). Raises ValueError where the sizes differ.
    """
    if len(pixels) != width * height or not 1 <= len(palette) <= 256:
        raise ValueError(f"{len(pixels)} pixels with {len(palette)} colours are no picture of {width} by {height}")
    rows = b"".join(b"\x00" + pixels[at : at + width] for at in range(0, len(pixels), width))
    colours = b"".join(struct.pack("BBB", *colour) for colour in palette)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
