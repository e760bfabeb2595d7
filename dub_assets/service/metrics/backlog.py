"""The backlog: how much work is waiting, which an autoscaler sets the number of workers by."""

from dataclasses import dataclass

import dagster as dg

from dub_assets.resources.tags import TASK
from dub_assets.service.metrics.gauges import OPEN_STATUSES
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.service.queue.tasks import TASKS
from dub_assets.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The open runs of messages, and the messages that have no run yet."""

    open_runs: int
    waiting_messages: int


def read_backlog(instance: dg.DagsterInstance, settings: Settings) -> Backlog:
    """Return the backlog. Raises QueueUnavailableError."""
    tasks = {TASK: list(TASKS)}
    open_runs = instance.get_runs_count(dg.RunsFilter(statuses=OPEN_STATUSES, tags=tasks))
    url, storage = settings.queue.url, settings.storage
    if url is None:
        return Backlog(open_runs=open_runs, waiting_messages=0)
    queue = SqsQueue(url, region=storage.region, endpoint_url=storage.endpoint_url, profile=storage.profile)
    return Backlog(open_runs=open_runs, waiting_messages=queue.depth().waiting)
