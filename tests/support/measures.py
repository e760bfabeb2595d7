"""Measures of sounds and texts that tests compare."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.level import TRUE_PEAK_TAPS, decibels, oversampled_peaks
from dub_assets.core.signal.sound import Sound


def si_sdr_db(estimate: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    """Return the scale-invariant signal-to-distortion ratio (Le Roux et al. 2019), in dB."""
    estimate, target = estimate.astype(np.float64).ravel(), target.astype(np.float64).ravel()
    projection = (estimate @ target) / (target @ target) * target
    error = estimate - projection
    return float(10 * np.log10((projection @ projection) / max(error @ error, 1e-20)))


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return re.findall(r"\w+(?:'\w+)?", text.lower())


def word_error_rate(text: str, reference: str) -> float:
    """Return the Levenshtein distance in words from the reference to the text, divided by the reference's words."""
    words, expected = words_of(text), words_of(reference)
    row = list(range(len(words) + 1))
    for i, word in enumerate(expected, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(words, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1] / len(expected)


def true_peak_dbtp(sound: Sound) -> float:
    """Return the true peak by ITU-R BS.1770-4, Annex 2, in dB of full scale; minus infinity for silence."""
    padding = np.zeros((TRUE_PEAK_TAPS - 1, sound.channels), dtype=np.float32)
    padded = np.concatenate([padding, sound.samples, padding])
    return decibels(float(max(oversampled_peaks(padded).max(initial=0.0), np.abs(padded).max(initial=0.0))))
