"""Recorded speech over known beds, taken apart: what is left of the speech, and how well the estimate tells."""

from __future__ import annotations

import os
import re
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

TITLE = "Separation, on mixes with known stems"
MEANING = {
    "background_si_sdr_db": "the separated background against the true one, where someone speaks (higher is better)",
    "mixture_si_sdr_db": "the same for the mixture, untouched",
    "leakage_db": "the true speech left in the background, over its own level (lower is better)",
    "estimated_leakage_db": "what the check `original_speech_is_gone` takes it for, without the true stems",
    "words_heard_share": "words of the original that the recogniser still hears in the background",
}
NOISE_UNDER_SPEECH_DB = 0.0


def measure(folder: Path) -> dict:  # noqa: ARG001 - all in memory
    said = np.repeat(speech()[:, None], 2, axis=1)
    noise = np.random.default_rng(7).standard_normal(said.shape).astype(np.float32)
    spoken = spoken_frames(len(said))
    level = np.sqrt(np.mean(said[spoken] ** 2)) * 10 ** (-NOISE_UNDER_SPEECH_DB / 20)
    return {"music at -6 dB": of_mix(said, bed(), spoken), "white noise at 0 dB": of_mix(said, noise * level, spoken)}


def of_mix(said, bed_, spoken) -> dict:
    mixture = (said + bed_).astype(np.float32)
    separator = engines().separator()
    blocks = (sound(mixture[at : at + 480_000]) for at in range(0, len(mixture), 480_000))
    vocals = np.concatenate([vocals.samples for _, vocals in separator.separate(blocks)])
    background = mixture - vocals
    return {
        "background_si_sdr_db": round(si_sdr_db(background[spoken], bed_[spoken]), 1),
        "mixture_si_sdr_db": round(si_sdr_db(mixture[spoken], bed_[spoken]), 1),
        "leakage_db": round(leakage_db(sound(background[spoken]), sound(said[spoken])), 1),
        "estimated_leakage_db": round(leakage_db(sound(background[spoken]), sound(vocals[spoken])), 1),
        "words_heard_share": round(words_heard(background), 3),
    }


def words_heard(background) -> float:
    """The share of the words that are read which the recogniser hears in the background under the phrases."""
    recogniser, files = engines().recogniser("en"), SoundfileSoundFiles()
    offer = recogniser.capabilities
    left = [sound(background[each.interval.start_frame : each.interval.end_frame]).mono() for each in phrases()]
    tracks = [files.resample(track, offer.sample_rate_hz) for track in left]
    packs = packed([track.duration_ms + 1 for track in tracks], offer.max_chunk_ms)
    found = recogniser.recognise([chunk_of(pack, [tracks[at] for at, _ in pack]) for pack in packs], "en")
    heard = Counter(word for each in found for spoken in each for word in words(spoken.text))
    said = Counter(word for phrase in phrases() for word in words(phrase.text))
    return sum((said & heard).values()) / sum(said.values())


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def spoken_frames(frames: int):
    mask = np.zeros(frames, dtype=bool)
    for phrase in phrases():
        mask[phrase.interval.start_frame : phrase.interval.end_frame] = True
    return mask


def si_sdr_db(estimate, target) -> float:
    """Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019), in dB."""
    estimate, target = estimate.astype(np.float64).ravel(), target.astype(np.float64).ravel()
    projection = (estimate @ target) / (target @ target) * target
    error = estimate - projection
    return float(10 * np.log10((projection @ projection) / max(error @ error, 1e-20)))


def sound(samples) -> Sound:
    return Sound(samples=np.ascontiguousarray(samples, dtype=np.float32), rate_hz=SAMPLE_RATE_HZ)


def engines():
    return EnginesResource.of(settings_from(os.environ)).engines()
