"""The dubbed video with its mix, subtitles and gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dub_assets.core.consent import VoiceConsent
from dub_assets.core.credentials import VideoRevision
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import Loudness, MediaObject
from dub_assets.core.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleFiles:
    """Subtitles in one language, as SubRip and as WebVTT."""

    srt: MediaObject
    vtt: MediaObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeGain:
    """The constant gains of a programme: ``speech_db`` on all speech, ``programme_db`` on everything.

    ``source_lufs`` is the integrated loudness of the original, ``target_lufs`` the loudness that the dub should have;
    None for silence. ``mark`` is the fingerprint of what the gains were chosen for: while it is the same, edits keep
    them.
    """

    source_lufs: float | None
    target_lufs: float | None
    speech_db: float
    programme_db: float
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DubBlock:
    """A block of the dub's track: the fingerprint of its mix, and what is measured of the encoded sound.

    ``frames`` are checksums of the mix, four bytes for each packet, in base64. ``powers`` are those of the loudness
    measurement, one for each 100 ms: little-endian float32 in base64. ``true_peak_dbtp`` is None for silence.
    """

    fingerprint: str
    powers: str
    true_peak_dbtp: float | None
    frames: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalVideo:
    """The dubbed video. ``blocks`` are those of its dub; ``loudness`` is that of the encoded track.

    ``container`` is the fingerprint of everything in the file apart from dub and subtitles. ``mix`` is the dub before
    encoding, as earlier versions stored it. ``revision`` counts the videos of the job, from 1. ``consents`` are those
    to its cloned voices, ``history`` lists the job's videos, ``lines`` the fingerprint of each segment's text and gains
    by its name.
    """

    SCHEMA_VERSION: ClassVar[int] = 2

    video: MediaObject
    source_subtitles: SubtitleFiles
    target_subtitles: SubtitleFiles
    gain: ProgrammeGain
    loudness: Loudness
    provenance: Provenance
    revision: int = 1
    consents: tuple[VoiceConsent, ...] = ()
    history: tuple[VideoRevision, ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    mix: MediaObject | None = None
    container: str = ""
    blocks: tuple[DubBlock, ...] = ()

    @property
    def dub_fingerprint(self) -> str:
        """Fingerprint of the dub's sound."""
        return fingerprint("dub", blocks=[block.fingerprint for block in self.blocks], earlier=self.mix)
