"""Levels of a sound: sample peak, oversampled peak, RMS, active speech, leakage; and gains.

>>> decibels(0.5)
-6.020599913279624
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.sound import Samples, Sound

SPEECH_FRAME_MS = 20
SPEECH_MARGIN_DB = 15.9
"""Distance of the gate from the active level, by ITU-T P.56."""
SILENCE_DBFS = -70.0
"""Frames under this level are silence: the absolute gate of ITU-R BS.1770."""

_LEAST_LEAKAGE_DB = -60.0

TRUE_PEAK_TAPS = 12
_HALF = TRUE_PEAK_TAPS // 2

# ITU-R BS.1770-4, Annex 2: the interpolator for four times the rate, 48 taps in four phases. The other two phases
# are these two reversed.
_OUTER = """
 0.0017089843750  0.0109863281250 -0.0196533203125  0.0332031250000 -0.0594482421875  0.1373291015625
 0.9721679687500 -0.1022949218750  0.0476074218750 -0.0266113281250  0.0148925781250 -0.0083007812500
"""
_INNER = """
-0.0291748046875  0.0292968750000 -0.0517578125000  0.0891113281250 -0.1665039062500  0.4650878906250
 0.7797851562500 -0.2003173828125  0.1015625000000 -0.0582275390625  0.0330810546875 -0.0189208984375
"""
_PHASES = [[float(tap) for tap in phase.split()] for phase in (_OUTER, _INNER)]
TRUE_PEAK_FILTERS = np.array([*_PHASES, *(phase[::-1] for phase in reversed(_PHASES))], dtype=np.float32)

MOST_OVERSHOOT = float(np.abs(TRUE_PEAK_FILTERS).sum(axis=1).max())
"""Largest ratio of an interpolated value to the highest sample around it."""

_PEAK_FRAMES = 2048


def factor(gain_db: float) -> float:
    """Return a gain in dB as a linear factor; minus infinity is 0."""
    return float(10.0 ** (gain_db / 20.0))


def decibels(amplitude: float) -> float:
    """Return a linear factor, or an amplitude relative to full scale, in dB; 0 is minus infinity."""
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf


def apply_gain(sound: Sound, gain: float) -> Sound:
    """Return the sound times a linear factor."""
    return Sound(samples=sound.samples * np.float32(gain), rate_hz=sound.rate_hz)


def apply_gain_db(sound: Sound, gain_db: float) -> Sound:
    """Return the sound amplified by ``gain_db``."""
    return apply_gain(sound, factor(gain_db))


def peak_dbfs(sound: Sound) -> float:
    """Return the highest sample of any channel in dB of full scale; minus infinity for silence."""
    return decibels(float(np.abs(sound.samples).max(initial=0.0)))


def rms_dbfs(sound: Sound) -> float:
    """Return the RMS of all channels in dB of full scale (-3.01 for a full-scale sine); minus infinity for silence."""
    if not sound.samples.size:
        return -math.inf
    return decibels(math.sqrt(float(np.square(sound.samples, dtype=np.float64).mean())))


def active_speech_level_dbfs(sound: Sound) -> float | None:
    """Return the RMS, in dB of full scale, of the frames with speech; None if all frames are silent.

    With ``p`` the mean squares of frames of 20 ms, the level is the fixed point of
    ``L = 10 log10 mean(p : p >= 10^((L - 15.9) / 10))`` reached from all frames above -70 dBFS. This is the margin
    of ITU-T P.56 with the two-step gate of ITU-R BS.1770 instead of the envelope. Pauses do not count.
    """
    powers = _frame_powers(sound)
    active = powers[powers > 10.0 ** (SILENCE_DBFS / 10.0)]
    while active.size:
        gate = active.mean() * 10.0 ** (-SPEECH_MARGIN_DB / 10.0)
        louder = active[active >= gate]
        if louder.size == active.size:
            return float(10.0 * np.log10(active.mean()))
        active = louder
    return None


def _frame_powers(sound: Sound) -> NDArray[np.float64]:
    """Return the mean squares of whole frames of 20 ms, or of the whole sound if it is shorter."""
    size = max(1, min(sound.rate_hz * SPEECH_FRAME_MS // 1000, sound.frames))
    whole = sound.samples[: sound.frames // size * size]
    powers: NDArray[np.float64] = np.square(whole, dtype=np.float64).reshape(-1, size * sound.channels).mean(axis=1)
    return powers


def oversampled_peaks(samples: Samples) -> NDArray[np.float32]:
    """Return the highest of the four interpolated values of any channel in each window of 12 frames.

    Four times oversampling by ITU-R BS.1770-4, Annex 2. Item ``n`` lies in the middle of frames ``n`` to ``n + 11``;
    there are 11 fewer items than frames.
    """
    peaks = np.zeros(max(0, len(samples) - TRUE_PEAK_TAPS + 1), dtype=np.float32)
    for channel in np.ascontiguousarray(samples.T) if len(peaks) else ():
        for taps in TRUE_PEAK_FILTERS:
            # In two halves: numpy convolves with up to 11 taps several times as fast as with 12.
            values = np.convolve(channel[_HALF:], taps[:_HALF], mode="valid")
            values += np.convolve(channel[:-_HALF], taps[_HALF:], mode="valid")
            np.maximum(peaks, np.abs(values, out=values), out=peaks)
    return peaks


def true_peak_dbtp(samples: Samples) -> float:
    """Return the true peak of samples at 48 kHz in dBTP, see ``oversampled_peaks``; minus infinity for silence."""
    padded = np.pad(samples, ((_HALF, _HALF), (0, 0)))
    levels = np.abs(padded).max(axis=1, initial=0.0)
    peak = float(levels.max(initial=0.0))
    for start in range(0, len(samples), _PEAK_FRAMES):
        window = slice(start, start + _PEAK_FRAMES + TRUE_PEAK_TAPS)
        if levels[window].max() * MOST_OVERSHOOT > peak:
            peak = max(peak, float(oversampled_peaks(padded[window]).max(initial=0.0)))
    return decibels(peak)


def leakage_db(sound: Sound, of: Sound) -> float | None:
    """Return how much of ``of`` is left in ``sound``, in dB relative to the level of ``of``; None if that is silent.

    It is the projection of ``sound`` on ``of``, at least -60 dB, where chance correlation begins. Both have equal
    shape. For the two results of a separation this is an estimate, a dB or two too high if a part of the wanted sound
    was removed too.
    """
    samples, reference = (each.samples.astype(np.float64).ravel() for each in (sound, of))
    energy = float(reference @ reference)
    if energy == 0.0:
        return None
    return max(_LEAST_LEAKAGE_DB, decibels(abs(float(samples @ reference)) / energy))
