"""The runs that messages have started, as Dagster's storage knows them."""

from typing import Any

import dagster as dg

from dub_assets.resources.tags import TASK
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
        """Return the run of a message; None if there is none, or if it was created but not queued.

        A run that was not queued is queued when it is requested again.
        """
        runs = self._instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: message_id}))
        return next((run for run in runs if run.status is not dg.DagsterRunStatus.NOT_STARTED), None)

    def waiting(self) -> int:
        """Return the number of runs of the queue's tasks that wait for a slot.

        Runs that were created but not queued are not counted: they are queued only when their messages are consumed, so
        counting them could leave no room for that.
        """
        filters = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED], tags={TASK: list(RUN_TASKS)})
        return self._instance.get_runs_count(filters)
