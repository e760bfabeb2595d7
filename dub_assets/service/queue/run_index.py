"""The runs that messages have started, as Dagster's storage knows them."""

from typing import Any

import dagster as dg

from dub_assets.resources.tags import MESSAGE_RUNS, TASK
from dub_assets.service.queue.message_runs import run_keys
from dub_assets.service.queue.tasks import RUN_TASKS

_RUN_KEY = "dagster/run_key"


class RunIndex:
    """Finds the runs of one Dagster instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    @property
    def deployment(self) -> str:
        """The id of the instance's run storage, which distinguishes deployments that read the same queue."""
        storage: Any = self._instance.run_storage  # only SQL storages have an id, and Dagster ships no others
        return str(storage.get_run_storage_id())

    def stored(self, message_id: str) -> dg.DagsterRun | None:
        """Return the first run of a message; None if it, or another run of the message, was not queued.

        A run that was not queued, created or not, is queued when it is requested again.
        """
        first = self._queued([message_id]).get(message_id)
        count = int(first.tags.get(MESSAGE_RUNS, "1")) if first else 0
        others = run_keys(message_id, count)[1:]
        return first if not others or self._queued(others).keys() == set(others) else None

    def _queued(self, keys: list[str]) -> dict[str, dg.DagsterRun]:
        """Return the runs that were queued, by run key."""
        runs = self._instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: keys}))
        return {run.tags[_RUN_KEY]: run for run in runs if run.status is not dg.DagsterRunStatus.NOT_STARTED}

    def waiting(self) -> int:
        """Return the number of runs of the queue's tasks that wait for a slot.

        Runs that were created but not queued are not counted: they are queued only when their messages are consumed, so
        counting them could leave no room for that.
        """
        filters = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED], tags={TASK: list(RUN_TASKS)})
        return self._instance.get_runs_count(filters)
