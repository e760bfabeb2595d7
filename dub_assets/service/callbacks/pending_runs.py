"""The runs that have callbacks to send, and which of them have changed since they were looked at."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from dub_assets.resources.tags import CALLBACKS
from dub_assets.service.callbacks.retry_group import Chain, chains_of
from dub_assets.service.callbacks.run_log import last_event_id

_GOING_ON = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RECENTLY = timedelta(minutes=1)

_State = tuple[dg.DagsterRunStatus, Mapping[str, str], int | None]
"""Status, tags and, while the run goes on, the last event of its log."""


class PendingRuns:
    """The runs that are tagged as having callbacks to send, as chains in the order of their first runs."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._seen: dict[str, _State] = {}

    def all(self) -> list[Chain]:
        """Every chain."""
        runs = self._runs(statuses=[*_GOING_ON, *_ENDED])
        self._seen = {run.run_id: self._state(run) for run in runs}
        return chains_of(runs)

    def changed(self) -> list[Chain]:
        """The chains of every channel in which a run is new or has changed since the last look.

        A channel comes whole, for it is told in order. Runs that ended long ago, of which there are many while a
        consumer is down, are not looked at for that.
        """
        recent = self._runs(statuses=_GOING_ON)
        recent += self._runs(statuses=_ENDED, updated_after=datetime.now(UTC) - _RECENTLY)
        if all(self._state(run) == self._seen.get(run.run_id) for run in recent):
            return []
        before = self._seen
        chains = [chain for chain in self.all() if chain.is_addressed]
        news = {run_id for run_id, state in self._seen.items() if state != before.get(run_id)}
        channels = {chain.channel for chain in chains if any(run.run_id in news for run in chain.runs)}
        return [chain for chain in chains if chain.channel in channels]

    def _runs(self, **which: Any) -> list[dg.DagsterRun]:
        pending = dg.RunsFilter(tags={CALLBACKS: "pending"}, **which)
        return [record.dagster_run for record in self._instance.get_run_records(filters=pending, ascending=True)]

    def _state(self, run: dg.DagsterRun) -> _State:
        return run.status, run.tags, None if run.is_finished else last_event_id(run, self._instance)
