"""The recorded speech of the sample: found in an installed package, cut into phrases, placed on the timeline."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ
from sample.timeline import DURATION_MS, RECORDED_PHRASES, phrases

PACKAGE = "moonshine_voice"
FILE = "assets/two_cities.wav"
SHA256 = "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e"

LEVEL_DBFS = -22.0
"""RMS of the phrases in dB under full scale; about -19 LUFS."""

FADE_MS = 30


def recording_path() -> Path:
    """The recording; raises FileNotFoundError where its package is missing or ships another file."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The sample needs recorded speech: install the dependency group `sample`.")
    path = Path(spec.submodule_search_locations[0]) / FILE
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise FileNotFoundError(f"{FILE} of {PACKAGE} is not the recording that the sample was cut from.")
    return path


def speech() -> NDArray[np.float32]:
    """The speech stem, mono at 48 kHz, as long as the sample; exactly zero outside the phrases."""
    recording = _read(recording_path())
    cuts = [recording[start * FRAMES_PER_MS : end * FRAMES_PER_MS] for start, end, _ in RECORDED_PHRASES]
    level = np.sqrt(np.mean(np.concatenate(cuts) ** 2))
    gain = np.float32(10 ** (LEVEL_DBFS / 20) / level)
    stem = np.zeros(DURATION_MS * FRAMES_PER_MS, dtype=np.float32)
    for phrase, cut in zip(phrases(), cuts, strict=True):
        stem[phrase.interval.start_frame : phrase.interval.end_frame] = _faded(cut * gain)
    return stem


def _read(path: Path) -> NDArray[np.float32]:
    """A mono file at 48 kHz."""
    import soundfile
    import soxr

    samples, rate_hz = soundfile.read(path, dtype="float32")
    resampled: NDArray[np.float32] = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)
    return resampled


def _faded(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    """A phrase that comes out of silence and goes back into it, without a click."""
    ramp = np.sin(np.linspace(0, np.pi / 2, FADE_MS * FRAMES_PER_MS, dtype=np.float32)) ** 2
    faded = cut.copy()
    faded[: ramp.size] *= ramp
    faded[-ramp.size :] *= ramp[::-1]
    return faded
