"""Options of the transcript: how speech is cut into segments, and how many speakers there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationRules:
    """How speech is cut into segments. Raises ConfigurationError unless ``min_ms`` is less than ``max_ms``."""

    min_ms: Annotated[
        int, option("SEGMENT_MIN_MS", "shorter segments join a neighbour of the same sentence", ge=0, le=60_000)
    ] = 1_000
    max_ms: Annotated[
        int, option("SEGMENT_MAX_MS", "longer segments are cut, unless they are a single word", ge=0, le=60_000)
    ] = 8_000
    pause_ms: Annotated[int, option("SEGMENT_PAUSE_MS", "a pause of this length ends a segment", ge=0, le=60_000)] = 500
    merge_gap_ms: Annotated[
        int, option("SEGMENT_MERGE_GAP_MS", "short segments join across pauses up to this length", ge=0, le=60_000)
    ] = 1_000
    snap_ms: Annotated[
        int,
        option("SEGMENT_SNAP_MS", "a border this near to the edge of a speech region moves there", ge=0, le=60_000),
    ] = 300
    doubt_probability: Annotated[
        FiniteFloat,
        option(
            "SEGMENT_DOUBT_PROBABILITY",
            "words outside every speech region are dropped if their probability is lower",
            ge=0,
            le=1,
        ),
    ] = 0.4

    def __post_init__(self) -> None:
        if not self.min_ms < self.max_ms:
            raise ConfigurationError(
                f"SEGMENT_MIN_MS ({self.min_ms}) must be less than SEGMENT_MAX_MS ({self.max_ms}): change one of them"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerOptions:
    """How many people speak, and with which voices they are dubbed."""

    count: Annotated[
        int | None, option("SPEAKERS", "number of speakers; unset: as many as are heard", ge=1, le=100)
    ] = None
    voices: Annotated[
        str | None,
        option(
            "SPEAKER_VOICES",
            "voices of speakers, such as A=jm_kumo,B=jf_nezumi; unset: chosen by sex and pitch, or cloned",
        ),
    ] = None
