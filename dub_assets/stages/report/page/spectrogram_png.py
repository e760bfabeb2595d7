"""PNG images of spectrograms, with a palette, written with the standard library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from dub_assets.stages.report.values import SHADES, TrackImage

Colour = tuple[int, int, int]

TILE_COLUMNS = 4096
"""Width of a tile; browsers do not draw wider images reliably."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ANCHORS: tuple[Colour, ...] = (
    (13, 15, 24),
    (48, 24, 96),
    (128, 38, 120),
    (212, 72, 88),
    (250, 146, 72),
    (253, 231, 160),
)
"""Colours at equal distances: near black, violet, orange, pale yellow. Lightness increases monotonically."""


def png_tiles(image: TrackImage) -> Iterator[bytes]:
    """Yield the shades of a track as PNG images of at most ``TILE_COLUMNS`` columns, from left to right."""
    for first in range(0, image.columns, TILE_COLUMNS):
        width = min(TILE_COLUMNS, image.columns - first)
        rows = [image.shades[row * image.columns + first :][:width] for row in range(image.bands)]
        yield png(b"".join(rows), width=width, height=image.bands, palette=PALETTE)


def png(pixels: bytes, *, width: int, height: int, palette: Sequence[Colour]) -> bytes:
    """Return an indexed PNG image: ``pixels`` are ``height`` rows of ``width`` bytes, each an index into the palette.

    Source: PNG, third edition, W3C 2025 (colour type 3, 8 bits, no filter). Raises ValueError if the sizes differ.
    """
    if len(pixels) != width * height or not 1 <= len(palette) <= 256:
        raise ValueError(f"{len(pixels)} pixels with {len(palette)} colours are not an image of {width} by {height}")
    rows = b"".join(b"\x00" + pixels[at : at + width] for at in range(0, len(pixels), width))
    colours = b"".join(struct.pack("BBB", *colour) for colour in palette)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _interpolated(position: float) -> Colour:
    """Return the colour at a position between the first (0) and the last (1) anchor."""
    at = min(int(position * (len(_ANCHORS) - 1)), len(_ANCHORS) - 2)
    fraction = position * (len(_ANCHORS) - 1) - at
    low, high = _ANCHORS[at], _ANCHORS[at + 1]
    red, green, blue = (round(a + (b - a) * fraction) for a, b in zip(low, high, strict=True))
    return red, green, blue


PALETTE: tuple[Colour, ...] = tuple(_interpolated(shade / (SHADES - 1)) for shade in range(SHADES))
