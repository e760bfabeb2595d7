"""The options of a worker, each with its one default and the environment variable that sets it.

Metadata as in ``options.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What a worker takes, and how it leaves."""

    name: str = field(
        default="dub", metadata={"env": "WORKER_NAME", "help": "name of a worker, unlike any other's on its machine"}
    )
    queues: str = field(
        default="", metadata={"env": "WORKER_QUEUES", "help": "queues, comma-separated, to take runs from; unset: all"}
    )
    grace_ms: int = field(
        default=90_000,
        metadata={
            "env": "WORKER_GRACE",
            "help": "seconds that a run may go on after SIGTERM; then it is handed back and repeated elsewhere",
            "minimum": 0,
            "maximum": 86_400,
            "unit": "s",
        },
    )
    max_memory_mib: int | None = field(
        default=None,
        metadata={
            "env": "WORKER_MAX_MEMORY_MIB",
            "help": "a worker's process that has held more than this is replaced after its run; unset: never",
            "minimum": 256,
            "maximum": 1_048_576,
        },
    )

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The queues one by one; none stands for all."""
        return tuple(name.strip() for name in self.queues.split(",") if name.strip())
