"""Protocols of the media tool and of sound files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from dub_assets.core.marking import Marks
from dub_assets.core.media import EncodedSound, ExtractedSound, MediaInfo, PictureCut, Rendition
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.core.track_choice import DEFAULT_TRACK, TrackChoice


class MediaTool(Protocol):
    """Probes, decodes, cuts and renders media files."""

    def probe(self, path: Path, choice: TrackChoice = DEFAULT_TRACK) -> MediaInfo:
        """Return the content of a media file, with the sound track that is chosen.

        Raises MediaError if it is no media file, is cut short or encrypted, or has no sound or length.
        """
        ...

    def extract_sound(self, source: Path, info: MediaInfo, target: Path) -> ExtractedSound:
        """Decode the chosen sound track to 48 kHz FLAC (24 bit), channels kept; return what was odd about it.

        Frame 0 is at the programme's time 0, and there are exactly ``info.sound_frames`` frames. The start of late
        tracks, gaps, and packets that cannot be decoded are silent. Raises InputError if too much cannot be decoded.
        """
        ...

    def stretch(self, sound: Sound, tempo: float) -> Sound:
        """Return the sound ``tempo`` times as fast at the same pitch; its length is within 20 ms of the exact one."""
        ...

    def cut_picture(self, cut: PictureCut, target: Path) -> None:
        """Write exactly the frames of an interval, without sound, as H.264 in MP4."""
        ...

    def encode(self, sound: Sound) -> EncodedSound:
        """Return a sound at 48 kHz as the packets of a dub, and what they decode to."""
        ...

    def decode(self, packets: Sequence[bytes], like: EncodedSound) -> Sound:
        """Return what packets of a dub decode to, from the end of the first one on; ``like`` is an encoded part."""
        ...

    def dub_track(self, path: Path, sound: EncodedSound, frames: int) -> AbstractContextManager[PacketWriter]:
        """Return a writer of a dub of ``frames`` frames from packets; ``sound`` is any encoded part of it."""
        ...

    def render(self, rendition: Rendition, target: Path) -> None:
        """Mux picture, sound tracks and subtitles into an MP4."""
        ...

    def dubbed(self, video: Path, rendition: Rendition) -> AbstractContextManager[DubbedVideo]:
        """Open a video that was rendered as ``rendition`` says, apart from its dub and the first of its subtitles.

        Raises NotSpliceableError if it has another form.
        """
        ...

    def marks(self, path: Path) -> Marks:
        """Return the marks of a media file that say whether it is synthetic."""
        ...

    def duration_ms(self, path: Path) -> int:
        """Return the length of a rendered video, without reading its packets."""
        ...

    def excerpt(self, path: Path, interval: Interval) -> Sound:
        """Return an interval, on the picture's clock, of a file's first sound track at 48 kHz; gaps are silent."""
        ...

    def preview(self, sound: Path, interval: Interval) -> bytes:
        """Return an interval of a sound file as WebM with Opus, mono, about 4 kB a second, for the report page."""
        ...


class DubbedVideo(Protocol):
    """A rendered video that is open, to be written again with other packets of its dub."""

    def packets(self, first: int, last: int) -> list[bytes]:
        """Return the packets of the dub from ``first`` to before ``last``."""
        ...

    def write(self, target: Path, packets: Mapping[int, bytes], subtitles: Path | None) -> None:
        """Write the video with these packets of the dub, by number, and the subtitles of the dub, if given (SRT).

        All else is copied; content credentials are left out. Raises NotSpliceableError.
        """
        ...


class PacketWriter(Protocol):
    """Writes a track packet by packet."""

    def write(self, packets: Iterable[bytes]) -> None:
        """Append packets."""
        ...


class SoundWriter(Protocol):
    """Writes a sound file block by block."""

    def write(self, sound: Sound) -> None:
        """Append a block."""
        ...


class SoundFiles(Protocol):
    """Reads, writes and resamples sound."""

    def channels(self, path: Path) -> int:
        """Return the number of channels of a file."""
        ...

    def read(self, path: Path, interval: Interval | None = None) -> Sound:
        """Return an interval of a file, cut at the end of the file, or the whole file."""
        ...

    def blocks(self, path: Path, *, block_ms: int = 10_000, rate_hz: int | None = None) -> Iterator[Sound]:
        """Yield a file in blocks, resampled to ``rate_hz`` if given, without seams between the blocks."""
        ...

    def writer(
        self, path: Path, *, channels: int, rate_hz: int, comment: str | None = None
    ) -> AbstractContextManager[SoundWriter]:
        """Return a writer of a ``.wav`` (16-bit PCM) or ``.flac`` (24 bit) file, which appears complete on leaving.

        ``comment`` is stored behind the samples.
        """
        ...

    def resample(self, sound: Sound, rate_hz: int) -> Sound:
        """Return the sound at another rate."""
        ...
