"""What may be set for the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.core.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerOptions:
    """Who is told apart."""

    count: int | None = field(
        default=None, metadata=option("SPEAKERS", "how many people speak; unset: as many as are heard", 1, 100)
    )
    voices: str | None = field(
        default=None,
        metadata=option(
            "SPEAKER_VOICES", "voices of speakers, such as A=jm_kumo,B=jf_nezumi; unset: by pitch, or cloned"
        ),
    )
