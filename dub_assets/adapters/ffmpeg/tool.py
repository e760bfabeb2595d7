"""The media tool: ffmpeg makes media, PyAV reads them."""

from __future__ import annotations

from pathlib import Path

from dub_assets.adapters.ffmpeg import cutting, decoding, extraction, preview, rendering
from dub_assets.adapters.ffmpeg.excerpt import excerpt
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, find_ffmpeg
from dub_assets.adapters.ffmpeg.marking import read_marks
from dub_assets.adapters.ffmpeg.probe import probe
from dub_assets.core.limits import MediaLimits
from dub_assets.core.marking import Marks
from dub_assets.core.media import ExtractedSound, Loudness, MediaInfo, PictureCut, Rendition
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

    def render(self, rendition: Rendition, target: Path) -> Loudness:
        """Mux the dubbed video; return the loudness of the encoded dub."""
        return rendering.render(self._ffmpeg, rendition, target)

    def marks(self, path: Path) -> Marks:
        """Return what a media file says about itself."""
        return read_marks(path)

    def excerpt(self, path: Path, interval: Interval) -> Sound:
        """Return an interval of a file's first sound track, on the picture's clock."""
        return excerpt(path, interval)

    def preview(self, sound: Path, interval: Interval) -> bytes:
        """Return an interval of a sound file as WebM with Opus, mono."""
        return preview.preview(self._ffmpeg, sound, interval)
