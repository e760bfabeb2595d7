"""How well speakers are told apart in recordings that installed packages ship: a reader, and a play for two voices."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.quality.prompts import RATE_HZ, embedder, error_share
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.timing import Interval
from dub_assets.stages.transcript.phrases import Phrase
from dub_assets.stages.transcript.speaker_assignment import speakers_of_phrases
from sample.recording import PACKAGE, recording_path
from sample.timeline import RECORDED_PHRASES

TITLE = "Speakers told apart, in recordings (few: conversations of prompts are measured apart)"
MEANING = {
    "speakers": "people who speak",
    "phrases": "phrases, in the order they are said",
    "speakers_heard": "speakers found, their number not told",
    "error_share": "share of speech that goes to the wrong speaker, their number not told (lower is better)",
    "error_share_told": "the same where their number is told",
}
READER, HIM, HER = range(3)
PLAY = "assets/endgame_nagg_nell.wav"
TURNS = [
    (HIM, 4800, 7700), (HER, 8700, 11300), (HIM, 12000, 14000), (HER, 14600, 15500), (HER, 15900, 17000),
    (HIM, 17500, 18900), (HIM, 24000, 27400),
]  # fmt: skip
"""Who says what in the play, from and to in milliseconds, noted by ear."""

Said = tuple[int, int, Voiceprint]
"""Speaker, length in milliseconds, voice."""


def measure(folder: Path) -> dict:
    read = [(READER, start, end) for start, end, _ in RECORDED_PHRASES]
    reader = said(recording_path(), read, folder)
    play = said(Path(find_spec(PACKAGE).submodule_search_locations[0]) / PLAY, TURNS, folder)
    by_turns = [each for pair in zip(reader, play, strict=False) for each in pair]
    return {"a reader": of(reader), "a play": of(play), "reader and play by turns": of(by_turns)}


def said(path: Path, turns: list[tuple[int, int, int]], folder: Path) -> list[Said]:
    import soundfile
    import soxr

    samples, own_rate = soundfile.read(path, dtype="float32")
    track = soxr.resample(samples, own_rate, RATE_HZ).astype(np.float32)[:, np.newaxis]
    at = RATE_HZ // 1000
    sounds = [Sound(samples=track[start * at : end * at], rate_hz=RATE_HZ) for _, start, end in turns]
    voices = embedder(folder / "cache").embed(sounds)
    return [(who, end - start, voice) for (who, start, end), voice in zip(turns, voices, strict=True)]


def of(conversation: list[Said]) -> dict:
    who, lengths_ms, voices = zip(*conversation, strict=True)
    phrases, start_ms = [], 0
    for index, length_ms in enumerate(lengths_ms):
        interval = Interval(start_ms=start_ms, end_ms=start_ms + length_ms)
        phrases.append(Phrase(first=index, after=index + 1, interval=interval, opens=True))
        start_ms = interval.end_ms + 300
    numbers = {each: number for number, each in enumerate(dict.fromkeys(who))}
    true = [numbers[each] for each in who]
    heard, told = speakers_of_phrases(phrases, voices), speakers_of_phrases(phrases, voices, count=len(numbers))
    return {
        "speakers": len(numbers),
        "phrases": len(phrases),
        "speakers_heard": len(set(heard)),
        "error_share": round(error_share(phrases, true, heard), 3),
        "error_share_told": round(error_share(phrases, true, told), 3),
    }
