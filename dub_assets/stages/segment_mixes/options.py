"""How speech and background are put together, and how loud the result is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LOUDNESS_PROFILES = ("source", "-14", "-16", "-23", "-24", "-27")


def _option(env: str, help_: str, minimum: float, maximum: float) -> dict[str, Any]:
    return {"env": env, "help": help_, "minimum": minimum, "maximum": maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOptions:
    """How speech and background are put together. Gains are linear factors."""

    background_gain: float = field(
        default=1.0, metadata=_option("MIX_BGM_GAIN", "gain of the background under a full job's speech", 0, 10)
    )
    speech_gain: float = field(
        default=1.0, metadata=_option("MIX_TTS_GAIN", "gain of a full job's speech over its matched level", 0, 10)
    )
    loudness: str = field(
        default="source",
        metadata={
            "env": "MIX_LOUDNESS",
            "help": "integrated loudness: source (as loud as the original, whose background stays as it is) or LUFS: "
            + ", ".join(LOUDNESS_PROFILES[1:]),
            "choices": LOUDNESS_PROFILES,
        },
    )
    true_peak_dbtp: float = field(
        default=-1.0, metadata=_option("MIX_TRUE_PEAK", "highest true peak of the result in dBTP", -20, 0)
    )
    level_range_db: float = field(
        default=6.0,
        metadata=_option("MIX_LEVEL_RANGE", "how far, in dB, one line may be louder than the job's median", 0, 30),
    )
    soft_range_db: float = field(
        default=15.0,
        metadata=_option("MIX_SOFT_RANGE", "how far, in dB, one line may be softer than the job's median", 0, 30),
    )
    duck_db: float = field(
        default=0.0, metadata=_option("MIX_DUCK", "how far, in dB, the background is lowered under each line", 0, 40)
    )
    duck_attack_ms: int = field(
        default=150,
        metadata=_option("MIX_DUCK_ATTACK", "seconds before a line in which the background is lowered", 0, 5)
        | {"unit": "s"},
    )
    duck_release_ms: int = field(
        default=400,
        metadata=_option("MIX_DUCK_RELEASE", "seconds after a line in which the background rises again", 0, 5)
        | {"unit": "s"},
    )

    @property
    def target_lufs(self) -> float | None:
        """The loudness that the profile names; None: the original's."""
        return None if self.loudness == "source" else float(self.loudness)
