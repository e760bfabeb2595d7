"""Options of the queue of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from dub_assets.core.option import COMMA_SEPARATED, option
from dub_assets.service.message_keys import PROJECT_PREFIX, checked_prefix_template


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """Which queue is read, and how many of its messages at once."""

    url: Annotated[
        str | None, option("JOB_QUEUE_URL", "SQS queue of jobs, standard or FIFO; unset: no queue is read")
    ] = None
    dead_letter_url: Annotated[
        str | None,
        option(
            "JOB_DLQ_URL", "SQS queue for messages that can never succeed, with the reason; unset: they are deleted"
        ),
    ] = None
    visibility_timeout_s: Annotated[
        int,
        option(
            "JOB_VISIBILITY_TIMEOUT",
            "seconds after which a message that was received and not deleted comes back",
            ge=1,
            le=43_200,
        ),
    ] = 300
    wait_s: Annotated[
        int,
        option(
            "JOB_QUEUE_WAIT",
            "seconds that a tick of the queue sensor waits for messages, and one of the callbacks sensor for events",
            ge=0,
            le=20,
        ),
    ] = 20
    max_pending_runs: Annotated[
        int,
        option(
            "JOB_MAX_PENDING_RUNS",
            "runs that may wait for a slot before messages are left to other workers",
            ge=1,
            le=10_000,
        ),
    ] = 10
    max_messages: Annotated[
        int, option("JOB_MAX_MESSAGES", "messages taken from the queue in one tick", ge=1, le=1000)
    ] = 100
    max_attempts: Annotated[
        int,
        option(
            "JOB_MAX_RECEIVES",
            "times that a message is received without starting a run before it is refused",
            ge=1,
            le=1000,
        ),
    ] = 5
    key_prefixes: Annotated[
        tuple[Annotated[str, AfterValidator(checked_prefix_template)], ...],
        COMMA_SEPARATED,
        option(
            "JOB_KEY_PREFIXES",
            "prefixes, comma-separated, of the object keys that messages may name; {project_id} is the message's own "
            "project, a prefix without it is open to all projects",
        ),
    ] = (PROJECT_PREFIX,)
