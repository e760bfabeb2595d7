"""The tasks of the queue, each declared once.

A new task is a ``TaskSpec`` in ``_TASKS`` with a message model and a request of its own, the job that does it (listed
in ``service/jobs.py``), a callback builder (``callbacks/callback_builders.py``) and the stage that fails with it
(``callbacks/bodies.py``). ``tests/service/queue/test_tasks.py`` fails until all of them are there. The consumer itself
handles a task without a job, such as ``cancel``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import UnionType
from typing import Any

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import ErrorCode, MessageRefusedError, PermanentError
from dub_assets.core.keys import request_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import (
    CALLBACK_URL,
    CALLBACKS,
    EDIT,
    JOB_ID,
    MESSAGE_ID,
    MESSAGE_RUNS,
    PROJECT_ID,
    REQUEST_KEY,
    TASK,
)
from dub_assets.service.cancellation import CancelRequest
from dub_assets.service.edits.edit_run import EDIT_JOB, EditRun, requested_edit
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.queue.message_models import (
    CancelMessage,
    DubRequests,
    FullPipelineMessage,
    Message,
    Request,
    RunRequest,
)
from dub_assets.service.queue.segment_messages import SegmentMixMessage, SegmentTtsMessage
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """What a run materialises: a job, or some ``assets`` of it, with configuration by op."""

    job: str
    partition: str | None = None
    assets: tuple[str, ...] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A task that messages ask for.

    ``name`` is the value of ``task`` in messages and of the tag ``dub/task``; ``aliases`` are other values in messages.
    ``message`` is the model of its messages, ``request`` what a message is read into and stored as. ``start`` says what
    the run of a request stored under a key does; None if the task starts no run.
    """

    name: str
    message: type[Message]
    request: type[Any] | UnionType
    start: Callable[[Any, str, JobArchive], RunStart] | None
    aliases: tuple[str, ...] = ()


def _start_dub(request: DubRequest, key: str, archive: JobArchive) -> RunStart:  # noqa: ARG001  # the record has it all
    return RunStart(job="dub_job", partition=request.job_id)


def _start_edit(
    request: SegmentMixRequest | SegmentTtsRequest, key: str, archive: JobArchive, *, job: str, op: str
) -> RunStart:
    """Edit a job's own segments by its assets, and external segments by an op."""
    edit = _own_edit(request, archive)
    if edit is None:
        return RunStart(job=job, config={op: {"request_key": key}})
    return RunStart(job=EDIT_JOB, partition=edit.job_id, assets=edit.assets, config=edit.config, tags={EDIT: "true"})


def _own_edit(request: SegmentMixRequest | SegmentTtsRequest, archive: JobArchive) -> EditRun | None:
    """Return the run that edits the job's own segments; None if some are external, or if the op will refuse them."""
    try:
        return requested_edit(OwnJob.find(archive, request.job_id, request.project_id), request)
    except PermanentError:
        return None


_TASKS = (
    TaskSpec(name="full_pipeline", message=FullPipelineMessage, request=DubRequest | DubRequests, start=_start_dub),
    TaskSpec(
        name="segment_mix",
        aliases=("tts_bgm_mix",),
        message=SegmentMixMessage,
        request=SegmentMixRequest,
        start=partial(_start_edit, job="segment_mix_job", op="segment_mix"),
    ),
    TaskSpec(
        name="segment_tts",
        message=SegmentTtsMessage,
        request=SegmentTtsRequest,
        start=partial(_start_edit, job="segment_tts_job", op="segment_tts"),
    ),
    TaskSpec(name="cancel", message=CancelMessage, request=CancelRequest, start=None),
)
TASKS: Mapping[str, TaskSpec] = {task.name: task for task in _TASKS}
"""The tasks of the queue by name."""

RUN_TASKS = tuple(task.name for task in _TASKS if task.start is not None)
"""The names of the tasks that start runs."""

DEFAULT_TASK = "full_pipeline"
"""The task of messages that name none."""

REFUSED = "refused"
"""The task of the runs that earlier versions made of refused messages."""


def find_task(name: object) -> TaskSpec | None:
    """Return the task that a message names, in upper or lower case; the default task for None and blank text."""
    if name is not None and not isinstance(name, str):
        return None
    wanted = (name or "").strip().lower() or DEFAULT_TASK
    return next((task for task in _TASKS if wanted in {task.name, *task.aliases}), None)


def task_of(request: Request) -> TaskSpec:
    """Return the task of a request."""
    return next(task for task in _TASKS if isinstance(request, task.request))


def refused_request(request: Request, reason: str, *, error_code: ErrorCode = "invalid_message") -> MessageRefusedError:
    """Return the refusal of a message that is valid by itself."""
    if isinstance(request, SegmentMixRequest):
        segments = tuple(order.index for order in request.segments)
    else:
        segments = (request.index,) if isinstance(request, SegmentTtsRequest) else ()
    return MessageRefusedError(
        reason,
        job_id=request.job_id,
        callback_url=request.callback_url,
        project_id=request.project_id,
        task=task_of(request).name,
        segments=segments,
        error_code=error_code,
    )


def run_request(message_id: str, run_key: str, request: RunRequest, archive: JobArchive, *, runs: int) -> dg.RunRequest:
    """Return one of the ``runs`` that a message asks for."""
    task, key = task_of(request), request_key(run_key)
    if task.start is None:
        raise ValueError(f"the task {task.name} starts no run")
    start = task.start(request, key, archive)
    tags = {
        JOB_ID: request.job_id,
        PROJECT_ID: request.project_id,
        TASK: task.name,
        MESSAGE_ID: message_id,
        MESSAGE_RUNS: str(runs) if runs > 1 else None,
        REQUEST_KEY: key,
        CALLBACK_URL: request.callback_url,
        CALLBACKS: "pending" if request.callback_url else None,
        **start.tags,
    }
    return dg.RunRequest(
        run_key=run_key,
        job_name=start.job,
        partition_key=start.partition,
        asset_selection=[dg.AssetKey(name) for name in start.assets] or None,
        tags={name: value for name, value in tags.items() if value},
        run_config={"ops": {name: {"config": values} for name, values in start.config.items()}} if start.config else {},
    )
