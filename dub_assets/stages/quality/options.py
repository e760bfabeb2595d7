"""Options of the checks: their thresholds, and which of them fail a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.option import Seconds, option

_BLOCKING = "lines_are_audible,lines_never_overlap,true_peak_is_kept,sound_and_picture_agree"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """Thresholds of the checks; ``blocking`` names, comma-separated, those that fail the job (``none``: no check)."""

    blocking: Annotated[
        str, option("CHECK_BLOCKING", "checks, comma-separated, that fail the job; `none`: no check does")
    ] = _BLOCKING
    speech: Annotated[bool, option("CHECK_SPEECH", "whether every new line is recognised and compared")] = True
    speech_attempts: Annotated[
        int,
        option(
            "CHECK_SPEECH_ATTEMPTS",
            "times that a line which is not recognised as written is spoken again, at other speeds",
            ge=0,
            le=3,
        ),
    ] = 1
    speech_agreement: Annotated[
        FiniteFloat,
        option(
            "CHECK_SPEECH_AGREEMENT",
            "least similarity, from 0 to 1, of a line's text and what is recognised of it",
            ge=0,
            le=1,
        ),
    ] = 0.7
    leftover_db: Annotated[
        FiniteFloat,
        option(
            "CHECK_LEFTOVER",
            "highest level, in dB over the original speech, of speech left in the background under a line",
            ge=-60,
            le=0,
        ),
    ] = -9.0
    loudness_lu: Annotated[
        FiniteFloat, option("CHECK_LOUDNESS", "how far, in LU, the encoded dub may be off its target", ge=0, le=20)
    ] = 0.5
    sync_ms: Annotated[
        int,
        Seconds(0, 10),
        option("CHECK_SYNC", "seconds that the dub's sound may be off the picture, and its length off the programme's"),
    ] = 40
    missing_ms: Annotated[
        int,
        Seconds(0, 3600),
        option("CHECK_MISSING", "seconds of speech in one place without a line that count as missing dialogue"),
    ] = 1500
