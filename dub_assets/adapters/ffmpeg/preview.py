"""Sound made small enough to listen to inside a page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, file_url, media_input
from dub_assets.core.timing import Interval

_BIT_RATE = 32_000
"""Mono Opus at this rate: speech without audible loss, music well enough to judge a mix."""

_EFFORT = 5
"""Of the encoder, 0 to 10: ten takes a third more time, which nobody hears at this rate."""


def preview(ffmpeg: Ffmpeg, sound: Path, interval: Interval) -> bytes:
    """An interval of a sound file as WebM with Opus in mono; equal input gives equal bytes. See ports.MediaTool."""
    start_s, length_s = interval.start_ms / 1000, interval.duration_ms / 1000
    with tempfile.TemporaryDirectory(prefix="dub-assets-") as folder:
        target = Path(folder) / "preview.webm"
        graph = (
            media_input(sound, ss=f"{start_s:.3f}", t=f"{length_s:.3f}")["a:0"]
            .filter("asetpts", "PTS-STARTPTS")
            .output(
                file_url(target),
                format="webm",
                acodec="libopus",
                audio_bitrate=_BIT_RATE,
                compression_level=_EFFORT,
                ac=1,
                map_metadata=-1,
                fflags="+bitexact",
                **{"flags:a": "+bitexact"},
            )
        )
        ffmpeg.run(graph, doing=f"make a preview of {sound.name}")
        return target.read_bytes()
