"""The sample's moving pictures: a disc that crosses a gradient, and marks that show whether sound and picture agree.

Every frame shows its number twice (digits, and squares that a program can read), the speech as a row of bars that is
bright up to the current time, and a bright border for half a second from the start of each event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample.timeline import FRAME_MS, FRAME_RATE, Event

Plane = NDArray[np.uint8]

WIDTH, HEIGHT = 1_280, 720
WHITE, GREY, DARK = 222, 84, 20
DISC_RADIUS, DISC_ROW = 60, 300
BORDER, BORDER_FRAMES = 16, 14
BIT_SIZE, BITS = 12, 12
BITS_LEFT, BITS_TOP = WIDTH - 40 - BITS * BIT_SIZE, 72
BARS, BAR_PITCH, BARS_LEFT, BARS_MIDDLE, BARS_REACH = 300, 4, 40, 640, 30

DIGITS = {
    "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010204081F", "3": "1F02040201110E", "4": "02060A121F0202",
    "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E", "9": "0E11110F01020C",
    ":": "000C0C000C0C00", ".": "0000000000000C",
}  # fmt: skip
"""Seven rows of five pixels each, one byte a row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """The speech's envelope (``BARS`` values from 0 to 1) and the events that the pictures show."""

    duration_ms: int
    envelope: NDArray[np.float32]
    events: tuple[Event, ...]


class Painter:
    """Paints the frames of a scene into one buffer of shape ``(HEIGHT * 3 / 2, WIDTH)``, YUV 4:2:0."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._frames = scene.duration_ms // FRAME_MS
        self.buffer: Plane = np.empty((HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
        self.buffer[HEIGHT : HEIGHT * 5 // 4], self.buffer[HEIGHT * 5 // 4 :] = 140, 118  # U and V: a dull blue
        self._backdrop = np.linspace(48, 116, HEIGHT).astype(np.uint8)[:, None]
        heights = np.repeat(np.round(scene.envelope * BARS_REACH), BAR_PITCH)
        heights[::BAR_PITCH] = 0
        self._bars = np.abs(np.arange(-BARS_REACH, BARS_REACH))[:, None] <= heights
        self._signs = {sign: _dots(rows) for sign, rows in DIGITS.items()}

    def frames(self, first: int, last: int) -> Iterator[Plane]:
        """Yield the frames ``first`` to ``last - 1``; each is valid until the next one is requested."""
        luma = self.buffer[:HEIGHT]
        for number in range(first, last):
            luma[:] = self._backdrop
            self._paint_border(luma, number)
            self._paint_disc(luma, number)
            self._paint_bars(luma, number)
            self._paint_number(luma, number)
            yield self.buffer

    def _paint_border(self, luma: Plane, number: int) -> None:
        begins = [event.interval.start_ms // FRAME_MS for event in self._scene.events]
        if any(0 <= number - start < BORDER_FRAMES for start in begins):
            luma[:BORDER] = luma[-BORDER:] = luma[:, :BORDER] = luma[:, -BORDER:] = WHITE

    def _paint_disc(self, luma: Plane, number: int) -> None:
        column = DISC_RADIUS + (WIDTH - 2 * DISC_RADIUS) * number // self._frames
        rows, columns = np.ogrid[-DISC_RADIUS:DISC_RADIUS, -DISC_RADIUS:DISC_RADIUS]
        square = luma[DISC_ROW - DISC_RADIUS : DISC_ROW + DISC_RADIUS, column - DISC_RADIUS : column + DISC_RADIUS]
        np.copyto(square, np.uint8(190), where=np.hypot(rows + 0.5, columns + 0.5) < DISC_RADIUS)

    def _paint_bars(self, luma: Plane, number: int) -> None:
        played = BARS * BAR_PITCH * number // self._frames
        area = luma[BARS_MIDDLE - BARS_REACH : BARS_MIDDLE + BARS_REACH, BARS_LEFT : BARS_LEFT + BARS * BAR_PITCH]
        np.copyto(area[:, :played], np.uint8(WHITE), where=self._bars[:, :played])
        np.copyto(area[:, played:], np.uint8(GREY), where=self._bars[:, played:])

    def _paint_number(self, luma: Plane, number: int) -> None:
        seconds, frame = divmod(number, FRAME_RATE)
        self._write(luma, f"{seconds // 60:02}:{seconds % 60:02}.{frame * FRAME_MS:03}", left=40)
        self._write(luma, f"{number:06}", left=WIDTH - 40 - 6 * 18)
        bits = (number >> np.arange(BITS - 1, -1, -1)) & 1
        squares = np.repeat(np.where(bits, WHITE, DARK), BIT_SIZE)
        luma[BITS_TOP : BITS_TOP + BIT_SIZE, BITS_LEFT : BITS_LEFT + BITS * BIT_SIZE] = squares

    def _write(self, luma: Plane, text: str, left: int) -> None:
        """Write text in white pixels of three by three, 18 columns a character."""
        for place, sign in enumerate(text):
            column = left + 18 * place
            np.copyto(luma[40:61, column : column + 15], np.uint8(WHITE), where=self._signs[sign])


def frame_number(luma: Plane) -> int:
    """Return the number that the squares of a decoded frame show."""
    middle = BITS_TOP + BIT_SIZE // 2
    columns = BITS_LEFT + BIT_SIZE // 2 + BIT_SIZE * np.arange(BITS)
    return int(((luma[middle, columns] > 128) << np.arange(BITS - 1, -1, -1)).sum())


def _dots(rows: str) -> NDArray[np.bool_]:
    """Return the pixels of a character, three by three for each dot of its rows."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(rows), np.uint8)[:, None], axis=1)[:, 3:]
    return np.repeat(np.repeat(bits.astype(bool), 3, axis=0), 3, axis=1)
