"""Sound of media files: decoded on the programme's clock, measured and stretched."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from dub_assets.adapters.ffmpeg.container import opened, programme_start
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, file_url, media_input, time_limit_s
from dub_assets.core.errors import MediaError
from dub_assets.core.files import atomic_file
from dub_assets.core.media import Loudness, MediaInfo
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ

MIN_TEMPO, MAX_TEMPO = 0.5, 2.0
STRETCH_TOLERANCE_S = 0.02

_FLAC_BLOCK_FRAMES = 4608
"""The FLAC encoder's own block size at 48 kHz."""

_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0(side)", "5.1(side)", "6.1", "7.1")
"""Layouts by number of channels, for files that name none. R 128 needs to know which channel is the LFE."""

_NAMED_LAYOUTS = {*_LAYOUTS, "2.1", "3.1", "4.0", "5.0", "5.1", "6.0", "7.0"}

_NO_LOUDNESS_LUFS = -70.0
"""The result of ebur128 if every block is under its absolute gate."""


def extract_sound(ffmpeg: Ffmpeg, source: Path, info: MediaInfo, target: Path) -> None:
    """Write the chosen track as 48 kHz FLAC of 24 bit; see ``ports.MediaTool``."""
    import soundfile

    with opened(source) as container:
        start = programme_start(container, info.picture.index if info.picture else None)
    with atomic_file(target) as partial:
        sound = on_programme_clock(media_input(source)[f"a:{info.track.index}"], start, info.sound_frames)
        # The FLAC encoder takes its block size from the first frame, and refuses less than 16 samples.
        sound = sound.filter("asetnsamples", nb_out_samples=_FLAC_BLOCK_FRAMES, pad=0)
        graph = sound.output(file_url(partial), format="flac", acodec="flac", sample_fmt="s32")
        ffmpeg.run(graph, doing=f"decode the sound of {source.name}", limit_s=time_limit_s(info))
        if soundfile.info(partial).frames != info.sound_frames:
            # ffmpeg restarts its filters, and the programme's clock, if channels or rate change.
            raise MediaError(f"the sound of {source.name} changes its channels or rate half-way: convert it first")


def on_programme_clock(stream: Any, start: Fraction, frames: int) -> Any:
    """Return a sound stream at 48 kHz with its frame 0 at ``start`` (on the file's clock), ``frames`` long.

    Earlier sound is cut. The first sound is placed to the sample. Later jumps of the timestamps by more than 50 ms
    become silence or a cut; smaller ones are rounding errors of the container and are ignored.
    """
    return (
        stream.filter("asetpts", f"round(PTS-({start.numerator}/{start.denominator})/TB)")
        .filter("aresample", SAMPLE_RATE_HZ, **{"async": 1, "min_comp": 1e-5, "min_hard_comp": 0.05, "first_pts": 0})
        .filter("apad", whole_len=frames)
        .filter("atrim", end_sample=frames)
    )


def measure_loudness(ffmpeg: Ffmpeg, sound: Path) -> Loudness:
    """Return integrated loudness and true peak of a file's first sound track by EBU R 128, rounded to 0.1 dB."""
    with opened(sound) as container:
        context = container.streams.audio[0].codec_context
        channels, layout = context.channels, context.layout.name
    # ffmpeg 5.1 cannot choose from a list of layouts if decoded frames name none.
    layout = layout if layout in _NAMED_LAYOUTS else _LAYOUTS[channels - 1]
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
