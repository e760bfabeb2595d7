"""How well lines fit their time in a longer programme: acted dialogue of a game, in scenes of many short sentences.

    apt-get download flight-of-the-amazon-queen
    dpkg -x flight-of-the-amazon-queen_*.deb build/dialogue
    make quality PARTS=dialogue

The game (1995, John Passfield and Steven Stamatiadis; its licence allows to distribute and to modify it) is voiced, a
clip a sentence, 11 kHz MP3. Actors speak at the pace of talk, some with accents put on; the pauses are made here, since
the game waits for its pictures: so this is a hard case for time, and neither a talk nor a film.
"""

from __future__ import annotations

import io
import struct
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.quality.sample_dub import dubbed
from benchmarks.quality.timing import MEANING as FIGURES
from benchmarks.quality.timing import figures_of

TITLE = "Lines in their time, a longer programme (acted dialogue of a game, English to Brazilian Portuguese)"
MEANING = {"minutes": "length of the programme", "clips": "recorded sentences in it", **FIGURES}
FOLDER = Path(__file__).parents[2] / "build" / "dialogue"
DATA = FOLDER / "usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"
SCENES = ("C70D", "C18A", "C18B")
"""Long scenes of several people each; the first is how the story begins."""
RATE_HZ = 48_000
LEAD_IN_S = 1.0
SENTENCE_S, TURN_S, SCENE_S = 0.25, 0.4, 1.5
"""Pauses between sentences of one turn, between turns (either is short for talk) and between scenes."""
EDGE = 0.02
"""Share of a clip's level under which its ends are silence."""


def measure(folder: Path) -> dict:
    if not DATA.is_file():
        sys.exit(f"there is no dialogue in {FOLDER}: the head of {__file__} says how to get it")
    names, track = programme()
    path = folder / "dialogue.flac"
    write(path, track)
    document = dubbed(path, folder)
    return {"minutes": round(len(track) / RATE_HZ / 60, 1), "clips": len(names), **figures_of(document, folder)}


def programme() -> tuple[list[str], np.ndarray]:
    """The names of the clips in it, and the sound of the scenes one after the other: mono, 48 kHz."""
    with DATA.open("rb") as file:
        entries = contents(file)
        names = sorted(name for name in entries if name.startswith(SCENES) and name.endswith(".SB"))
        names.sort(key=lambda name: SCENES.index(name[:4]))
        clips = [spoken(file, *entries[name]) for name in names]
    pieces = [silence(LEAD_IN_S)]
    for clip, (name, following) in zip(clips, pairwise([*names, ""]), strict=True):
        same = next((at for at, (one, other) in enumerate(zip(name, following, strict=False)) if one != other), 0)
        pieces += [clip, silence(SCENE_S if same < 4 else SENTENCE_S if same == 7 else TURN_S)]
    return names, np.concatenate(pieces)


def contents(file) -> dict[str, tuple[int, int]]:
    """Where each file of the game's one is, and its length in bytes, by name."""
    file.seek(12)
    _, count = struct.unpack(">BH", file.read(3))
    entries = (struct.unpack(">12sBII", file.read(21)) for _ in range(count))
    return {name.rstrip(b"\0").decode("ascii"): (offset, size) for name, _, offset, size in entries}


def spoken(file, offset: int, size: int) -> np.ndarray:
    """A clip without the silence at its ends."""
    import av
    import soxr

    file.seek(offset)
    with av.open(io.BytesIO(file.read(size))) as container:
        own_rate = container.streams.audio[0].rate
        frames = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    samples = soxr.resample(np.concatenate(frames).astype(np.float32), own_rate, RATE_HZ)
    blocks = samples[: len(samples) // 480 * 480].reshape(-1, 480)
    level = np.sqrt(np.square(blocks).mean(axis=1))
    loud = np.flatnonzero(level > EDGE * level.max())
    return samples[loud[0] * 480 : (loud[-1] + 1) * 480]


def silence(time_s: float) -> np.ndarray:
    return np.zeros(round(time_s * RATE_HZ), np.float32)


def write(path: Path, track: np.ndarray) -> None:
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.repeat(track[:, np.newaxis], 2, axis=1), RATE_HZ)
