"""Small files that make demuxers compute or reserve memory without end."""

from __future__ import annotations

import struct
from pathlib import Path

from support.media_clips import ffmpeg, numbered, write_noise


def _clip(folder: Path, name: str, *options: object) -> Path:
    picture, sound = numbered(folder / "picture.mp4"), write_noise(folder / "noise.wav", 48_000)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", *options, folder / name)
    return folder / name


def _element(identifier: str, content: bytes) -> bytes:
    """An EBML element with a length of eight bytes."""
    return bytes.fromhex(identifier) + (1 << 56 | len(content)).to_bytes(8, "big") + content


def mkv_with_tags(folder: Path, count: int) -> Path:
    """A Matroska file with many elements ``Tag``, each of another name."""
    content = _clip(folder, "clip.mkv", "-live", "1").read_bytes()
    cluster = content.index(bytes.fromhex("1f43b675"))
    names = (f"K{number:05d}".encode() for number in range(count))
    tags = [_element("7373", _element("67c8", _element("45a3", name) + _element("4487", b"v"))) for name in names]
    path = folder / "tags.mkv"
    path.write_bytes(content[:cluster] + _element("1254c367", b"".join(tags)) + content[cluster:])
    return path


def mp4_with_sample_count(folder: Path, count: int) -> Path:
    """An MP4 whose table of the picture's samples claims ``count`` samples of one byte."""
    content = bytearray(_clip(folder, "clip.mp4").read_bytes())
    table = content.index(b"stsz") + 8
    content[table : table + 8] = struct.pack(">II", 1, count)
    path = folder / "samples.mp4"
    path.write_bytes(content)
    return path
