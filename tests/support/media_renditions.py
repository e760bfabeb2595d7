"""Dubbed videos that the tests render."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.media_clips import noise

from dub_assets.core.media import Loudness, Rendition, Subtitles
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.dub_track import BLOCK_MS, BlockEncoder, track_loudness
from dub_assets.stages.final_video.programme_mix import blocks_of


def dub_for(
    tool, source: Path, target: Path, samples: np.ndarray | None = None, *, limit_dbtp: float = -1.0
) -> tuple[Path, Loudness]:
    """Encode another noise, exactly as long as the programme."""
    duration_ms = tool.probe(source).duration_ms
    samples = noise(48_000, 1, 5) if samples is None else samples
    samples = np.pad(samples, ((0, max(0, duration_ms * 48 - len(samples))), (0, 0)))[: duration_ms * 48]

    def read(interval: Interval) -> Sound:
        return Sound(samples=samples[interval.start_frame : interval.end_frame].astype(np.float32), rate_hz=48_000)

    encoder = BlockEncoder(read=read, fingerprint=str, duration_ms=duration_ms, limit_dbtp=limit_dbtp, media=tool)
    blocks = [encoder.encode(block) for block in blocks_of(duration_ms, BLOCK_MS)]
    with tool.dub_track(target, blocks[0].encoded, len(samples)) as track:
        for block in blocks:
            track.write(block.packets)
    return target, track_loudness(block.measured for block in blocks)


def render(tool, source: Path, folder: Path, *, subtitles=(), samples=None, **marks) -> tuple[Path, Loudness]:
    (dub, loudness), target = dub_for(tool, source, folder / "dub.m4a", samples), folder / "dubbed.mp4"
    languages = {"source_language": "en", "target_language": "pt"}
    info, original = tool.probe(source), folder / "original.flac"
    extracted = tool.extract_sound(source, info, original)
    rendition = Rendition(
        source=source,
        info=info,
        dub=dub,
        original=original,
        subtitles=subtitles,
        intact=extracted.intact,
        **languages,
        **marks,
    )
    tool.render(rendition, target)
    return target, loudness


def subtitles_in(folder: Path, *languages: str, text: str = "Olá, mundo") -> tuple[Subtitles, ...]:
    cue = f"1\n00:00:00,500 --> 00:00:01,500\n{text}\n\n" if text else ""
    paths = [folder / f"talk: %d {language}.srt" for language in languages]
    for path in paths:
        path.write_text(cue, encoding="utf-8")
    return tuple(Subtitles(path=path, language=language) for path, language in zip(paths, languages, strict=True))
