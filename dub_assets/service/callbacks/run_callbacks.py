"""The callbacks of runs: built from their event logs, and recorded as delivered or lost in their tags."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.resources.tags import CALLBACKS, CALLBACKS_RUN
from dub_assets.service.callbacks.callback_builders import callback_builder_of, new_callbacks
from dub_assets.service.callbacks.dispatcher import QueueKey
from dub_assets.service.callbacks.outbox import Outbox, OutboxEntry
from dub_assets.service.callbacks.retry_groups import RetryGroup, outcome_is_final
from dub_assets.service.callbacks.run_log import RunLog


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCallbacks:
    """The callbacks of a retry group: a source of the dispatcher."""

    group: RetryGroup
    instance: dg.DagsterInstance
    archive: JobArchive
    now_s: Callable[[], float] = time.time

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.group.url

    @property
    def queue_key(self) -> QueueKey:
        """The delivery queue of the callbacks."""
        return self.group.queue_key

    @property
    def outbox(self) -> Outbox:
        """The outbox of the store."""
        return Outbox(self.archive)

    def stored(self) -> OutboxEntry:
        """Return the outbox entry with all callbacks of the runs' event logs. Stores those that are new."""
        outbox = self.outbox
        entry = outbox.load(self.group.origin)
        if self.group.is_fully_reported(entry.names):
            return entry
        for run in self.group.runs:
            log = RunLog.of(run, self.instance)
            is_final = outcome_is_final(log, self.instance, now_s=self.now_s())
            builder = callback_builder_of(run, self.archive)
            callbacks = new_callbacks(log, builder, stored=entry.names, is_final=is_final)
            if callbacks:
                entry = outbox.add(entry, callbacks)
        return entry

    def settle(self, entry: OutboxEntry) -> None:
        """Tag the runs as delivered or lost if every outcome is reported."""
        if self.group.is_fully_reported(entry.names):
            tag_runs(self.instance, self.group, entry.losses())


def tag_runs(instance: dg.DagsterInstance, group: RetryGroup, losses: list[str]) -> None:
    """Tag the runs of a group as delivered or, after a line in the log of the latest run, as lost."""
    if losses:
        instance.report_engine_event(f"Callbacks that never arrived: {'; '.join(losses)}", group.latest_run)
    for run in group.runs:
        instance.add_run_tags(run.run_id, {CALLBACKS: "lost" if losses else "delivered", CALLBACKS_RUN: run.run_id})
