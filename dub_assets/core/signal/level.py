"""How loud a sound is: sample and true peak, RMS, the level of active speech; and gains."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.sound import Samples, Sound

SPEECH_FRAME_MS = 20
SPEECH_MARGIN_DB = 15.9
"""Distance of the gate from the active level: that of ITU-T P.56."""
SILENCE_DBFS = -70.0
"""Frames under this are silence whatever else there is: the absolute gate of ITU-R BS.1770."""

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


def factor(gain_db: float) -> float:
    """A gain in dB as a linear factor; minus infinity is 0."""
    return float(10.0 ** (gain_db / 20.0))


def decibels(amplitude: float) -> float:
    """A linear factor, or an amplitude relative to full scale, in dB; 0 is minus infinity."""
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf


def apply_gain(sound: Sound, gain: float) -> Sound:
    """The sound times a linear factor."""
    return Sound(samples=sound.samples * np.float32(gain), rate_hz=sound.rate_hz)


def apply_gain_db(sound: Sound, gain_db: float) -> Sound:
    """The sound amplified by ``gain_db``."""
    return apply_gain(sound, factor(gain_db))


def peak_dbfs(sound: Sound) -> float:
    """The highest sample of any channel in dB of full scale; minus infinity in silence."""
    return decibels(float(np.abs(sound.samples).max(initial=0.0)))


def rms_dbfs(sound: Sound) -> float:
    """Root mean square over all channels in dB of full scale (a full-scale sine is at -3.01); silence: -infinity."""
    if not sound.samples.size:
        return -math.inf
    return decibels(math.sqrt(float(np.square(sound.samples, dtype=np.float64).mean())))


def active_speech_level_dbfs(sound: Sound) -> float | None:
    """The RMS in dB of full scale of the frames in which someone speaks; None where no frame is above silence.

    With ``p`` the mean squares of frames of 20 ms, the level is the fixed point of
    ``L = 10 log10 mean(p : p >= 10^((L - 15.9) / 10))`` that is reached from all frames above -70 dBFS. This is the
    margin of ITU-T P.56 with the two-step gate of ITU-R BS.1770 in place of the envelope: pauses do not count.
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
    """Mean squares of whole frames of 20 ms; of everything where there is no whole frame."""
    size = max(1, min(sound.rate_hz * SPEECH_FRAME_MS // 1000, sound.frames))
    whole = sound.samples[: sound.frames // size * size]
    powers: NDArray[np.float64] = np.square(whole, dtype=np.float64).reshape(-1, size * sound.channels).mean(axis=1)
    return powers


def true_peak_dbtp(blocks: Iterable[Sound]) -> float:
    """The true peak of a programme, given block by block, in dB of full scale; minus infinity in silence.

    By ITU-R BS.1770-4 Annex 2 (four times oversampling, meant for 48 kHz), and never under the highest sample.
    Memory does not grow with the programme; the result does not depend on the blocks.
    """
    peak = 0.0
    tail: Samples | None = None
    for block in blocks:
        if tail is None:
            tail = np.zeros((TRUE_PEAK_TAPS - 1, block.channels), dtype=np.float32)
        joined = np.concatenate([tail, block.samples])
        tail = joined[-(TRUE_PEAK_TAPS - 1) :]
        peak = max(peak, _peak(joined))
    if tail is not None:
        peak = max(peak, _peak(np.concatenate([tail, np.zeros_like(tail)])))
    return decibels(peak)


def _peak(samples: Samples) -> float:
    return float(max(oversampled_peaks(samples).max(initial=0.0), np.abs(samples).max(initial=0.0)))


def oversampled_peaks(samples: Samples) -> NDArray[np.float32]:
    """The highest of the four interpolated values of any channel inside each window of 12 frames.

    Item ``n`` lies in the middle of frames ``n`` to ``n + 11``; there are 11 fewer items than frames.
    """
    peaks = np.zeros(max(0, len(samples) - TRUE_PEAK_TAPS + 1), dtype=np.float32)
    for channel in np.ascontiguousarray(samples.T) if len(peaks) else ():
        for taps in TRUE_PEAK_FILTERS:
            # two halves: numpy convolves with up to 11 taps several times as fast as with 12
            values = np.convolve(channel[_HALF:], taps[:_HALF], mode="valid")
            values += np.convolve(channel[:-_HALF], taps[_HALF:], mode="valid")
            np.maximum(peaks, np.abs(values, out=values), out=peaks)
    return peaks
