"""What messages ask for, and the jobs that do it: the one place where tasks become runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from dub_assets.core.keys import request_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import CALLBACK_URL, CALLBACKS, JOB_ID, MESSAGE_ID, PROJECT_ID, REQUEST_KEY, TASK
from dub_assets.service.queue.message_models import Request
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A kind of run. ``op`` is the op that is told the request's key; None stands for assets with a partition a job."""

    name: str
    job: str
    op: str | None


TASKS: Mapping[type, Task] = {
    DubRequest: Task(name="full_pipeline", job="dub_job", op=None),
    SegmentMixRequest: Task(name="segment_mix", job="segment_mix_job", op="segment_mix"),
    SegmentTtsRequest: Task(name="segment_tts", job="segment_tts_job", op="segment_tts"),
}
"""The tasks of the queue, one line each.

The models of their messages are in ``message_models.py``, their jobs in ``service/jobs.py``.
"""


REFUSED = "refused"
"""The task of the runs that earlier versions made of refused messages."""


def run_request(message_id: str, request: Request) -> dg.RunRequest:
    """The run that does what a message asks for; the message's id is its key, so that there is one run a message."""
    task = TASKS[type(request)]
    tags = {
        JOB_ID: request.job_id,
        PROJECT_ID: request.project_id,
        TASK: task.name,
        MESSAGE_ID: message_id,
        REQUEST_KEY: request_key(message_id),
        CALLBACK_URL: request.callback_url,
        CALLBACKS: "pending" if request.callback_url else None,
    }
    return dg.RunRequest(
        run_key=message_id,
        job_name=task.job,
        partition_key=None if task.op else request.job_id,
        tags={name: value for name, value in tags.items() if value},
        run_config={"ops": {task.op: {"config": {"request_key": request_key(message_id)}}}} if task.op else {},
    )
