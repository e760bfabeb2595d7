"""The dubbed video with its mix, subtitles and gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dub_assets.core.consent import VoiceConsent
from dub_assets.core.credentials import VideoRevision
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
class FinalVideo:
    """The dubbed video. ``mix`` is its dub before encoding (48 kHz FLAC); ``loudness`` that of the encoded track.

    ``revision`` counts the videos of the job, from 1. ``consents`` are those to its cloned voices,
    ``history`` lists the job's videos, ``lines`` the fingerprint of each segment's text and gains by its name.
    """

    SCHEMA_VERSION: ClassVar[int] = 2

    video: MediaObject
    mix: MediaObject
    source_subtitles: SubtitleFiles
    target_subtitles: SubtitleFiles
    gain: ProgrammeGain
    loudness: Loudness
    provenance: Provenance
    revision: int = 1
    consents: tuple[VoiceConsent, ...] = ()
    history: tuple[VideoRevision, ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
