"""Dubbed videos that the tests render."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from support.media_clips import noise

from dub_assets.core.media import Loudness, Rendition, Subtitles


def dub_for(tool, source: Path, target: Path, samples: np.ndarray | None = None) -> Path:
    """Another noise, exactly as long as the programme."""
    frames = tool.probe(source).sound_frames
    samples = noise(48_000, 1, 5)[:frames] if samples is None else samples
    soundfile.write(target, samples, 48_000, subtype="PCM_24")
    return target


def render(tool, source: Path, folder: Path, *, subtitles=(), samples=None, **marks) -> tuple[Path, Loudness]:
    dub, target = dub_for(tool, source, folder / "dub.flac", samples), folder / "dubbed.mp4"
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
    return target, tool.render(rendition, target)


def subtitles_in(folder: Path, *languages: str, text: str = "Olá, mundo") -> tuple[Subtitles, ...]:
    cue = f"1\n00:00:00,500 --> 00:00:01,500\n{text}\n\n" if text else ""
    paths = [folder / f"talk: %d {language}.srt" for language in languages]
    for path in paths:
        path.write_text(cue, encoding="utf-8")
    return tuple(Subtitles(path=path, language=language) for path, language in zip(paths, languages, strict=True))
