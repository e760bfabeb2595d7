"""Diarisation of conversations built from recorded prompts, with a known reference.

    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-wav asterisk-prompt-it-menardi-wav
    for package in asterisk-*.deb; do dpkg -x "$package" build/prompts; done
    make quality PARTS=prompts

There are six voices of five people: the en_US and es_MX prompts of Debian are of one woman and are never in the same
conversation. The people were recorded separately, which makes them easier to distinguish.
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

TITLE = "Diarisation of prompts by five people in six voices"
MEANING = {
    "voices": "recorded voices, two of them of one woman",
    "prompts": "prompts used",
    "error_by_time": "share of speech assigned to the wrong speaker, by number of speakers, unknown or given",
    "conversations": "conversations of each kind",
}
FOLDER = Path(__file__).parents[2] / "build" / "prompts"
RATE_HZ = 16_000
PROMPTS = 60
SHORTEST_MS, LONGEST_MS = 500, 4_000
SAME_PERSON = {frozenset({"en_US_f_Allison", "es_MX_f_Allison"})}

Prompt = tuple[int, Voiceprint]
"""Length in milliseconds and voiceprint."""


def measure(folder: Path) -> dict[str, Any]:
    """Return the errors with one to five speakers, their number unknown or given."""
    if not FOLDER.is_dir():
        sys.exit(f"there are no prompts in {FOLDER}: the docstring of {__file__} says how to get them")
    people = _people(FOLDER, folder / "cache")
    groups = [group for size in (1, 2, 3, 4, 5) for group in combinations(people, size) if not _has_same_person(group)]
    errors: dict[str, list[float]] = {}
    for group in groups:
        for seed in range(3):
            phrases, voices, speakers = _conversation([people[name] for name in group], seed)
            for count in (None, len(set(speakers))):
                key = f"{len(group)}_{'given' if count else 'unknown'}"
                assigned = speakers_of_phrases(phrases, voices, count=count)
                errors.setdefault(key, []).append(error_share(phrases, speakers, assigned))
    return {
        "voices": len(people),
        "prompts": sum(map(len, people.values())),
        "error_by_time": {key: round(float(np.mean(shares)), 4) for key, shares in errors.items()},
        "conversations": {key: len(shares) for key, shares in errors.items()},
    }


def error_share(phrases: Sequence[Phrase], speakers: Sequence[int], assigned: Sequence[int]) -> float:
    """Return the share of speech assigned to a wrong speaker, for the best matching of speaker numbers."""
    size = max(*speakers, *assigned) + 1
    confusion_ms = np.zeros((size, size))
    for phrase, speaker, assigned_speaker in zip(phrases, speakers, assigned, strict=True):
        confusion_ms[speaker, assigned_speaker] += phrase.interval.duration_ms
    correct_ms = max(sum(confusion_ms[i, j] for i, j in enumerate(order)) for order in permutations(range(size)))
    return float(1 - correct_ms / confusion_ms.sum())


def embedder(cache: Path) -> CampPlus:
    return CampPlus(EngineSettings(cache_dir=cache, weights_dir=None, threads=os.cpu_count() or 1))


def _people(prompts: Path, cache: Path) -> dict[str, list[Prompt]]:
    engine = embedder(cache)
    people = {}
    for folder in sorted((prompts / "usr/share/asterisk/sounds").glob("*_*_?_*")):
        prompts_read = [sound for path in sorted(folder.glob("*.wav")) if (sound := _read(path))]
        selected = np.random.default_rng(0).permutation(len(prompts_read))[:PROMPTS]
        sounds = [prompts_read[index] for index in selected]
        voices = engine.embed(sounds)
        people[folder.name] = [(sound.duration_ms, voice) for sound, voice in zip(sounds, voices, strict=True)]
    return people


def _read(path: Path) -> Sound | None:
    """Return a prompt without the silence around it; None if it is not as long as a phrase."""
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


def _has_same_person(names: Sequence[str]) -> bool:
    return any(frozenset(pair) in SAME_PERSON for pair in combinations(names, 2))


def _conversation(people: Sequence[list[Prompt]], seed: int) -> tuple[list[Phrase], list[Voiceprint], list[int]]:
    """Return a conversation of twenty turns of one to three prompts: phrases, voices and speakers."""
    random = np.random.default_rng(seed)
    unused = [list(random.permutation(len(prompts))) for prompts in people]
    phrases, voices, speakers = [], [], []
    start_ms, speaker = 0, 0
    for _ in range(20):
        for _ in range(random.integers(1, 4)):
            if unused[speaker]:
                length_ms, voice = people[speaker][unused[speaker].pop()]
                interval = Interval(start_ms=start_ms, end_ms=start_ms + length_ms)
                phrases.append(Phrase(first=len(phrases), after=len(phrases) + 1, interval=interval, opens=True))
                voices.append(voice)
                speakers.append(speaker)
                start_ms = interval.end_ms + 300
        if len(people) > 1:
            speaker = int((speaker + random.integers(1, len(people))) % len(people))
    return phrases, voices, speakers
