"""The outbox: what a run has to tell, made of its event log and of nothing that changes later.

A log only grows, and what is told is found in it from the front; so the same callbacks come out in the same order
however often and whenever it is read. What is sealed already is known by name and passed over: that is how a run that
continues a failed one goes on where that one stopped.
"""

from collections.abc import Collection, Iterator
from typing import Any, Protocol

import dagster as dg

from dub_assets.core.errors import PermanentError
from dub_assets.service.callbacks.outbox_entry import PendingCallback
from dub_assets.service.callbacks.run_log import RunLog, event_of
from dub_assets.service.callbacks.values import encoded_body

Json = dict[str, Any]


class CallbackBuilder(Protocol):
    """How the runs of one task are told of."""

    def stage(self, event: dg.DagsterEvent) -> str | None:
        """The stage on the way that an event stands for."""
        ...

    def progress(self, event: dg.DagsterEvent) -> Json:
        """The body for an event that stands for a stage."""
        ...

    def completed(self, log: RunLog) -> Json:
        """The body for a run that succeeded. Raises PermanentError where its result is not there."""
        ...

    def failed(self, error: str, step: str | None) -> Json:
        """The body for a run that did not; ``step`` is where."""
        ...


def new_posts(log: RunLog, builder: CallbackBuilder, *, sealed: Collection[str], ends: bool) -> list[PendingCallback]:
    """The callbacks of a run that are not sealed yet; ``ends``: whether its end is to be told, once it is there."""
    posts = list(_progress(log, builder, sealed))
    name = end_name(log.run.run_id)
    if ends and log.end is not None and name not in sealed:
        posts.append(PendingCallback(name=name, created_s=log.end.timestamp, body=encoded_body(_ending(log, builder))))
    return posts


def end_name(run_id: str) -> str:
    """The name of the callback with which a run ends."""
    return f"end of {run_id}"


def _progress(log: RunLog, builder: CallbackBuilder, sealed: Collection[str]) -> Iterator[PendingCallback]:
    told = set(sealed)
    for entry in log.events:
        event = event_of(entry)
        stage = builder.stage(event)
        if stage is not None and stage not in told:
            told.add(stage)
            yield PendingCallback(name=stage, created_s=entry.timestamp, body=encoded_body(builder.progress(event)))


def _ending(log: RunLog, builder: CallbackBuilder) -> Json:
    if not log.succeeded:
        return builder.failed(log.reason, log.failed_step)
    try:
        return builder.completed(log)
    except PermanentError as error:
        return builder.failed(str(error), None)
