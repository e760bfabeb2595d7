"""The sample's moving pictures: a sunrise over drifting hills, with marks that show whether sound and picture agree.

Every frame carries its number twice (digits, and squares that a program can read), the speech as a progress bar, and a
ring around the sun for half a second from the start of each event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample.landscape import (
    HEIGHT,
    PERIOD,
    SUN_COLOUR,
    SUN_RADIUS,
    WIDTH,
    Layer,
    Plane,
    clouds,
    disc,
    glow,
    hills,
    sky,
    yuv,
)
from sample.timeline import FRAME_MS, FRAME_RATE, Event

SUN_COLUMN = 860
SUN_ROWS = (438, 236)
"""Where the sun stands in the first and in the last frame."""

CLOUD_TOP = 70
RING_FRAMES = 14
WHITE = 222

BIT_SIZE = 12
BITS = 12
BITS_LEFT = WIDTH - 40 - BITS * BIT_SIZE
BITS_TOP = 72

BARS = 300
BAR_PITCH = 4
BARS_LEFT = 40
BARS_MIDDLE = 684
BARS_REACH = 18

DIGITS = {
    "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010204081F", "3": "1F02040201110E", "4": "02060A121F0202",
    "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E", "9": "0E11110F01020C",
    ":": "000C0C000C0C00", ".": "0000000000000C",
}  # fmt: skip
"""Seven rows of five pixels each, a byte a row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What the pictures show beside the landscape: the speech's envelope (``BARS`` values, 0-1) and the events."""

    duration_ms: int
    envelope: NDArray[np.float32]
    events: tuple[Event, ...]


class Painter:
    """Paints the frames of a scene into one buffer of shape ``(HEIGHT * 3 / 2, WIDTH)``, YUV 4:2:0."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._frames = scene.duration_ms // FRAME_MS
        self._sky, self._glow, self._disc, self._clouds, self._hills = sky(), glow(), disc(), clouds(), hills()
        self._bars = _bars(scene)
        self._signs = {sign: _dots(rows) for sign, rows in DIGITS.items()}
        self._sky_rows = self._hills[0].top + len(self._hills[0].planes[0])
        self.buffer: Plane = np.empty((HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
        quarter = self.buffer[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        self._planes = (self.buffer[:HEIGHT], quarter[0], quarter[1])

    def frames(self, first: int, last: int) -> Iterator[Plane]:
        """The frames ``first`` to ``last - 1``; each is valid until the next is asked for."""
        for number in range(first, last):
            self._paint_sky(number)
            for layer in self._hills:
                self._paint_layer(layer, number)
            self._paint_bars(number)
            self._paint_marks(number)
            yield self.buffer

    def _paint_sky(self, number: int) -> None:
        start, end = SUN_ROWS
        sun_row = round(start + (end - start) * number / self._frames) // 2 * 2
        for plane, backdrop, light, scale in zip(self._planes, self._sky, self._glow, (1, 2, 2), strict=True):
            rows = slice(0, self._sky_rows // scale)
            top, left = (HEIGHT - sun_row) // scale, (WIDTH - SUN_COLUMN) // scale
            window = light[top : top + rows.stop, left : left + WIDTH // scale]
            combine = np.subtract if plane is self._planes[1] else np.add
            combine(backdrop[rows], window, out=plane[rows])
        self._paint_sun(sun_row)
        luma = self._planes[0]
        drift = number // 2 % PERIOD
        luma[CLOUD_TOP : CLOUD_TOP + len(self._clouds)] += self._clouds[:, drift : drift + WIDTH]
        self._paint_ring(number, sun_row)

    def _paint_sun(self, sun_row: int) -> None:
        for plane, value, scale in zip(self._planes, yuv(SUN_COLOUR), (1, 2, 2), strict=True):
            top, left = (sun_row - SUN_RADIUS) // scale, (SUN_COLUMN - SUN_RADIUS) // scale
            square = plane[top : top + 2 * SUN_RADIUS // scale, left : left + 2 * SUN_RADIUS // scale]
            np.copyto(square, np.uint8(value), where=self._disc[::scale, ::scale])

    def _paint_ring(self, number: int, sun_row: int) -> None:
        """A ring that grows around the sun when an event begins."""
        for event in self._scene.events:
            age = number - event.interval.start_ms // FRAME_MS
            if 0 <= age < RING_FRAMES:
                rows, columns = np.ogrid[-sun_row : self._sky_rows - sun_row, -SUN_COLUMN : WIDTH - SUN_COLUMN]
                distance = np.abs(np.hypot(rows, columns) - 60 - 9 * age)
                light = 90 * (1 - age / RING_FRAMES) * np.clip(1.5 - distance / 5, 0, 1)
                luma = self._planes[0][: self._sky_rows]
                np.copyto(luma, np.minimum(luma + light, 235).astype(np.uint8))

    def _paint_layer(self, layer: Layer, number: int) -> None:
        offset = int(layer.speed * number) % PERIOD // 2 * 2
        parts = zip(self._planes, layer.planes, layer.masks, layer.below, (1, 2, 2), strict=True)
        for plane, picture, mask, below, scale in parts:
            window = slice(offset // scale, offset // scale + WIDTH // scale)
            top, end = layer.top // scale, layer.top // scale + len(picture)
            np.copyto(plane[top:end], picture[:, window], where=mask[:, window])
            plane[end:] = below

    def _paint_bars(self, number: int) -> None:
        """The speech as a row of bars, bright as far as it has been played."""
        played = BARS_LEFT + BARS * BAR_PITCH * number // self._frames
        luma = self._planes[0]
        for values, columns in ((WHITE, slice(BARS_LEFT, played)), (84, slice(played, WIDTH - BARS_LEFT))):
            strip = luma[BARS_MIDDLE - BARS_REACH : BARS_MIDDLE + BARS_REACH, columns]
            shown = self._bars[:, columns.start - BARS_LEFT : columns.stop - BARS_LEFT]
            np.copyto(strip, np.uint8(values), where=shown)

    def _paint_marks(self, number: int) -> None:
        """Time and frame number, in digits and in squares."""
        seconds, frame = divmod(number, FRAME_RATE)
        self._write(f"{seconds // 60:02}:{seconds % 60:02}.{frame * FRAME_MS:03}", left=40)
        self._write(f"{number:06}", left=WIDTH - 40 - 6 * 18)
        bits = (number >> np.arange(BITS - 1, -1, -1)) & 1
        squares = np.repeat(np.where(bits, WHITE, 20), BIT_SIZE)
        self._planes[0][BITS_TOP : BITS_TOP + BIT_SIZE, BITS_LEFT : BITS_LEFT + BITS * BIT_SIZE] = squares

    def _write(self, text: str, left: int) -> None:
        """Text in white pixels of three by three, 18 columns a sign."""
        for place, sign in enumerate(text):
            column = left + 18 * place
            np.copyto(self._planes[0][40:61, column : column + 15], np.uint8(WHITE), where=self._signs[sign])


def frame_number(luma: Plane) -> int:
    """The number that a decoded frame's squares show."""
    middle = BITS_TOP + BIT_SIZE // 2
    columns = BITS_LEFT + BIT_SIZE // 2 + BIT_SIZE * np.arange(BITS)
    lit = luma[middle, columns] > 128
    return int(lit @ (1 << np.arange(BITS - 1, -1, -1)))


def _dots(rows: str) -> NDArray[np.bool_]:
    """Where a sign is white: 21 rows, 15 columns."""
    packed = np.frombuffer(bytes.fromhex(rows), dtype=np.uint8)[:, None]
    return np.kron(np.unpackbits(packed, axis=1)[:, 3:], np.ones((3, 3), dtype=np.uint8)).astype(bool)


def _bars(scene: Scene) -> NDArray[np.bool_]:
    """Where the bars are: ``2 * BARS_REACH`` rows, ``BARS * BAR_PITCH`` columns."""
    heights = np.maximum(np.sqrt(scene.envelope) * BARS_REACH, 1)
    rows = np.abs(np.arange(-BARS_REACH, BARS_REACH) + 0.5)
    wide = np.repeat(heights, BAR_PITCH)
    gaps = np.arange(wide.size) % BAR_PITCH == BAR_PITCH - 1
    shown: NDArray[np.bool_] = (rows[:, None] < wide[None, :]) & ~gaps[None, :]
    return shown
