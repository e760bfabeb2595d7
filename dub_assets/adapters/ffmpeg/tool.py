"""The media tool: ffmpeg makes media, PyAV reads them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from dub_assets.adapters.ffmpeg import cutting, decoding, extraction, preview, rendering
from dub_assets.adapters.ffmpeg.aac import aac_track, decode_aac, encode_aac
from dub_assets.adapters.ffmpeg.declared_length import declared_ms
from dub_assets.adapters.ffmpeg.excerpt import excerpt
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, find_ffmpeg
from dub_assets.adapters.ffmpeg.marking import read_marks
from dub_assets.adapters.ffmpeg.probe import probe
from dub_assets.core.limits import MediaLimits
from dub_assets.core.marking import Marks
from dub_assets.core.media import EncodedSound, ExtractedSound, MediaInfo, PictureCut, Rendition
from dub_assets.core.ports import DubbedVideo, PacketWriter
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.core.track_choice import DEFAULT_TRACK, TrackChoice


class FfmpegMediaTool:
    """``ports.MediaTool`` with PyAV and an ffmpeg program: the given one, else the packaged one."""

    def __init__(self, *, ffmpeg: Path | None = None, limits: MediaLimits | None = None) -> None:
        self._ffmpeg = Ffmpeg(find_ffmpeg(ffmpeg))
        self._limits = limits or MediaLimits()

    def probe(self, path: Path, choice: TrackChoice = DEFAULT_TRACK) -> MediaInfo:
        """Return the content of a media file."""
        return probe(path, self._limits, choice)

    def extract_sound(self, source: Path, info: MediaInfo, target: Path) -> ExtractedSound:
        """Decode the chosen sound track to 48 kHz FLAC on the programme's clock."""
        return extraction.extract_sound(self._ffmpeg, source, info, target)

    def stretch(self, sound: Sound, tempo: float) -> Sound:
        """Return the sound ``tempo`` times as fast, at the same pitch."""
        return decoding.stretch(self._ffmpeg, sound, tempo)

    def cut_picture(self, cut: PictureCut, target: Path) -> None:
        """Write exactly the frames of an interval, without sound."""
        cutting.cut_picture(self._ffmpeg, cut, target)

    def encode(self, sound: Sound) -> EncodedSound:
        """Return a sound at 48 kHz as the packets of a dub, and what they decode to."""
        return encode_aac(sound)

    def decode(self, packets: Sequence[bytes], like: EncodedSound) -> Sound:
        """Return what packets of a dub decode to, from the end of the first one on."""
        return decode_aac(packets, like)

    def dub_track(self, path: Path, sound: EncodedSound, frames: int) -> AbstractContextManager[PacketWriter]:
        """Return a writer of a dub from packets."""
        return aac_track(path, sound, frames)

    def render(self, rendition: Rendition, target: Path) -> None:
        """Mux the dubbed video."""
        rendering.render(self._ffmpeg, rendition, target)

    def dubbed(self, video: Path, rendition: Rendition) -> AbstractContextManager[DubbedVideo]:
        """Open a video to write it again with other packets of its dub."""
        return rendering.dubbed(self._ffmpeg, video, rendition)

    def marks(self, path: Path) -> Marks:
        """Return what a media file says about itself."""
        return read_marks(path)

    def duration_ms(self, path: Path) -> int:
        """Return the length of a rendered video, without reading its packets."""
        return declared_ms(path)

    def excerpt(self, path: Path, interval: Interval) -> Sound:
        """Return an interval of a file's first sound track, on the picture's clock."""
        return excerpt(path, interval)

    def preview(self, sound: Path, interval: Interval) -> bytes:
        """Return an interval of a sound file as WebM with Opus, mono."""
        return preview.preview(self._ffmpeg, sound, interval)
