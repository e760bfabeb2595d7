"""Probing of media files with PyAV: their streams, length and completeness."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.adapters.ffmpeg.appended import appended_at
from dub_assets.adapters.ffmpeg.contained import ProcessLimits, contained
from dub_assets.adapters.ffmpeg.container import opened, picture_stream, sound_start
from dub_assets.adapters.ffmpeg.declared_length import check_whole
from dub_assets.adapters.ffmpeg.other_streams import kept_streams, sound_tracks, track_findings
from dub_assets.adapters.ffmpeg.scan import Scan
from dub_assets.core.containers import container_of
from dub_assets.core.errors import MediaError
from dub_assets.core.media import LateStreams, MediaInfo
from dub_assets.core.track_choice import TrackChoice

if TYPE_CHECKING:
    # not imported by the child process: it needs pydantic
    from av import AudioStream, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

    from dub_assets.core.limits import MediaLimits

_CACHED_FILES = 64

_MAX_SCANS = 4
"""A file is read again if streams appear midway: to find them all, and to join those that continue others."""

_APPENDED = "another recording is appended to this one at {:.1f} s, and not dubbed: give it as a file of its own"

_UNHEARD_S = Fraction(1, 20)
"""Sound before the first picture that is cut: no more than an encoder's delay."""

_UNTIMED_S = Fraction(1, 4)
"""The same if presentation times are derived: the first picture may seem late by a few pictures."""


def probe(path: Path, limits: MediaLimits, choice: TrackChoice) -> MediaInfo:
    """Return the content of a media file. Reads all packets, in a child process; a file that is unchanged once.

    Raises MediaError if the file does not exist, is no media file, is encrypted, has no sound or length, is cut short
    or too large, or takes more time or memory than its size explains.
    """
    if not path.is_file():
        return read_info(path, limits.max_pixels, choice)  # which says what is wrong
    status = path.stat()
    limits.check_size(status.st_size, path.name)
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    info = _probed(path.absolute(), limits.max_pixels, choice, identity)
    if info.picture is not None:
        limits.check_picture(info.picture.width, info.picture.height, path.name)
    limits.check_duration(info.duration_ms / 1000, path.name)
    return info


@lru_cache(maxsize=_CACHED_FILES)
def _probed(path: Path, max_pixels: int, choice: TrackChoice, _identity: tuple[int, ...]) -> MediaInfo:
    return contained(path, ProcessLimits.of_reading(path), read_info, path, max_pixels, choice)


def read_info(path: Path, max_pixels: int, choice: TrackChoice) -> MediaInfo:
    """Return the content of a media file; see ``probe``, which calls this in a child process.

    Pictures of more than ``max_pixels`` are not decoded.
    """
    from av import logging

    logging.set_level(logging.WARNING)
    late: LateStreams | None = None
    for _ in range(_MAX_SCANS):
        with logging.Capture(local=False) as log, opened(path, late) as container:
            _check_streams(container, path.name)
            estimated = any("Estimating duration" in message for _, _, message in log)
            log.clear()
            scan = Scan(container, path.name, max_pixels=max_pixels, late=late)
            if scan.late_streams != late:
                late = scan.late_streams
                continue
            check_whole(container, path, end=scan.end(container.streams), estimated=estimated)
            if scan.error is not None:
                raise scan.error
            return _info(container, path, scan, choice)
    raise MediaError(f"{path.name} has streams that appear midway and cannot be told apart: convert it first")


def _info(container: InputContainer, path: Path, scan: Scan, choice: TrackChoice) -> MediaInfo:
    picture = _picture(container, scan, path.name)
    programme: list[Stream] = [*(stream for _, stream in scan.sounds), *([picture] if picture else [])]
    start, end = scan.start(picture), scan.end(programme)
    if end <= start:
        raise MediaError(f"{path.name} has no length: give a file with at least one frame")
    tracks = sound_tracks(scan, path.name)
    track = choice.of(tracks)
    kept = kept_streams(container, scan, picture)
    held_ms = _held_ms(container, start, container.streams.audio[track.index]) if picture else 0
    time_0 = start - Fraction(held_ms, 1000)
    jumps = scan.clock_findings(time_0)
    texts_follow = not jumps or container.format.name.startswith("matroska")
    appended = appended_at(path, container.format.name, scan.end_position) is not None
    return MediaInfo(
        container=container.format.name,
        size_bytes=path.stat().st_size,
        duration_ms=math.ceil((end - start) * 1000) + held_ms,
        picture=scan.picture(picture) if picture else None,
        tracks=tracks,
        track=track,
        subtitles=kept.subtitles if texts_follow else (),
        covers=kept.covers,
        held_ms=held_ms,
        clock_jumps=bool(jumps),
        late_streams=scan.late_streams,
        findings=(
            *choice.findings(track),
            *track_findings(container, scan, tracks, track, time_0),
            *(scan.picture_findings(picture, time_0) if picture else ()),
            *kept.findings,
            *jumps,
            *scan.stream_findings(time_0),
            *([_APPENDED.format(float(end - time_0))] if appended else []),
            *(["its subtitle tracks are not kept"] if kept.subtitles and not texts_follow else []),
        ),
    )


def _held_ms(container: InputContainer, picture_start: Fraction, sound: AudioStream) -> int:
    """Return how long the first picture is held, since the sound begins before it; 0 if that is hardly heard."""
    lead = picture_start - sound_start(sound)
    timed = container_of(container.format.name).has_presentation_times
    return math.ceil(lead * 1000) if lead > (_UNHEARD_S if timed else _UNTIMED_S) else 0


def _check_streams(container: InputContainer, name: str) -> None:
    """Raise MediaError for streams that should not or cannot be decoded."""
    import av.stream

    for stream in container.streams:
        if stream.metadata.get("enc_key_id"):  # Matroska
            raise MediaError(f"{name} is encrypted: give a file without copy protection")
    art = av.stream.Disposition.attached_pic
    pictures = [stream for stream in container.streams.video if not stream.disposition & art]
    if pictures and all(stream.codec_context is None for stream in pictures):
        raise MediaError(f"{name} has a picture of an unknown codec: convert it to H.264, for example")


def _picture(container: InputContainer, scan: Scan, name: str) -> VideoStream | None:
    picture = next(iter(scan.pictures), None)
    if picture is None and picture_stream(container) is not None:
        raise MediaError(f"{name} has a picture without a frame that can be shown: give another file")
    return picture
