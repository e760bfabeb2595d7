"""What there is to do: the figure that the number of workers follows."""

from dataclasses import dataclass

import dagster as dg

from dub_assets.resources.tags import TASK
from dub_assets.service.metrics.present import OPEN
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.service.queue.tasks import TASKS
from dub_assets.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The runs that messages led to and that have not ended, and the messages that no run has come of yet."""

    open_runs: int
    waiting_messages: int


def backlog_now(instance: dg.DagsterInstance, settings: Settings) -> Backlog:
    """The backlog. Raises QueueUnavailableError."""
    tasks = {TASK: list(TASKS)}
    open_runs = instance.get_runs_count(dg.RunsFilter(statuses=OPEN, tags=tasks))
    url, place = settings.queue.url, settings.storage
    if url is None:
        return Backlog(open_runs=open_runs, waiting_messages=0)
    queue = SqsQueue(url, region=place.region, endpoint_url=place.endpoint_url, profile=place.profile)
    return Backlog(open_runs=open_runs, waiting_messages=queue.depth().waiting)
