"""What may be set for fitting speech to its slot."""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.core.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """How speech is fitted to its slot.

    Tempo is a factor over the language's ordinary speaking rate (``text_normalisation/speaking_rate.py``).
    """

    pause_ms: int = field(
        default=80, metadata=option("FIT_PAUSE", "seconds kept between two lines", 0, 2) | {"unit": "s"}
    )
    free_tempo: float = field(
        default=1.25,
        metadata=option(
            "FIT_FREE_TEMPO", "tempo over the language's ordinary rate up to which a line is not flagged", 1.0, 2.0
        ),
    )
    max_tempo: float = field(
        default=1.35,
        metadata=option("FIT_MAX_TEMPO", "highest tempo; what does not fit starts the next line late", 1, 2),
    )
