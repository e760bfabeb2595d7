"""The sound tracks of a file, and the subtitles and covers that the dubbed video keeps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from dub_assets.adapters.ffmpeg.samples import MAX_TEXT_BYTES
from dub_assets.adapters.ffmpeg.scan import GOES_ON_S, Scan, codec_of
from dub_assets.core.containers import MP4
from dub_assets.core.errors import MediaError
from dub_assets.core.media import SoundTrack, SubtitleTrack

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

MAX_CHANNELS = 8
"""Limit of FLAC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStreams:
    """Streams that are kept beside picture and sound, and findings about those that are lost."""

    subtitles: tuple[SubtitleTrack, ...]
    covers: tuple[int, ...]
    findings: tuple[str, ...]


def sound_tracks(scan: Scan, name: str) -> tuple[SoundTrack, ...]:
    """Return the sound tracks that can be dubbed; the others are counted. Raises MediaError if there is none."""
    tracks = tuple(_sound_track(index, stream) for index, stream in scan.sounds if scan.has_sound(stream))
    if not tracks:
        raise MediaError(f"{name} has no sound track that can be decoded: there is nothing to dub")
    usable = tuple(track for track in tracks if 1 <= track.channels <= MAX_CHANNELS)
    if not usable:
        raise MediaError(f"{name} has a sound track of more than {MAX_CHANNELS} channels: mix it down first")
    return usable


def _sound_track(index: int, stream: AudioStream) -> SoundTrack:
    import av.stream

    flags = av.stream.Disposition
    secondary = flags.comment | flags.karaoke | flags.hearing_impaired | flags.visual_impaired | flags.clean_effects
    return SoundTrack(
        index=index,
        codec=codec_of(stream),
        channels=stream.codec_context.channels,
        rate_hz=stream.codec_context.sample_rate,
        language=_language(stream),
        default=bool(stream.disposition & flags.default),
        secondary=bool(stream.disposition & secondary),
    )


def track_findings(
    container: InputContainer, scan: Scan, tracks: tuple[SoundTrack, ...], track: SoundTrack, start: Fraction
) -> list[str]:
    """Return findings about the sound tracks beside the chosen one; ``start`` is the time 0 of the programme.

    They are those that cannot be decoded, and those that go on where the chosen one has ended, as in recordings of
    which a part has other stream ids.
    """
    findings = []
    usable = {each.index for each in tracks}
    _, track_end = scan.span(container.streams.audio[track.index])
    for index, stream in scan.sounds:
        first, last = (max(0.0, float(time - start)) for time in scan.span(stream))
        place = f"sound track {index}, from {first:.1f} to {last:.1f} s,"
        if index not in usable and scan.has_sound(stream):
            findings.append(f"sound track {index} has {stream.codec_context.channels} channels and is not kept")
        elif index not in usable:
            findings.append(f"{place} cannot be decoded" if last > first else f"sound track {index} has no sound")
        elif last > float(track_end - start) + GOES_ON_S:
            findings.append(f"{place} is not dubbed, but track {track.index} ends at {float(track_end - start):.1f} s")
    return findings


def kept_streams(container: InputContainer, scan: Scan, picture: VideoStream | None) -> KeptStreams:
    """Return the subtitle tracks and the cover art that MP4 can hold."""
    subtitles, covers, findings = [], [], []
    for index, (stream, text) in enumerate(zip(container.streams.subtitles, scan.texts, strict=True)):
        codec, name = codec_of(stream), f"subtitle track {index}"
        if codec not in MP4.texts:
            findings.append(f"{name} ({codec}) cannot be kept in MP4")
        elif text.too_long:
            findings.append(f"{name} has a line of more than {MAX_TEXT_BYTES} bytes and cannot be kept")
        else:
            subtitles.append(SubtitleTrack(index=index, codec=codec, language=_language(stream)))
            if text.unreadable:
                findings.append(f"{name} has text that is not UTF-8: {text.unreadable} of {text.lines} lines are lost")
    for index in scan.covers(picture):
        cover = container.streams.video[index]
        name = f"cover art ({codec_of(cover)})"
        if codec_of(cover) not in MP4.covers:
            findings.append(f"{name} cannot be kept in MP4")
        elif not scan.is_intact(cover):
            findings.append(f"{name} is damaged or too large and cannot be kept")
        else:
            covers.append(index)
    return KeptStreams(subtitles=tuple(subtitles), covers=tuple(covers), findings=tuple(findings))


def _language(stream: Stream) -> str | None:
    return stream.language if stream.language != "und" else None
