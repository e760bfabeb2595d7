"""Mixing: channel layouts, gains, fades and gates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.signal.level import apply_gain
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import FRAMES_PER_MS, Interval

_HALF_POWER = 0.5**0.5

# ITU-R BS.775, annex 4: what each channel gives to the left and to the right. Layouts by their number of channels,
# in the order of WAV and FLAC; the low-frequency channel gives nothing.
_L, _R, _C, _LFE = (1.0, 0.0), (0.0, 1.0), (_HALF_POWER, _HALF_POWER), (0.0, 0.0)
_LS, _RS, _CS = (_HALF_POWER, 0.0), (0.0, _HALF_POWER), (0.5, 0.5)
_DOWNMIX = {
    1: ((1.0, 1.0),),
    2: (_L, _R),
    3: (_L, _R, _C),
    4: (_L, _R, _LS, _RS),
    5: (_L, _R, _C, _LS, _RS),
    6: (_L, _R, _C, _LFE, _LS, _RS),
    7: (_L, _R, _C, _LFE, _CS, _LS, _RS),
    8: (_L, _R, _C, _LFE, _LS, _RS, _LS, _RS),
}
_CENTRE = 2


def to_stereo(sound: Sound) -> Sound:
    """Return the sound on two channels: mono on both, surround by the coefficients of ITU-R BS.775.

    The result is not scaled down, so a full surround mix may exceed full scale. Raises ValueError above eight channels.
    """
    if sound.channels == 2:
        return sound
    if sound.channels not in _DOWNMIX:
        raise ValueError(f"there is no downmix of {sound.channels} channels to stereo")
    matrix = np.array(_DOWNMIX[sound.channels], dtype=np.float32)
    return Sound(samples=sound.samples @ matrix, rate_hz=sound.rate_hz)


def spread(speech: Sound, channels: int) -> Sound:
    """Return mono speech on the channels of a programme, at unity gain.

    Speech is on the centre if there is one (three channels or more, but not four), else on left and right. Speech with
    as many channels as the programme is returned unchanged. Raises ValueError for other speech that is not mono.
    """
    if speech.channels == channels:
        return speech
    if speech.channels != 1:
        raise ValueError(f"speech of {speech.channels} channels does not fit a programme of {channels}")
    samples = np.zeros((speech.frames, channels), dtype=np.float32)
    places = (0, 1) if channels in (2, 4) else (_CENTRE,)
    samples[:, places] = speech.samples
    return Sound(samples=samples, rate_hz=speech.rate_hz)


def mix(background: Sound, speech: Sound, background_gain: float, speech_gain: float) -> Sound:
    """Return the sum of both sounds times their linear gains, on the background's channels, as long as the longer one.

    The sum is neither normalised nor limited. Raises ValueError if the rates differ.
    """
    if background.rate_hz != speech.rate_hz:
        raise ValueError(f"cannot mix {background.rate_hz} Hz and {speech.rate_hz} Hz")
    parts = (apply_gain(background, background_gain), apply_gain(spread(speech, background.channels), speech_gain))
    samples: Samples = np.zeros((max(part.frames for part in parts), background.channels), dtype=np.float32)
    for part in parts:
        samples[: part.frames] += part.samples
    return Sound(samples=samples, rate_hz=background.rate_hz)


def fade(frames: int) -> NDArray[np.float32]:
    """Return a raised cosine from 0 to 1 over ``frames``; it and its reverse add up to 1."""
    positions = (np.arange(frames) + 0.5) / max(1, frames)
    return (0.5 - 0.5 * np.cos(np.pi * positions)).astype(np.float32)


def gate(
    intervals: Iterable[Interval], *, ramp_ms: int, start_frame: int, frames: int, release_ms: int | None = None
) -> NDArray[np.float32]:
    """Return a gain curve for ``frames`` from ``start_frame`` on (48 kHz): 1 inside the intervals, 0 far from them.

    Raised-cosine ramps lie outside the intervals: ``ramp_ms`` before and ``release_ms`` after, which defaults to
    ``ramp_ms``. Where two ramps meet, the higher one counts. A frame has the same value in every block.
    """
    reach, release = (ms * FRAMES_PER_MS for ms in (ramp_ms, ramp_ms if release_ms is None else release_ms))
    before, behind = (np.concatenate([np.ones(1, dtype=np.float32), fade(each)[::-1]]) for each in (reach, release))
    curve = np.zeros(frames, dtype=np.float32)
    for interval in intervals:
        begin, end = interval.start_frame - start_frame, interval.end_frame - start_frame
        near = np.arange(max(0, begin - reach), min(frames, end + release))
        if interval.duration_ms and near.size:
            span = slice(int(near[0]), int(near[-1]) + 1)
            risen = before[np.maximum(begin - near, 0)] * behind[np.maximum(near - end + 1, 0)]
            np.maximum(curve[span], risen, out=curve[span])
    return curve
