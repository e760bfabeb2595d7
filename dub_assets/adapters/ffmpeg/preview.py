"""Sound previews that are small enough to embed in the report page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, file_url, media_input
from dub_assets.core.timing import Interval

_BIT_RATE = 32_000
"""Bit rate of mono Opus: speech has no audible loss, and music is good enough to judge a mix."""

_EFFORT = 5
"""Compression level of the encoder, 0 to 10. Ten takes a third more time without an audible difference."""


def preview(ffmpeg: Ffmpeg, sound: Path, interval: Interval) -> bytes:
    """Return an interval of a sound file as WebM with Opus in mono, the same bytes for the same input."""
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
