"""Sound files: measured and stretched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from dub_assets.adapters.ffmpeg.container import opened
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, media_input
from dub_assets.core.errors import MediaError
from dub_assets.core.media import LAYOUTS, Loudness
from dub_assets.core.signal.sound import Sound

MIN_TEMPO, MAX_TEMPO = 0.5, 2.0
STRETCH_TOLERANCE_S = 0.02

_NAMED_LAYOUTS = {*LAYOUTS, "2.1", "3.1", "4.0", "5.0", "5.1", "6.0", "7.0"}

_NO_LOUDNESS_LUFS = -70.0
"""The result of ebur128 if every block is under its absolute gate."""


def measure_loudness(ffmpeg: Ffmpeg, sound: Path) -> Loudness:
    """Return integrated loudness and true peak of a file's first sound track by EBU R 128, rounded to 0.1 dB."""
    with opened(sound) as container:
        context = container.streams.audio[0].codec_context
        channels, layout = context.channels, context.layout.name
    # ffmpeg 5.1 cannot choose from a list of layouts if decoded frames name none.
    layout = layout if layout in _NAMED_LAYOUTS else LAYOUTS[channels - 1]
    track = media_input(sound)["a:0"].filter("aformat", channel_layouts=layout)
    graph = track.filter("ebur128", peak="true", framelog="verbose").output("-", format="null", acodec="pcm_s16le")
    _, log = ffmpeg.run(graph, doing=f"measure the loudness of {sound.name}", log_level="info")
    integrated, peak = (_figure(log, name) for name in ("I", "Peak"))
    silent = integrated is None or integrated <= _NO_LOUDNESS_LUFS
    return Loudness(integrated_lufs=None if silent else integrated, true_peak_dbtp=peak)


def _figure(log: str, name: str) -> float | None:
    """Return a figure of the summary of ebur128, None for minus infinity."""
    figures = re.findall(rf"^\s*{name}:\s+(\S+) (?:LUFS|dBFS)\s*$", log, re.MULTILINE)
    if not figures:
        raise MediaError(f"ffmpeg's ebur128 gave no figure {name}: unset DUB_ASSETS_FFMPEG")
    value = float(figures[-1])
    return value if np.isfinite(value) else None


def stretch(ffmpeg: Ffmpeg, sound: Sound, tempo: float) -> Sound:
    """Return the sound ``tempo`` (0.5 to 2) times as fast, at the same pitch; see ``ports.MediaTool``."""
    if not MIN_TEMPO <= tempo <= MAX_TEMPO:
        raise ValueError(f"tempo {tempo} is outside {MIN_TEMPO} to {MAX_TEMPO}")
    if tempo == 1 or not sound.frames:
        return sound
    import ffmpeg as graphs

    raw = {"format": "f32le", "ar": sound.rate_hz, "ac": sound.channels}
    graph = (
        graphs.input("pipe:0", protocol_whitelist="pipe", **raw)
        .filter("atempo", tempo)
        .output("pipe:1", acodec="pcm_f32le", **raw)
    )
    stretched, _ = ffmpeg.run(graph, doing="stretch speech", stdin=sound.samples.astype("<f4").tobytes())
    samples = np.frombuffer(stretched, dtype="<f4").astype(np.float32).reshape(-1, sound.channels)
    return Sound(samples=_within_tolerance(samples, sound, tempo), rate_hz=sound.rate_hz)


def _within_tolerance(samples: Any, sound: Sound, tempo: float) -> Any:
    """Pad or cut samples whose length is off by more than the tolerance, as atempo's are at extreme tempos."""
    tolerance = int(STRETCH_TOLERANCE_S * sound.rate_hz)
    exact = round(sound.frames / tempo)
    shortest, longest = exact - tolerance, exact + tolerance
    missing = max(0, shortest - len(samples))
    return np.pad(samples, ((0, missing), (0, 0)))[:longest]
