"""How well speakers are told apart: conversations built of recorded prompts, with a known reference.

    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-wav asterisk-prompt-it-menardi-wav
    for package in asterisk-*.deb; do dpkg -x "$package" build/prompts; done
    make quality PARTS=prompts

Six voices of five people, who were recorded apart, which helps to tell them: Debian's en_US and es_MX prompts are one
woman's and never meet.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np

from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.timing import Interval
from dub_assets.engines.campplus.engine import CampPlus
from dub_assets.engines.entry import EngineSettings
from dub_assets.stages.transcript.phrases import Phrase
from dub_assets.stages.transcript.speaker_assignment import speakers_of_phrases

TITLE = "Speakers told apart, prompts of five people in six voices"
MEANING = {
    "voices": "voices recorded, two of them one woman's",
    "prompts": "prompts of theirs that are used",
    "error_by_time": "share of speech that goes to the wrong speaker, by how many speak and whether that was said",
    "conversations": "conversations of each kind",
}
FOLDER = Path(__file__).parents[2] / "build" / "prompts"
RATE_HZ = 16_000
PROMPTS = 60
SHORTEST_MS, LONGEST_MS = 500, 4_000
SAME_PERSON = {frozenset({"en_US_f_Allison", "es_MX_f_Allison"})}

Prompt = tuple[int, Voiceprint]
"""Length in milliseconds, and voice."""


def measure(folder: Path) -> dict[str, Any]:
    """Errors with one speaker to five, their number unknown and given."""
    if not FOLDER.is_dir():
        sys.exit(f"there are no prompts in {FOLDER}: the head of {__file__} says how to get them")
    people = _people(FOLDER, folder / "cache")
    names = [names for size in (1, 2, 3, 4, 5) for names in combinations(people, size) if not _one_twice(names)]
    errors: dict[str, list[float]] = {}
    for chosen in names:
        for seed in range(3):
            said, voices, who = _conversation([people[name] for name in chosen], seed)
            for count in (None, len(set(who))):
                key = f"{len(chosen)}_{'given' if count else 'unknown'}"
                errors.setdefault(key, []).append(error_share(said, who, speakers_of_phrases(said, voices, count=count)))
    return {
        "voices": len(people),
        "prompts": sum(map(len, people.values())),
        "error_by_time": {key: round(float(np.mean(shares)), 4) for key, shares in errors.items()},
        "conversations": {key: len(shares) for key, shares in errors.items()},
    }


def error_share(said: Sequence[Phrase], who: Sequence[int], told: Sequence[int]) -> float:
    """The share of speech that is not its speaker's, under the best matching of numbers."""
    size = max(*who, *told) + 1
    shared = np.zeros((size, size))
    for phrase, speaker, name in zip(said, who, told, strict=True):
        shared[speaker, name] += phrase.interval.duration_ms
    right = max(sum(shared[i, j] for i, j in enumerate(order)) for order in permutations(range(size)))
    return float(1 - right / shared.sum())


def embedder(cache: Path) -> CampPlus:
    return CampPlus(EngineSettings(cache_dir=cache, weights_dir=None, threads=os.cpu_count() or 1))


def _people(prompts: Path, cache: Path) -> dict[str, list[Prompt]]:
    engine = embedder(cache)
    people = {}
    for folder in sorted((prompts / "usr/share/asterisk/sounds").glob("*_*_?_*")):
        fitting = [sound for path in sorted(folder.glob("*.wav")) if (sound := _read(path))]
        picked = np.random.default_rng(0).permutation(len(fitting))[:PROMPTS]
        sounds = [fitting[index] for index in picked]
        people[folder.name] = [(s.duration_ms, v) for s, v in zip(sounds, engine.embed(sounds), strict=True)]
    return people


def _read(path: Path) -> Sound | None:
    """A prompt without the silence around it, where its length is that of a phrase."""
    import soundfile
    import soxr

    samples, own_rate = soundfile.read(path, dtype="float32")
    track = soxr.resample(samples, own_rate, RATE_HZ)
    frames = track[: len(track) // 320 * 320].reshape(-1, 320)
    power = np.square(frames).mean(axis=1) if len(frames) else np.zeros(1)
    loud = np.flatnonzero(power > power.max() * 1e-4)
    if not len(loud):
        return None
    spoken = track[loud[0] * 320 : (loud[-1] + 1) * 320]
    fits = SHORTEST_MS <= len(spoken) * 1000 // RATE_HZ <= LONGEST_MS
    return Sound(samples=spoken[:, np.newaxis].astype(np.float32), rate_hz=RATE_HZ) if fits else None


def _one_twice(names: Sequence[str]) -> bool:
    return any(frozenset(pair) in SAME_PERSON for pair in combinations(names, 2))


def _conversation(people: Sequence[list[Prompt]], seed: int) -> tuple[list[Phrase], list[Voiceprint], list[int]]:
    """Twenty turns of one to three prompts."""
    random = np.random.default_rng(seed)
    waiting = [list(random.permutation(len(prompts))) for prompts in people]
    said, voices, who = [], [], []
    start_ms, speaker = 0, 0
    for _ in range(20):
        for _ in range(random.integers(1, 4)):
            if waiting[speaker]:
                length_ms, voice = people[speaker][waiting[speaker].pop()]
                interval = Interval(start_ms=start_ms, end_ms=start_ms + length_ms)
                said.append(Phrase(first=len(said), after=len(said) + 1, interval=interval, opens=True))
                voices.append(voice)
                who.append(speaker)
                start_ms = interval.end_ms + 300
        if len(people) > 1:
            speaker = int((speaker + random.integers(1, len(people))) % len(people))
    return said, voices, who
