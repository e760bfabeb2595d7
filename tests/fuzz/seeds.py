"""Seeds: a clip of a second in each container, whose picture flashes when its sound clicks."""

from __future__ import annotations

from pathlib import Path

from support.flash_and_click import write_picture, write_sound
from support.media_clips import ffmpeg

LENGTH_S = 1.2
TIMES_S = (0.2, 0.6, 1.0)
_H264 = ("-c:v", "copy")
_SMALL = ("-c:v", "mpeg4", "-q:v", "20")

SEEDS = {
    "aac.mp4": (*_H264, "-c:a", "aac"),
    "fragments.mp4": (*_H264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "pcm.mov": (*_H264, "-c:a", "pcm_s16le"),
    "opus.mkv": (*_H264, "-c:a", "libopus"),
    "flac.mkv": (*_H264, "-c:a", "flac"),
    "vorbis.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "100k", "-c:a", "libvorbis"),
    "aac.ts": (*_H264, "-c:a", "aac"),
    "ac3.ts": (*_H264, "-c:a", "ac3"),
    "mp2.mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "mp3.avi": (*_SMALL, "-c:a", "mp3"),
    "pcm.avi": (*_SMALL, "-c:a", "pcm_s16le"),
    "aac.flv": (*_H264, "-c:a", "aac"),
    "wma.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "pcm.mxf": ("-c:v", "mpeg2video", "-c:a", "pcm_s16le"),
    "theora.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "vorbis.ogg": ("-vn", "-c:a", "libvorbis"),
    "opus.ogg": ("-vn", "-c:a", "libopus"),
    "talk.mp3": ("-vn",),
    "talk.wav": ("-vn",),
    "float.wav": ("-vn", "-c:a", "pcm_f32le"),
    "talk.w64": ("-vn",),
    "talk.flac": ("-vn",),
    "talk.aac": ("-vn",),
    "talk.aiff": ("-vn",),
    "talk.caf": ("-vn", "-c:a", "alac"),
    "talk.m4a": ("-vn", "-c:a", "aac"),
}
"""Names of the seeds, and the options of ffmpeg's output."""


def write_seeds(folder: Path) -> dict[str, bytes]:
    """Return the content of each seed, the same at every call with the same ffmpeg."""
    picture = write_picture(folder / "picture.mp4", flashes_s=TIMES_S, length_s=LENGTH_S)
    sound = write_sound(folder / "sound.wav", clicks_s=TIMES_S, length_s=LENGTH_S)
    exact = ("-fflags", "+bitexact", "-flags", "+bitexact", "-threads", 1)
    for name, options in SEEDS.items():
        ffmpeg("-i", picture, "-i", sound, "-map", "0:v", "-map", "1:a", *options, *exact, folder / name)
    return {name: (folder / name).read_bytes() for name in SEEDS}
