"""Diarisation of recordings that installed packages ship: a reader, and a play for two voices."""

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

TITLE = "Diarisation of recordings (few: see also the conversations of prompts)"
MEANING = {
    "speakers": "speakers",
    "phrases": "phrases",
    "speakers_heard": "speakers found without knowing their number",
    "error_share": "share of speech assigned to the wrong speaker, their number unknown (lower is better)",
    "error_share_told": "the same with their number given",
}
READER, HIM, HER = range(3)
PLAY = "assets/endgame_nagg_nell.wav"
TURNS = [
    (HIM, 4800, 7700), (HER, 8700, 11300), (HIM, 12000, 14000), (HER, 14600, 15500), (HER, 15900, 17000),
    (HIM, 17500, 18900), (HIM, 24000, 27400),
]  # fmt: skip
"""Turns of the play: speaker, start and end in milliseconds, found by listening."""

Turn = tuple[int, int, Voiceprint]
"""Speaker, length in milliseconds, voiceprint."""


def measure(folder: Path) -> dict:
    read = [(READER, start, end) for start, end, _ in RECORDED_PHRASES]
    reader = embedded(recording_path(), read, folder)
    play = embedded(Path(find_spec(PACKAGE).submodule_search_locations[0]) / PLAY, TURNS, folder)
    alternating = [turn for pair in zip(reader, play, strict=False) for turn in pair]
    return {
        "a reader": figures_of(reader),
        "a play": figures_of(play),
        "reader and play by turns": figures_of(alternating),
    }


def embedded(path: Path, turns: list[tuple[int, int, int]], folder: Path) -> list[Turn]:
    import soundfile
    import soxr

    samples, own_rate = soundfile.read(path, dtype="float32")
    track = soxr.resample(samples, own_rate, RATE_HZ).astype(np.float32)[:, np.newaxis]
    frames_a_ms = RATE_HZ // 1000
    sounds = [Sound(samples=track[start * frames_a_ms : end * frames_a_ms], rate_hz=RATE_HZ) for _, start, end in turns]
    voices = embedder(folder / "cache").embed(sounds)
    return [(speaker, end - start, voice) for (speaker, start, end), voice in zip(turns, voices, strict=True)]


def figures_of(conversation: list[Turn]) -> dict:
    speakers, lengths_ms, voices = zip(*conversation, strict=True)
    phrases, start_ms = [], 0
    for index, length_ms in enumerate(lengths_ms):
        interval = Interval(start_ms=start_ms, end_ms=start_ms + length_ms)
        phrases.append(Phrase(first=index, after=index + 1, interval=interval, opens=True))
        start_ms = interval.end_ms + 300
    numbers = {speaker: number for number, speaker in enumerate(dict.fromkeys(speakers))}
    reference = [numbers[speaker] for speaker in speakers]
    found = speakers_of_phrases(phrases, voices)
    found_by_count = speakers_of_phrases(phrases, voices, count=len(numbers))
    return {
        "speakers": len(numbers),
        "phrases": len(phrases),
        "speakers_heard": len(set(found)),
        "error_share": round(error_share(phrases, reference, found), 3),
        "error_share_told": round(error_share(phrases, reference, found_by_count), 3),
    }
