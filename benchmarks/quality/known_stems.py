"""Separation of recorded speech from known backgrounds, and the accuracy of the leakage estimate."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.core.signal.level import leakage_db
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import settings_from
from dub_assets.stages.tts_segments.read_back import chunk_of, packed
from sample.bed import bed
from sample.recording import speech
from sample.timeline import phrases
from tests.support.measures import si_sdr_db, words_of

TITLE = "Separation, on mixes with known stems"
MEANING = {
    "background_si_sdr_db": "the separated background against the true one, during speech (higher is better)",
    "mixture_si_sdr_db": "the same for the unprocessed mixture",
    "leakage_db": "true speech left in the background, relative to its level (lower is better)",
    "estimated_leakage_db": "the same as the check `original_speech_is_gone` estimates it, without the true stems",
    "words_heard_share": "share of the original's words that the recogniser finds in the background",
}
NOISE_UNDER_SPEECH_DB = 0.0


def measure(folder: Path) -> dict:  # noqa: ARG001 - writes no files
    voice = np.repeat(speech()[:, None], 2, axis=1)
    noise = np.random.default_rng(7).standard_normal(voice.shape).astype(np.float32)
    during_speech = speech_mask(len(voice))
    level = np.sqrt(np.mean(voice[during_speech] ** 2)) * 10 ** (-NOISE_UNDER_SPEECH_DB / 20)
    return {
        "music at -6 dB": figures_of(voice, bed(), during_speech),
        "white noise at 0 dB": figures_of(voice, noise * level, during_speech),
    }


def figures_of(voice, true_background, during_speech) -> dict:
    mixture = (voice + true_background).astype(np.float32)
    separator = engines().separator()
    blocks = (sound(mixture[start : start + 480_000]) for start in range(0, len(mixture), 480_000))
    vocals = np.concatenate([vocals.samples for _, vocals in separator.separate(blocks)])
    background = mixture - vocals
    return {
        "background_si_sdr_db": round(si_sdr_db(background[during_speech], true_background[during_speech]), 1),
        "mixture_si_sdr_db": round(si_sdr_db(mixture[during_speech], true_background[during_speech]), 1),
        "leakage_db": round(leakage_db(sound(background[during_speech]), sound(voice[during_speech])), 1),
        "estimated_leakage_db": round(leakage_db(sound(background[during_speech]), sound(vocals[during_speech])), 1),
        "words_heard_share": round(words_heard(background), 3),
    }


def words_heard(background) -> float:
    """Return the share of the spoken words that the recogniser finds in the background."""
    recogniser, files = engines().recogniser("en"), SoundfileSoundFiles()
    capabilities = recogniser.capabilities
    intervals = [phrase.interval for phrase in phrases()]
    tracks = [
        files.resample(sound(background[interval.start_frame : interval.end_frame]).mono(), capabilities.sample_rate_hz)
        for interval in intervals
    ]
    packs = packed([track.duration_ms + 1 for track in tracks], capabilities.max_chunk_ms)
    results = recogniser.recognise([chunk_of(pack, [tracks[index] for index, _ in pack]) for pack in packs], "en")
    recognised = Counter(word for result in results for chunk_word in result for word in words_of(chunk_word.text))
    spoken = Counter(word for phrase in phrases() for word in words_of(phrase.text))
    return sum((spoken & recognised).values()) / sum(spoken.values())


def speech_mask(frames: int):
    mask = np.zeros(frames, dtype=bool)
    for phrase in phrases():
        mask[phrase.interval.start_frame : phrase.interval.end_frame] = True
    return mask


def sound(samples) -> Sound:
    return Sound(samples=np.ascontiguousarray(samples, dtype=np.float32), rate_hz=SAMPLE_RATE_HZ)


def engines():
    return EnginesResource.of(settings_from(os.environ)).engines()
