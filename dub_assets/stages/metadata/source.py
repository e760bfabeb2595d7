"""The part of the metadata document about the original file: what was chosen of it, and what is odd about it."""

from __future__ import annotations

from typing import Any

from dub_assets.core.media import MediaInfo, Picture, SoundTrack


def source_document(info: MediaInfo, findings: tuple[str, ...]) -> dict[str, Any]:
    """Return the streams of the original, JSON-ready."""
    return {
        "container": info.container,
        "picture": _picture(info.picture) if info.picture else None,
        "audio_track": info.track.index,
        "audio_tracks": [_track(track) for track in info.tracks],
        "subtitle_tracks": [{"index": track.index, "language": track.language} for track in info.subtitles],
        "findings": list(findings),
    }


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "index": picture.index or 0,
        "codec": picture.codec,
        "width": picture.width,
        "height": picture.height,
        "frame_rate": round(float(picture.frame_rate), 3),
        "rotation": picture.rotation_deg,
        "field_order": picture.field_order or None,
    }


def _track(track: SoundTrack) -> dict[str, Any]:
    return {
        "index": track.index,
        "codec": track.codec,
        "channels": track.channels,
        "rate": track.rate_hz,
        "language": track.language,
        "default": track.default,
    }
