"""The still parts that the sample's pictures are moved together from: sky, sun, clouds, hills and trees.

Planes are limited-range BT.709 (Y 16-235, U and V 16-240), uint8; U and V have half the size in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)
Colour = tuple[float, float, float]
"""Red, green, blue, 0-255."""

WIDTH = 1_280
HEIGHT = 720
SUN_RADIUS = 46
SUN_COLOUR: Colour = (255.0, 218.0, 142.0)
PERIOD = 2_560
"""Every moving layer repeats after this many columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A silhouette that drifts by: planes and masks of its ragged rows, colours of the rows under them.

    ``planes`` and ``masks`` are those of Y, U and V, ``PERIOD + WIDTH`` columns (half in U and V) from row ``top``;
    ``below`` are the three values of each row from the ragged part's end to the bottom. ``speed`` is columns a frame.
    """

    top: int
    planes: tuple[Plane, Plane, Plane]
    masks: tuple[Mask, Mask, Mask]
    below: tuple[Plane, Plane, Plane]
    speed: float


def yuv(colour: Colour) -> tuple[float, float, float]:
    """A colour as Y, U, V (ITU-R BT.709, limited range)."""
    red, green, blue = (value / 255 for value in colour)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def gradient(stops: tuple[tuple[int, Colour], ...], rows: NDArray[np.int_]) -> NDArray[np.float64]:
    """Y, U and V of each row, shape ``(3, rows)``, between stops given as (row, colour)."""
    places = [row for row, _ in stops]
    values = np.array([yuv(colour) for _, colour in stops])
    return np.array([np.interp(rows, places, values[:, component]) for component in range(3)])


def sky() -> tuple[Plane, Plane, Plane]:
    """A clear dawn without its sun: deep blue above, apricot where the hills begin; dithered against banding."""
    stops = (
        (0, (38.0, 46.0, 92.0)),
        (230, (110.0, 92.0, 142.0)),
        (400, (206.0, 140.0, 130.0)),
        (520, (226.0, 170.0, 128.0)),
    )
    rng = np.random.default_rng(25)
    planes = []
    for component, scale in ((0, 1), (1, 2), (2, 2)):
        values = gradient(stops, np.arange(0, HEIGHT, scale))[component]
        dither = rng.random((HEIGHT // scale, WIDTH // scale))
        planes.append((values[:, None] + dither).astype(np.uint8))
    return planes[0], planes[1], planes[2]


def glow() -> tuple[Plane, Plane, Plane]:
    """What the sun adds to Y, takes from U, adds to V around it: planes twice a frame's size, the sun in the middle."""
    rows, columns = np.ogrid[-HEIGHT:HEIGHT, -WIDTH:WIDTH]
    distance = np.hypot(rows, columns)
    luma = 52 * np.exp(-distance / 150)
    blue_less = (22 * np.exp(-distance / 190))[::2, ::2]
    red_more = (14 * np.exp(-distance / 220))[::2, ::2]
    return luma.astype(np.uint8), blue_less.astype(np.uint8), red_more.astype(np.uint8)


def disc() -> Mask:
    """The sun itself: a square of ``2 * SUN_RADIUS`` rows and columns."""
    rows, columns = np.ogrid[-SUN_RADIUS:SUN_RADIUS, -SUN_RADIUS:SUN_RADIUS]
    inside: Mask = np.hypot(rows + 0.5, columns + 0.5) < SUN_RADIUS
    return inside


def clouds() -> Plane:
    """What thin streaks of cloud add to Y: 150 rows, ``PERIOD + WIDTH`` columns."""
    rng = np.random.default_rng(7)
    rows = np.arange(150)[:, None]
    columns = np.arange(PERIOD)[None, :]
    streaks = np.zeros((150, PERIOD))
    for _ in range(34):
        row, column = rng.uniform(15, 135), rng.uniform(0, PERIOD)
        height, width = rng.uniform(3, 9), rng.uniform(70, 260)
        across = (columns - column + PERIOD / 2) % PERIOD - PERIOD / 2
        streaks += rng.uniform(0.3, 1) * np.exp(-(((rows - row) / height) ** 2) - (across / width) ** 2)
    return _tiled((22 * np.tanh(streaks)).astype(np.uint8))


def hills() -> tuple[Layer, ...]:
    """Three ranges of hills, paler and slower the farther they are, and a wood in front of them."""
    far, middle = _ridge(seed=3, base=430, swing=52, rough=1.0), _ridge(seed=11, base=500, swing=44, rough=0.7)
    near = _ridge(seed=5, base=566, swing=32, rough=0.5)
    return (
        _layer(far, ((360, (168.0, 122.0, 140.0)), (560, (214.0, 160.0, 142.0))), speed=0.25),
        _layer(middle, ((440, (104.0, 82.0, 118.0)), (620, (160.0, 116.0, 130.0))), speed=0.5),
        _layer(near, ((520, (54.0, 50.0, 84.0)), (680, (88.0, 72.0, 102.0))), speed=1.0),
        _layer(_wood(), ((520, (16.0, 20.0, 38.0)), (720, (22.0, 24.0, 40.0))), speed=2.0),
    )


def _ridge(*, seed: int, base: float, swing: float, rough: float) -> NDArray[np.float64]:
    """Row of a range's edge in each column of a period: a few waves and finer ones."""
    rng = np.random.default_rng(seed)
    turn = 2 * np.pi * np.arange(PERIOD) / PERIOD
    edge = np.zeros(PERIOD)
    for wave in (2, 3, 5, 8, 13, 21, 34, 55, 89, 144):
        edge += rng.uniform(0.6, 1) * wave ** -(1.35 - 0.25 * rough) * np.sin(wave * turn + rng.uniform(0, 2 * np.pi))
    result: NDArray[np.float64] = base - swing * edge / np.abs(edge).max()
    return result


def _wood() -> NDArray[np.float64]:
    """Row of the edge of a wood of firs on gently rolling ground."""
    rng = np.random.default_rng(42)
    columns = np.arange(PERIOD)
    edge = 642 + 8 * np.sin(2 * np.pi * 3 * columns / PERIOD)
    for _ in range(130):
        tip, half_width = rng.uniform(36, 96), rng.uniform(9, 17)
        across = np.abs((columns - rng.uniform(0, PERIOD) + PERIOD / 2) % PERIOD - PERIOD / 2)
        boughs = 5 * (1 - (across / half_width * 4) % 1)
        fir = np.where(across < half_width, tip * (1 - across / half_width) + boughs, 0)
        edge = np.minimum(edge, 650 - fir)
    return edge


def _layer(edge: NDArray[np.float64], colours: tuple[tuple[int, Colour], ...], speed: float) -> Layer:
    """A silhouette below an edge, filled with a gradient."""
    top = int(edge.min()) // 2 * 2
    end = int(edge.max() + 2) // 2 * 2
    planes, masks, below = [], [], []
    for component, scale in ((0, 1), (1, 2), (2, 2)):
        rows = np.arange(0, HEIGHT, scale)
        values = gradient(colours, rows)[component].round().astype(np.uint8)
        ragged = rows[top // scale : end // scale]
        mask = _tiled(ragged[:, None] >= edge[None, ::scale], scale)
        masks.append(mask)
        planes.append(np.broadcast_to(values[top // scale : end // scale, None], mask.shape).copy())
        below.append(values[end // scale :, None])
    return Layer(
        top=top,
        planes=(planes[0], planes[1], planes[2]),
        masks=(masks[0], masks[1], masks[2]),
        below=(below[0], below[1], below[2]),
        speed=speed,
    )


def _tiled(picture: NDArray[Value], scale: int = 1) -> NDArray[Value]:
    """A period with the beginning of the next, so that any window of a frame's width can be cut out."""
    return np.concatenate([picture, picture[:, : WIDTH // scale]], axis=1)
