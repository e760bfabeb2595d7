"""Subtitle files that ``dub-assets dub`` is given: read and checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dub_assets.core.errors import InputError
from dub_assets.core.files import open_regular
from dub_assets.core.keys import JobKeys
from dub_assets.core.request import DubRequest
from dub_assets.stages.transcript.given_lines import cues_within
from dub_assets.subtitle_files import read_subtitles
from dub_assets.subtitle_files.read import MAX_BYTES


def with_subtitle_keys(request: DubRequest, files: Mapping[str, Path]) -> DubRequest:
    """Return the request with the keys of the job's copies of the files."""
    keys = JobKeys(request=request)
    named = {f"{name}_key": keys.given_subtitles(name, path.name) for name, path in files.items()}
    return replace(request, **named)  # type: ignore[arg-type]


def check_subtitle_files(files: Mapping[str, Path], request: DubRequest, duration_ms: int) -> None:
    """Raise InputError if a file cannot be read, has no cues, or belongs to a longer video."""
    languages = {"transcript": request.source_language, "translation": request.target_language}
    for name, path in files.items():
        subtitles = read_subtitles(_content(path), str(path), languages[name])
        cues_within(subtitles, f"{name} {path}", duration_ms)


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read the subtitles {path} ({error.strerror}): check the path") from error
