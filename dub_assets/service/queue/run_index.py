"""The runs that messages have led to, as Dagster's storage knows them."""

from typing import Any

import dagster as dg

from dub_assets.resources.tags import TASK
from dub_assets.service.queue.tasks import TASKS

_RUN_KEY = "dagster/run_key"


class RunIndex:
    """Reads the runs of one Dagster instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    @property
    def deployment(self) -> str:
        """The id of the instance's storage, by which deployments on one queue tell each other."""
        storage: Any = self._instance.run_storage  # of SQL, as all that Dagster ships; the others have no id
        return str(storage.get_run_storage_id())

    def stored(self, message_id: str) -> dg.DagsterRun | None:
        """The run of a message, once nothing but Dagster's own queue stands before it.

        A run that was created and not queued does not count: it is queued when it is asked for again.
        """
        runs = self._instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: message_id}))
        return next((run for run in runs if run.status is not dg.DagsterRunStatus.NOT_STARTED), None)

    def waiting(self) -> int:
        """How many runs of ours wait for a slot.

        Runs that were created and not queued wait for their messages: if they took room, none would be left for these.
        """
        tasks = {TASK: list(TASKS)}
        return self._instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED], tags=tasks))
