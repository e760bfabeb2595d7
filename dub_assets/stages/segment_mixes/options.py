"""Options of the mix: levels of speech and background, and loudness of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.option import Seconds, one_of, option

LOUDNESS_PROFILES = ("source", "-14", "-16", "-23", "-24", "-27")


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOptions:
    """How speech and background are mixed. Gains are linear factors."""

    background_gain: Annotated[
        FiniteFloat, option("MIX_BGM_GAIN", "gain of the background under a full job's speech", ge=0, le=10)
    ] = 1.0
    speech_gain: Annotated[
        FiniteFloat, option("MIX_TTS_GAIN", "gain of a full job's speech over its matched level", ge=0, le=10)
    ] = 1.0
    loudness: Annotated[
        str,
        one_of(*LOUDNESS_PROFILES),
        option(
            "MIX_LOUDNESS",
            "integrated loudness: source (as loud as the original, whose background keeps its level) or LUFS: "
            + ", ".join(LOUDNESS_PROFILES[1:]),
        ),
    ] = "source"
    true_peak_dbtp: Annotated[
        FiniteFloat, option("MIX_TRUE_PEAK", "highest true peak of the result in dBTP", ge=-20, le=0)
    ] = -1.0
    level_range_db: Annotated[
        FiniteFloat,
        option("MIX_LEVEL_RANGE", "how far, in dB, one line may be louder than the job's median", ge=0, le=30),
    ] = 6.0
    soft_range_db: Annotated[
        FiniteFloat,
        option("MIX_SOFT_RANGE", "how far, in dB, one line may be softer than the job's median", ge=0, le=30),
    ] = 15.0
    duck_db: Annotated[
        FiniteFloat, option("MIX_DUCK", "how far, in dB, the background is lowered under each line", ge=0, le=40)
    ] = 0.0
    duck_attack_ms: Annotated[
        int, Seconds(0, 5), option("MIX_DUCK_ATTACK", "seconds before a line in which the background is lowered")
    ] = 150
    duck_release_ms: Annotated[
        int, Seconds(0, 5), option("MIX_DUCK_RELEASE", "seconds after a line in which the background rises again")
    ] = 400

    @property
    def target_lufs(self) -> float | None:
        """The loudness that the profile names; None: the original's."""
        return None if self.loudness == "source" else float(self.loudness)
