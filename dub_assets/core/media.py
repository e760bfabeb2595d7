"""Media: references to stored objects, the content of files, and requests to cut and render them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import FRAMES_PER_MS, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaObject:
    """A reference to a stored media object: key, size and the sha256 of its content (hexadecimal)."""

    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object in a store; ``sha256`` is None if dub_assets did not write it."""

    key: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The picture of a media file.

    ``frame_rate`` is the average. ``rotation_deg`` is how far a player turns it (0, 90, 180 or 270); width and height
    are those before turning. ``index`` counts video streams from 0; None, as earlier versions stored it, is the first
    that is not cover art. ``field_order`` is ``"top field first"``, ``"bottom field first"`` or ``"order unknown"``;
    "" if the picture is progressive.
    """

    codec: str
    width: int
    height: int
    frame_rate: Fraction
    variable_frame_rate: bool
    rotation_deg: int
    index: int | None = None
    field_order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundTrack:
    """A sound track: ``index`` counts sound tracks from 0; ``language`` is ISO 639-2 as tagged, or None.

    ``secondary`` tracks are tagged as commentary, audio description or the like.
    """

    index: int
    codec: str
    channels: int
    rate_hz: int
    language: str | None
    default: bool
    secondary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleTrack:
    """A subtitle track: ``index`` counts subtitle tracks from 0; ``language`` is ISO 639-2 as tagged, or None."""

    index: int
    codec: str
    language: str | None


LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0(side)", "5.1(side)", "6.1", "7.1")
"""Layouts by number of channels, for files that name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStreams:
    """Streams that appear midway, which are only found by reading the whole file.

    ``continued`` are pairs of stream indexes: the packets of the second stream continue the first one.
    """

    continued: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """The content of a media file.

    Time 0 is that of the first picture, or of the first sound if there is no picture. If the sound begins before the
    picture, time 0 is ``held_ms`` earlier, and the first picture is held from there. ``duration_ms`` is the end of the
    longest track on that clock. ``clock_jumps`` is True if the file's own clock jumps midway; ``late_streams`` is
    None if no stream appears midway. ``track`` is the sound
    track to dub (``core/track_choice.py``). ``subtitles`` and ``covers`` (indexes of video streams) are those that the
    dubbed video keeps. ``findings`` say what is odd about the file and where, a sentence each.
    """

    container: str
    size_bytes: int
    duration_ms: int
    picture: Picture | None
    tracks: tuple[SoundTrack, ...]
    track: SoundTrack
    subtitles: tuple[SubtitleTrack, ...] = ()
    covers: tuple[int, ...] = ()
    held_ms: int = 0
    clock_jumps: bool = False
    findings: tuple[str, ...] = ()
    late_streams: LateStreams | None = None

    @property
    def other_tracks(self) -> tuple[SoundTrack, ...]:
        """The sound tracks that the dubbed video keeps beside the chosen one: none if streams continue others."""
        if self.late_streams is not None and self.late_streams.continued:
            return ()
        return tuple(track for track in self.tracks if track.index != self.track.index)

    @property
    def is_copied_straight(self) -> bool:
        """True if the ffmpeg program reads a copy of the file: it follows no jumps of the clock, and no new streams."""
        return self.clock_jumps or self.late_streams is not None

    @property
    def sound_frames(self) -> int:
        """Length of the programme in frames at 48 kHz."""
        return self.duration_ms * FRAMES_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedSound:
    """What extraction found out about a track: ``intact`` is False if some of it could not be decoded."""

    findings: tuple[str, ...] = ()
    intact: bool = True


INTACT = ExtractedSound()
"""A track without anything odd."""


AAC_FRAMES = 1024
"""Frames of a packet of AAC."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedSound:
    """Packets of AAC, and what they decode to, aligned with the sound that was encoded.

    Packet ``n`` ends at frame ``n * AAC_FRAMES`` of the sound; the first one lies before it. ``configuration`` is what
    a decoder needs beside packets, the same for all sounds of equal channels.
    """

    packets: tuple[bytes, ...]
    decoded: Sound
    configuration: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Loudness by EBU R 128 / ITU-R BS.1770; None if the sound is too short or silent."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCut:
    """An interval of a file's picture; the others are those of the file's ``MediaInfo``.

    ``picture`` None is the first video stream that is not cover art.
    """

    source: Path
    interval: Interval
    picture: Picture | None = None
    held_ms: int = 0
    clock_jumps: bool = False
    late_streams: LateStreams | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitles:
    """A subtitle file (SRT) and its language (ISO 639-1)."""

    path: Path
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A dubbed video to be muxed: languages are ISO 639-1.

    ``dub`` is an MP4 of one AAC track, ``original`` a sound file at 48 kHz; both are as long as the programme.
    ``original`` is encoded where the track of the source is not ``intact`` or cannot be copied.
    ``notice`` is the sentence that marks the result as synthetic; None: the dub has no synthetic speech.
    """

    source: Path
    info: MediaInfo
    dub: Path
    original: Path
    source_language: str
    target_language: str
    subtitles: tuple[Subtitles, ...]
    notice: str | None = None
    intact: bool = True
