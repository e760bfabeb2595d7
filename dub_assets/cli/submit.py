"""``dub-assets submit``: sends a message to the queue of jobs, as producers do."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from dub_assets.cli.interruptions import current as current_interruptions
from dub_assets.cli.terminal import write_line
from dub_assets.core.errors import InputError, PermanentError
from dub_assets.core.files import open_regular
from dub_assets.core.request import DubRequest
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.queue.message_models import DubRequests
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.tasks import task_of
from dub_assets.settings import Settings, settings_from


def submit_message(file: Path) -> None:
    """Check a message, send it to JOB_QUEUE_URL and print its id, which is its run's key.

    A pair of languages that this machine does not translate is a warning, since workers may have other models. A
    message that is sent twice starts two runs, on a FIFO queue too.

    Raises:
        MessageRefusedError: The service would refuse the message.
    """
    settings = settings_from(os.environ)
    body = _read(file)
    services = QueueResource.of(settings)
    request = services.parse(body)
    for dub in request.dubs if isinstance(request, DubRequests) else (request,):
        if isinstance(dub, DubRequest):
            _warn_of_pair(dub, settings)
    if interruptions := current_interruptions():
        interruptions.advise("the message may have been sent: check the queue before you send it again")
    attributes = {"job_id": request.job_id, "project_id": request.project_id, "task": task_of(request).name}
    message_id = services.queue.send(
        body,
        group=request.project_id or request.job_id,
        attributes={name: value for name, value in attributes.items() if value},
    )
    write_line(message_id)


def _warn_of_pair(request: DubRequest, settings: Settings) -> None:
    if request.source_language == "auto":
        return
    engines = EnginesResource.of(settings).engines(request.engines)
    try:
        engines.translator(request.source_language, request.target_language)
    except PermanentError as error:
        write_line(
            f"dub-assets: warning: on this machine {error} A worker with the same set-up fails the job.", sys.stderr
        )


def _read(file: Path) -> str:
    """Return the text of a file, or of standard input if the file is ``-``, without a byte order mark."""
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else open_regular(file) as stream:
            return stream.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file} as text: name a file with a message in JSON") from error
