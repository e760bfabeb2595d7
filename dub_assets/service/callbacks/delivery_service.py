"""The delivery service: finds the runs and refused messages that have callbacks to send, and delivers these."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.resources.tags import CALLBACKS, CALLBACKS_RUN
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher, delivery_queues
from dub_assets.service.callbacks.pending_refusals import PendingRefusals
from dub_assets.service.callbacks.retry_groups import PendingRuns, RetryGroup
from dub_assets.service.callbacks.run_callbacks import RunCallbacks, tag_runs
from dub_assets.service.cancellation import Cancellations
from dub_assets.service.run_recovery import renotify_failures, requeue_lost_starts

_RERUN_WITHIN = timedelta(minutes=15)
_PROBLEMS_SHOWN = 5
_NO_RECIPIENT = "the run has no recipient: the tags that the queue's sensor sets are missing"


class DeliveryService:
    """Delivers the callbacks of one Dagster instance. Sensors and the follower call it from their threads."""

    def __init__(
        self,
        instance: dg.DagsterInstance,
        archive: JobArchive,
        dispatcher: CallbackDispatcher,
        *,
        now_s: Callable[[], float],
    ) -> None:
        self._instance = instance
        self._archive = archive
        self.dispatcher = dispatcher
        self._now_s = now_s
        self._pending = PendingRuns(instance)
        self._refusals = PendingRefusals(archive)
        self._lock = threading.Lock()
        """Held by one call at a time: on a busy host Dagster may start the next tick before one has ended."""

    def deliver_changes(self) -> None:
        """Deliver callbacks of runs that changed and of refused messages, and repeat the attempts that are due."""
        with self._lock:
            self._deliver_changes()

    def reconcile(self, *, wait_s: float) -> str:
        """Deliver all callbacks that are due, whether or not earlier calls have seen the events that they report.

        Recovers runs that Dagster has lost track of and pursues cancellations. Waits for attempts for ``wait_s`` at
        most, and returns a summary for the tick.
        """
        with self._lock:
            self._reset_inherited_tags()
            requeue_lost_starts(self._instance)
            Cancellations(self._instance, self._archive).pursue()
            self._deliver_changes()
            groups = self._pending.all()
            renotify_failures(self._instance, (group.latest_run for group in groups), now_s=self._now_s())
            for group in groups:
                if not group.has_recipient:
                    tag_runs(self._instance, group, [_NO_RECIPIENT])
            self._deliver(group for group in groups if group.has_recipient and self.dispatcher.is_free(group.queue_key))
        self.dispatcher.join(wait_s)
        problems = self.dispatcher.problems()[:_PROBLEMS_SHOWN]
        return "; ".join([f"{len(groups) or 'no'} runs have callbacks to send", *problems])

    def _deliver_changes(self) -> None:
        self._deliver(self._pending.changed(self.dispatcher.take_due()))

    def _deliver(self, groups: Iterable[RetryGroup]) -> None:
        runs = [
            RunCallbacks(group=group, instance=self._instance, archive=self._archive, now_s=self._now_s)
            for group in groups
            if group.has_recipient
        ]
        self.dispatcher.deliver(delivery_queues([*runs, *self._refusals.ready(self.dispatcher)]))

    def _reset_inherited_tags(self) -> None:
        """Tag runs as pending that a person re-executed: they inherit ``delivered`` or ``lost``."""
        since = datetime.now(UTC) - _RERUN_WITHIN
        reported = dg.RunsFilter(tags={CALLBACKS: ["delivered", "lost"]}, updated_after=since)
        for run in self._instance.get_runs(filters=reported):
            if run.tags.get(CALLBACKS_RUN) != run.run_id:
                self._instance.add_run_tags(run.run_id, {CALLBACKS: "pending", CALLBACKS_RUN: run.run_id})
