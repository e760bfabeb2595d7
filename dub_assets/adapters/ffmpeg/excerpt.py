"""An interval of a file's sound, without decoding the file from its start."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from dub_assets.adapters.ffmpeg.container import opened, programme_start, time_base
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval

_RUN_UP_S = 1
"""Time before an interval that is decoded too: decoders need a few packets to settle."""


def excerpt(path: Path, interval: Interval) -> Sound:
    """Return an interval, on the picture's clock, of a file's first sound track at 48 kHz; gaps are silent."""
    import av

    samples: Samples
    # PyAV reads beyond the planes of a planar frame of 8 channels.
    interleave = av.AudioResampler(format="flt").resample
    with opened(path) as container:
        stream = container.streams.audio[0]
        tick = time_base(stream)
        start = programme_start(container) + Fraction(interval.start_ms, 1000)
        samples = np.zeros((interval.end_frame - interval.start_frame, stream.codec_context.channels), np.float32)
        container.seek(max(0, int((start - _RUN_UP_S) / tick)), stream=stream)
        for frame in container.decode(stream):
            if frame.pts is None:
                continue
            at = round((frame.pts * tick - start) * SAMPLE_RATE_HZ)
            if at >= len(samples):
                break
            (interleaved,) = interleave(frame)
            block = interleaved.to_ndarray().reshape(frame.samples, -1)
            first, last = max(0, at), min(len(samples), at + len(block))
            if first < last:
                samples[first:last] = block[first - at : last - at]
    return Sound(samples=samples, rate_hz=SAMPLE_RATE_HZ)
