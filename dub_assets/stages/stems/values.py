"""The programme's sound, separated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.core.media import INTACT, ExtractedSound, MediaInfo, MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval, merged

_SPEECH_MARGIN_MS = 300
"""Time before and after detected speech in which vocals still count as speech: onsets and ends are quiet."""

CLOSED_GAP_MS = 600
"""Gaps in speech up to this length are breath and consonants, not laughter or applause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stems:
    """Vocals and background of a programme: 48 kHz FLAC with the original's channels, of equal length.

    ``vocals + background = original`` at every sample. ``speech`` are the disjoint, sorted intervals with speech;
    outside them (and a fade) the background is the original. ``extracted`` is what was found while the sound was
    decoded. ``loud_vocals`` are the disjoint, sorted intervals in which the separated vocals are loud, whatever the
    detectors of speech say; empty in manifests of earlier versions.
    """

    source: MediaObject
    info: MediaInfo
    original: MediaObject
    vocals: MediaObject
    background: MediaObject
    speech: tuple[Interval, ...]
    provenance: Provenance
    extracted: ExtractedSound = INTACT
    loud_vocals: tuple[Interval, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """What is odd about the source, a sentence each."""
        return (*self.info.findings, *self.extracted.findings)


def vocal_intervals(speech: Sequence[Interval], duration_ms: int) -> list[Interval]:
    """Return the intervals in which vocals are separated from the background: speech with a margin."""
    return merged((region.widened(_SPEECH_MARGIN_MS, duration_ms) for region in speech), gap_ms=CLOSED_GAP_MS)
