"""The options of the queue, each with its one default and the environment variable that sets it.

Metadata as in ``options.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """Where jobs come from, and how many at once."""

    url: str | None = field(
        default=None,
        metadata={"env": "JOB_QUEUE_URL", "help": "SQS queue of jobs, standard or FIFO; unset: none is read"},
    )
    dead_letter_url: str | None = field(
        default=None,
        metadata={
            "env": "JOB_DLQ_URL",
            "help": "SQS queue for messages that can never succeed, with the reason; unset: they are deleted",
        },
    )
    visibility_timeout_s: int = field(
        default=300,
        metadata={
            "env": "JOB_VISIBILITY_TIMEOUT",
            "help": "seconds after which a message that was received and not deleted comes back",
            "minimum": 1,
            "maximum": 43_200,
        },
    )
    wait_s: int = field(
        default=20,
        metadata={
            "env": "JOB_QUEUE_WAIT",
            "help": "seconds that a look at the queue waits for messages, and that one at callbacks watches for more",
            "minimum": 0,
            "maximum": 20,
        },
    )
    max_pending_runs: int = field(
        default=10,
        metadata={
            "env": "JOB_MAX_PENDING_RUNS",
            "help": "runs that may wait for a slot before messages are left to other workers",
            "minimum": 1,
            "maximum": 10_000,
        },
    )
    max_messages: int = field(
        default=100,
        metadata={
            "env": "JOB_MAX_MESSAGES",
            "help": "messages taken from the queue at one look",
            "minimum": 1,
            "maximum": 1000,
        },
    )
    max_attempts: int = field(
        default=5,
        metadata={
            "env": "JOB_MAX_RECEIVES",
            "help": "times that a message is taken up without a run coming of it before it is given up",
            "minimum": 1,
            "maximum": 1000,
        },
    )
    key_prefixes: str = field(
        default="projects/",
        metadata={
            "env": "JOB_KEY_PREFIXES",
            "help": "beginnings, comma-separated, of the object keys that messages may name",
        },
    )

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes one by one."""
        return tuple(prefix.strip() for prefix in self.key_prefixes.split(",") if prefix.strip())
