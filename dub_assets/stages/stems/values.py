"""The programme's sound, separated."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.media import INTACT, ExtractedSound, MediaInfo, MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Stems:
    """Vocals and background of a programme: 48 kHz FLAC with the original's channels, of equal length.

    ``vocals + background = original`` at every sample. ``speech`` are the disjoint, sorted intervals with speech;
    outside them (and a fade) the background is the original. ``extracted`` is what was found while the sound was
    decoded.
    """

    source: MediaObject
    info: MediaInfo
    original: MediaObject
    vocals: MediaObject
    background: MediaObject
    speech: tuple[Interval, ...]
    provenance: Provenance
    extracted: ExtractedSound = INTACT

    @property
    def findings(self) -> tuple[str, ...]:
        """What is odd about the source, a sentence each."""
        return (*self.info.findings, *self.extracted.findings)
