"""Recorded speech for the benchmarks: the actors of a game and the readers of telephone prompts.

    apt-get download flight-of-the-amazon-queen asterisk-core-sounds-{en,es,fr,it,ru}-wav asterisk-prompt-it-menardi-wav
    dpkg -x flight-of-the-amazon-queen_*.deb build/dialogue
    for package in asterisk-*.deb; do dpkg -x "$package" build/prompts; done

``dialogue.py`` describes the game. Its dialogues name the character who is spoken to, so each character's clips are
known. Some actors speak several characters, each in another voice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.quality.dialogue import DATA, read_clip, read_index

RATE_HZ = 48_000
PROMPTS = Path(__file__).parents[2] / "build" / "prompts" / "usr" / "share" / "asterisk" / "sounds"
PROMPT_RATE_HZ = 8_000
"""The prompts have the band of a telephone."""

Sex = Literal["female", "male"]

CHARACTERS: dict[str, tuple[Sex, tuple[int, ...]]] = {
    "Anderson": ("male", (2,)),
    "ape": ("male", (3, 4, 5)),
    "Bob": ("male", (6, 7, 67, 68, 77)),
    "Bud": ("male", (8, 9)),
    "chef": ("male", (10,)),
    "chief": ("male", (11, 75, 76)),
    "Death": ("male", (12, 13)),
    "Faye": ("female", (18, 20, 21, 22, 84)),
    "Frank": ("male", (23,)),
    "Henry": ("male", (24, 64)),
    "Ian": ("male", (15, 16)),
    "Jim": ("male", (25, 26, 70)),
    "John": ("male", (27,)),
    "Klunk": ("male", (28, 80)),
    "Lola": ("female", (31,)),
    "Lou": ("male", (33, 34)),
    "Naomi": ("female", (37, 38)),
    "princess": ("female", (17, 42, 45)),
    "Sparky": ("male", (51, 53, 55, 74)),
    "witch doctor": ("male", (59, 60, 83)),
}
"""Characters of the game with their sex and the numbers of their dialogues."""

READERS: dict[str, Sex] = {
    "en_US_f_Allison": "female",
    "fr_CA_f_June": "female",
    "it_IT_f_Menardi": "female",
    "it_IT_m_Carlo": "male",
    "ru_RU_f_IvrvoiceRU": "female",
}
"""The readers of prompts by folder. The Mexican prompts are left out: they are Allison's too."""


def clips_of(character: str, *, most: int) -> list[np.ndarray]:
    """Return the first clips of a character: mono, 48 kHz."""
    _, numbers = CHARACTERS[character]
    with _game() as file:
        entries = read_index(file)
        names = [name for name in sorted(entries) if _is_spoken_by(name, numbers)]
        return [read_clip(file, *entries[name]) for name in names[:most]]


def scenes(prefixes: tuple[str, ...]) -> Iterator[np.ndarray]:
    """Yield the clips whose names begin with one of the prefixes: mono, 48 kHz."""
    with _game() as file:
        entries = read_index(file)
        for name in sorted(name for name in entries if name.startswith(prefixes) and name.endswith(".SB")):
            yield read_clip(file, *entries[name])


def prompts(reader: str, *, least_s: float = 1.0) -> Iterator[np.ndarray]:
    """Yield the prompts of a reader that are long enough, in the order of their names: mono, 48 kHz."""
    import soundfile
    import soxr

    if not PROMPTS.is_dir():
        sys.exit(f"there are no prompts in {PROMPTS}: the docstring of {__file__} says how to get them")
    for path in sorted((PROMPTS / reader).glob("*.wav")):
        samples, rate_hz = soundfile.read(path, dtype="float32")
        if len(samples) >= least_s * rate_hz:
            yield soxr.resample(samples, rate_hz, RATE_HZ)


def _is_spoken_by(name: str, numbers: tuple[int, ...]) -> bool:
    return name.endswith(".SB") and name[:2].isdigit() and int(name[:2]) in numbers and name[6] == "P"


def _game():
    if not DATA.is_file():
        sys.exit(f"there is no dialogue in {DATA}: the docstring of {__file__} says how to get it")
    return DATA.open("rb")
