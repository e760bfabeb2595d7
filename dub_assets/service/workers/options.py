"""Options of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dub_assets.core.option import COMMA_SEPARATED, Seconds, option


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Which runs a worker takes, and how it ends."""

    name: Annotated[str, option("WORKER_NAME", "name of a worker, unlike any other's on its machine")] = "dub"
    queues: Annotated[
        tuple[str, ...],
        COMMA_SEPARATED,
        option("WORKER_QUEUES", "queues, comma-separated, to take runs from; unset: all"),
    ] = ()
    grace_ms: Annotated[
        int,
        Seconds(0, 86_400),
        option(
            "WORKER_GRACE", "seconds that a run may go on after SIGTERM; then it is returned and repeated elsewhere"
        ),
    ] = 90_000
    max_memory_mib: Annotated[
        int | None,
        option(
            "WORKER_MAX_MEMORY_MIB",
            "a worker's process whose peak memory is higher is replaced after its run; unset: never",
            ge=256,
            le=1_048_576,
        ),
    ] = None
