"""Timing of lines in a longer programme: acted dialogue of a game, in scenes of many short sentences.

    apt-get download flight-of-the-amazon-queen
    dpkg -x flight-of-the-amazon-queen_*.deb build/dialogue
    make quality PARTS=dialogue

The game (1995, John Passfield and Steven Stamatiadis; its licence permits distribution and modification) has one clip a
sentence, as MP3 of 11 kHz. The actors speak at the rate of conversation, some with accents. The pauses are added here,
because in the game they depend on the pictures. This makes timing harder than in a talk or a film.
"""

from __future__ import annotations

import io
import struct
import sys
from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np

from benchmarks.quality.sample_dub import dub_file
from benchmarks.quality.timing import MEANING as FIGURES
from benchmarks.quality.timing import figures_of

TITLE = "Timing of lines, a longer programme (acted dialogue of a game, English to Brazilian Portuguese)"
MEANING = {"minutes": "length of the programme", "clips": "recorded sentences in it", **FIGURES}
FOLDER = Path(__file__).parents[2] / "build" / "dialogue"
DATA = FOLDER / "usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"
SCENES = ("C70D", "C18A", "C18B")
"""Long scenes with several people; the first is the beginning of the story."""
RATE_HZ = 48_000
LEAD_IN_S = 1.0
SENTENCE_S, TURN_S, SCENE_S = 0.25, 0.4, 1.5
"""Pauses between sentences of a turn and between turns (both short for conversation), and between scenes."""
SILENCE_SHARE = 0.02
"""Share of a clip's maximum level below which its ends are cut off."""


def measure(folder: Path) -> dict:
    if not DATA.is_file():
        sys.exit(f"there is no dialogue in {FOLDER}: the docstring of {__file__} says how to get it")
    names, track = programme()
    path = folder / "dialogue.flac"
    write(path, track)
    document = dub_file(path, folder)
    return {"minutes": round(len(track) / RATE_HZ / 60, 1), "clips": len(names), **figures_of(document, folder)}


def programme() -> tuple[list[str], np.ndarray]:
    """Return the names of the clips, and the sound of the scenes in sequence: mono, 48 kHz."""
    with DATA.open("rb") as file:
        entries = read_index(file)
        names = sorted(name for name in entries if name.startswith(SCENES) and name.endswith(".SB"))
        names.sort(key=lambda name: SCENES.index(name[:4]))
        clips = [read_clip(file, *entries[name]) for name in names]
    parts = [silence(LEAD_IN_S)]
    for clip, (name, following) in zip(clips, pairwise([*names, ""]), strict=True):
        common = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(name, following, strict=False)))
        parts += [clip, silence(SCENE_S if common < 4 else SENTENCE_S if common == 7 else TURN_S)]
    return names, np.concatenate(parts)


def read_index(file) -> dict[str, tuple[int, int]]:
    """Return offset and length in bytes of each file inside the game's data file, by name."""
    file.seek(12)
    _, count = struct.unpack(">BH", file.read(3))
    entries = (struct.unpack(">12sBII", file.read(21)) for _ in range(count))
    return {name.rstrip(b"\0").decode("ascii"): (offset, size) for name, _, offset, size in entries}


def read_clip(file, offset: int, size: int) -> np.ndarray:
    """Return a clip without the silence at its ends."""
    import av
    import soxr

    file.seek(offset)
    with av.open(io.BytesIO(file.read(size))) as container:
        own_rate = container.streams.audio[0].rate
        frames = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    samples = soxr.resample(np.concatenate(frames).astype(np.float32), own_rate, RATE_HZ)
    blocks = samples[: len(samples) // 480 * 480].reshape(-1, 480)
    level = np.sqrt(np.square(blocks).mean(axis=1))
    loud = np.flatnonzero(level > SILENCE_SHARE * level.max())
    return samples[loud[0] * 480 : (loud[-1] + 1) * 480]


def silence(time_s: float) -> np.ndarray:
    return np.zeros(round(time_s * RATE_HZ), np.float32)


def write(path: Path, track: np.ndarray) -> None:
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.repeat(track[:, np.newaxis], 2, axis=1), RATE_HZ)
