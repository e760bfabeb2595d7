"""What messages ask for, and the jobs that do it: the one place where tasks become runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dub_assets.clients.message_models import Request
from dub_assets.domain.intake import RefusedMessage
from dub_assets.domain.keys import request_key
from dub_assets.domain.request import DubRequest
from dub_assets.domain.segment_request import SegmentMixRequest, SegmentTtsRequest
from dub_assets.resources.tags import CALLBACK_URL, CALLBACKS, JOB_ID, MESSAGE_ID, PROJECT_ID, REQUEST_KEY, TASK


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
    RefusedMessage: Task(name="refused", job="refused_message_job", op="refused_message"),
}
"""A line a task. The model of its messages stands in ``clients/message_models.py``, its job in ``defs/jobs.py``."""


def run_request(message_id: str, request: Request | RefusedMessage) -> dg.RunRequest:
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
        run_config={"ops": {task.op: {"config": _config(message_id, request)}}} if task.op else {},
    )


def _config(message_id: str, request: Request | RefusedMessage) -> dict[str, Any]:
    if isinstance(request, RefusedMessage):
        told = {"reason": request.reason, "segments": list(request.segments)}
        return told | ({"task": request.task} if request.task else {})
    return {"request_key": request_key(message_id)}
