"""Media: what probes, decodes, cuts and renders files, and reads and writes sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from dub_assets.core.media import Loudness, MediaInfo, PictureCut, Rendition
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval


class MediaTool(Protocol):
    """Looks into media files, decodes, cuts and renders them."""

    def probe(self, path: Path) -> MediaInfo:
        """What a media file holds.

        Raises InputError with one readable line where it is no media file, is cut short, has no sound or length.
        """
        ...

    def extract_sound(self, source: Path, info: MediaInfo, target: Path) -> None:
        """Decode the chosen sound track to 48 kHz FLAC (24 bit), channels kept.

        Frame 0 is the picture's time 0, and there are exactly ``info.sound_frames`` frames: late tracks are padded,
        gaps filled with silence.
        """
        ...

    def stretch(self, sound: Sound, tempo: float) -> Sound:
        """The sound played ``tempo`` times as fast with its pitch kept; length within 20 ms of the exact one."""
        ...

    def cut_picture(self, cut: PictureCut, target: Path) -> None:
        """Write the picture of an interval, without sound, cut to the frame, as H.264 in MP4."""
        ...

    def render(self, rendition: Rendition, target: Path) -> Loudness:
        """Mux picture (copied), sound tracks and subtitles into an MP4; return the dub's loudness as encoded.

        The dubbed track's true peak stays at or under ``rendition.true_peak_dbtp`` in the encoded file.
        """
        ...

    def excerpt(self, path: Path, interval: Interval) -> Sound:
        """The interval, on the picture's clock, of a file's first sound track at 48 kHz; silence where it has none."""
        ...

    def preview(self, sound: Path, interval: Interval) -> bytes:
        """An interval of a sound file as people listen to it in a page: WebM with Opus, mono, about 4 kB a second."""
        ...


class SoundWriter(Protocol):
    """Takes blocks of sound, one after the other."""

    def write(self, sound: Sound) -> None:
        """Append a block."""
        ...


class SoundFiles(Protocol):
    """Reads and writes sound files; knows rates."""

    def channels(self, path: Path) -> int:
        """Number of channels in a file."""
        ...

    def read(self, path: Path, interval: Interval | None = None) -> Sound:
        """The interval of a file (its end cut at the file's end), or all of it."""
        ...

    def blocks(self, path: Path, *, block_ms: int = 10_000, rate_hz: int | None = None) -> Iterator[Sound]:
        """A file in blocks, resampled to ``rate_hz`` where given, without a seam between blocks."""
        ...

    def writer(self, path: Path, *, channels: int, rate_hz: int) -> AbstractContextManager[SoundWriter]:
        """Write ``.wav`` (16-bit PCM) or ``.flac`` (24 bit); the file appears whole, on leaving, or not at all."""
        ...

    def resample(self, sound: Sound, rate_hz: int) -> Sound:
        """The sound at another rate, whole."""
        ...
