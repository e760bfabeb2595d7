"""The job record: a validated request for a dub, stored as ``jobs/{job_id}.json``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dub_assets.core.consent import Consent
from dub_assets.core.errors import InputError
from dub_assets.core.text import Pronunciation, Term

ID_PATTERN = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
"""Regular expression of the ids of jobs and projects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOverrides:
    """Engines that a job names; None leaves the choice to the configuration."""

    separation: str | None = None
    recognition: str | None = None
    speakers: str | None = None
    translation: str | None = None
    synthesis: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DubRequest:
    """A request for one dub.

    ``source_language`` is ISO 639-1 or ``"auto"``. Keys are object keys in the store. ``segment_clips`` asks for the
    clips of each segment, which editors use. ``speakers`` is the number of speakers, None if unknown. ``voices`` are
    voices by the speakers' names. ``terms`` is the glossary of the translation. ``audio_track`` is the index or the
    language of the sound track to dub, None if any may be chosen. ``transcript_key`` and ``translation_key`` are
    subtitle files that replace recognition and translation. ``pronunciations`` are those of the target language.
    ``consents`` are those of a message: when it is accepted, they are recorded apart from the job.
    """

    job_id: str
    project_id: str
    input_key: str
    source_language: str
    target_language: str
    result_key: str
    metadata_key: str
    segment_prefix: str
    segment_clips: bool
    callback_url: str | None = None
    engines: EngineOverrides = EngineOverrides()
    speakers: int | None = None
    voices: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    audio_track: str | None = None
    consents: tuple[Consent, ...] = field(default=(), repr=False)
    transcript_key: str | None = None
    translation_key: str | None = None
    pronunciations: tuple[Pronunciation, ...] = ()


def checked_id(name: str, value: str) -> str:
    """Return ``value`` if it can be part of an object key and of a partition name. Raises InputError otherwise."""
    if not re.fullmatch(ID_PATTERN, value):
        raise InputError(
            f"{name} {value!r} is not usable: 1 to 128 letters, digits, '.', '_' or '-', not starting with a dot"
        )
    return value
