"""One clip in each container that the product accepts: a picture where the container can hold one, and noise."""

from __future__ import annotations

from pathlib import Path

from support.media_clips import ffmpeg, numbered, write_noise

COPIED_H264 = ("-c:v", "copy", "-c:a", "aac")
CLIPS = {
    "mov": ("clip.mp4", COPIED_H264),
    "matroska": ("clip.mkv", COPIED_H264),
    "avi": ("clip.avi", ("-c:v", "mpeg4", "-c:a", "mp3")),
    "mpegts": ("clip.ts", COPIED_H264),
    "mpeg": ("clip.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
    "flv": ("clip.flv", COPIED_H264),
    "asf": ("clip.wmv", ("-c:v", "wmv2", "-c:a", "wmav2")),
    "ogg": ("clip.ogg", ("-vn", "-c:a", "libvorbis")),
    "mxf": ("clip.mxf", ("-c:v", "mpeg2video", "-c:a", "pcm_s16le")),
    "wav": ("clip.wav", ("-vn",)),
    "w64": ("clip.w64", ("-vn",)),
    "flac": ("clip.flac", ("-vn",)),
    "mp3": ("clip.mp3", ("-vn",)),
    "aac": ("clip.aac", ("-vn",)),
    "aiff": ("clip.aiff", ("-vn",)),
    "caf": ("clip.caf", ("-vn", "-c:a", "alac")),
    "ac3": ("clip.ac3", ("-vn",)),
    "eac3": ("clip.eac3", ("-vn",)),
    "dts": ("clip.dts", ("-vn", "-c:a", "dca", "-strict", "-2")),
    "amr": ("clip.amr", ("-vn", "-ar", "8000", "-ac", "1")),
    "au": ("clip.au", ("-vn",)),
    "wv": ("clip.wv", ("-vn",)),
    "tta": ("clip.tta", ("-vn",)),
    "dv": ("clip.dv", ("-s", "720x576")),
}
"""By the container's first demuxer: the file's name and ffmpeg's output options."""


def write_container_clip(demuxer: str, folder: Path) -> Path:
    """Write the clip of a container, 3 s long at 25 frames a second, and return its path."""
    name, options = CLIPS[demuxer]
    picture, sound = numbered(folder / "picture.mp4"), write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-i", picture, "-i", sound, *options, folder / name)
    return folder / name
