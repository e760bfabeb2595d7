"""What a dub is checked against: the thresholds, and which checks stop a job."""

from __future__ import annotations

from dataclasses import dataclass, field

_BLOCKING = "lines_are_audible,lines_never_overlap,true_peak_is_kept,sound_and_picture_agree"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """Thresholds of the checks; ``blocking`` names, comma-separated, those that fail the job (``none``: no check)."""

    blocking: str = field(
        default=_BLOCKING,
        metadata={"env": "CHECK_BLOCKING", "help": "checks, comma-separated, that fail the job; `none`: no check does"},
    )
    speech: bool = field(
        default=True,
        metadata={
            "env": "CHECK_SPEECH",
            "help": "whether the recogniser listens to every new line",
        },
    )
    speech_attempts: int = field(
        default=1,
        metadata={
            "env": "CHECK_SPEECH_ATTEMPTS",
            "help": "times that a line which is not heard as written is spoken again, at other speeds",
            "minimum": 0,
            "maximum": 3,
        },
    )
    speech_agreement: float = field(
        default=0.7,
        metadata={
            "env": "CHECK_SPEECH_AGREEMENT",
            "help": "how alike, from 0 to 1, a line's text and what is heard of it have to be",
            "minimum": 0,
            "maximum": 1,
        },
    )
    leftover_db: float = field(
        default=-9.0,
        metadata={
            "env": "CHECK_LEFTOVER",
            "help": "how loud, in dB over itself, the original speech may be left in the background under a line",
            "minimum": -60,
            "maximum": 0,
        },
    )
    loudness_lu: float = field(
        default=0.5,
        metadata={
            "env": "CHECK_LOUDNESS",
            "help": "how far, in LU, the encoded dub may be off its target",
            "minimum": 0,
            "maximum": 20,
        },
    )
    sync_ms: int = field(
        default=40,
        metadata={
            "env": "CHECK_SYNC",
            "help": "seconds that the dub's sound may lie off the picture, and its length off the programme's",
            "minimum": 0,
            "maximum": 10,
            "unit": "s",
        },
    )
    missing_ms: int = field(
        default=1500,
        metadata={
            "env": "CHECK_MISSING",
            "help": "seconds of speech in one place without a line that count as missing dialogue",
            "minimum": 0,
            "maximum": 3600,
            "unit": "s",
        },
    )
