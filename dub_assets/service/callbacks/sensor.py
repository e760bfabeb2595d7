"""``callbacks_sensor``: delivers the callbacks of runs in order and retries until they are acknowledged or too old.

The sensor reconciles: the runs tagged ``dub/callbacks: pending`` are the work to do. Each pass stores the callbacks
of their event logs, gives those that are due to the dispatcher, and tags the runs that have nothing left to send. No
state is kept in memory only.

Dagster ticks a sensor at most every 5 s, so each tick keeps polling for ``JOB_QUEUE_WAIT``: the runs that changed and
the retries that are due twice a second, all pending runs every 5 s.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import dagster as dg

from dub_assets.core.errors import DubError
from dub_assets.resources.tags import CALLBACKS, CALLBACKS_RUN
from dub_assets.service.callbacks.callback_builders import callback_builder_of, new_callbacks
from dub_assets.service.callbacks.dispatcher import DeliveryQueue, QueueKey
from dub_assets.service.callbacks.outbox import OutboxEntry
from dub_assets.service.callbacks.pending_refusals import Refusal
from dub_assets.service.callbacks.resources import CallbackServices
from dub_assets.service.callbacks.retry_groups import PendingRuns, RetryGroup, outcome_is_final
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.callbacks.run_recovery import renotify_failures, requeue_lost_starts
from dub_assets.service.cancellation import Cancellations
from dub_assets.service.tick_timing import rounded_to_ticks

_WAIT_S = 1.0
"""For how long a pass waits for its attempts; those that take longer go on."""

_POLL_S = 0.5
_FULL_PASS_EVERY_S = 5.0
_THREADS = 8
_RERUN_WITHIN = timedelta(minutes=15)


@dg.sensor(
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Delivers the callbacks of jobs in order and retries until they are acknowledged or too old.",
)
def callbacks_sensor(
    context: dg.SensorEvaluationContext, callback_services: dg.ResourceParam[CallbackServices]
) -> dg.SkipReason:
    """Deliver callbacks for the length of a tick; the skip reason says what was done."""
    if not callback_services.tick_lock.acquire(blocking=False):
        return dg.SkipReason("an earlier tick is still at work")
    try:
        return dg.SkipReason(_tick(context, callback_services))
    finally:
        callback_services.tick_lock.release()


def _tick(context: dg.SensorEvaluationContext, services: CallbackServices) -> str:
    """Make passes until the tick is over, and return the summary of the last full one."""
    pending, until = PendingRuns(context.instance), time.monotonic() + rounded_to_ticks(services.watch_s)
    while True:
        _reset_inherited_tags(context.instance)
        requeue_lost_starts(context.instance)
        Cancellations(context.instance, services.archive).pursue()
        groups = pending.all()
        renotify_failures(context.instance, groups, now_s=services.now_s())
        summary = _OutboxPass(context, services).run(groups)
        next_full_pass = time.monotonic() + _FULL_PASS_EVERY_S
        while time.monotonic() < min(next_full_pass, until):
            time.sleep(_POLL_S)
            _OutboxPass(context, services).run(pending.changed(services.dispatcher.take_due()))
        if time.monotonic() >= until:
            return summary


def _reset_inherited_tags(instance: dg.DagsterInstance) -> None:
    """Tag runs as pending that a person re-executed: they inherit ``delivered`` or ``lost`` from the earlier run."""
    since = datetime.now(UTC) - _RERUN_WITHIN
    reported = dg.RunsFilter(tags={CALLBACKS: ["delivered", "lost"]}, updated_after=since)
    for run in instance.get_runs(filters=reported):
        if run.tags.get(CALLBACKS_RUN) != run.run_id:
            instance.add_run_tags(run.run_id, {CALLBACKS: "pending", CALLBACKS_RUN: run.run_id})


class _OutboxPass:
    """One pass over retry groups and refused messages."""

    def __init__(self, context: dg.SensorEvaluationContext, services: CallbackServices) -> None:
        self._instance = context.instance
        self._log = context.log
        self._services = services
        self._blocked: set[QueueKey] = set()
        self._waiting: list[tuple[RetryGroup | Refusal, OutboxEntry]] = []
        self._done = 0

    def run(self, groups: Sequence[RetryGroup]) -> str:
        """Store what is new, deliver what is due, tag what is done. Return a summary for the sensor's ticks."""
        refusals = self._services.refusals.due()
        if not groups and not refusals:
            return "no run has callbacks to send"
        busy = self._services.dispatcher.busy()
        free = [group for group in groups if group.has_recipient and group.queue_key not in busy]
        with ThreadPoolExecutor(_THREADS) as pool:
            entries = list(pool.map(self._services.outbox.load, [group.origin for group in free]))
        for group, entry in zip(free, entries, strict=True):
            self._add_group(group, entry)
        for group in groups:
            if not group.has_recipient:
                self._tag(group, ["the run has no recipient: the tags that the queue's sensor sets are missing"])
        self._add_refusals([refusal for refusal in refusals if refusal.queue_key not in busy])
        self._services.dispatcher.deliver(self._queues(), wait_s=_WAIT_S)
        return self._summary(len(groups))

    def _add_group(self, group: RetryGroup, entry: OutboxEntry) -> None:
        if group.queue_key in self._blocked:
            return
        try:
            current = self._with_new_callbacks(group, entry)
        except Exception:  # noqa: BLE001 - one run whose callbacks cannot be built must not block the others
            self._log.exception(
                "callbacks of run %s cannot be built; its job's callbacks wait", group.latest_run.run_id
            )
            self._blocked.add(group.queue_key)
            return
        if not current.is_settled:
            self._waiting.append((group, current))
        elif group.is_fully_reported(current.names):
            self._tag(group, current.losses())

    def _with_new_callbacks(self, group: RetryGroup, entry: OutboxEntry) -> OutboxEntry:
        """Return the entry with all callbacks that the runs' event logs have by now, stored."""
        if group.is_fully_reported(entry.names):
            return entry
        retries_enabled = self._instance.run_retries_enabled
        for run in group.runs:
            log = RunLog.of(run, self._instance)
            is_final = outcome_is_final(log, now_s=self._services.now_s(), retries_enabled=retries_enabled)
            builder = callback_builder_of(run, self._services.archive)
            callbacks = new_callbacks(log, builder, stored=entry.names, is_final=is_final)
            if callbacks:
                entry = self._services.outbox.add(entry, callbacks)
        return entry

    def _add_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Add the callbacks of refused messages after those that the runs of their jobs have now."""
        try:
            with ThreadPoolExecutor(_THREADS) as pool:
                entries = list(pool.map(self._refusal_entry, refusals))
            for refusal, entry in zip(refusals, entries, strict=True):
                if entry is not None and self._services.refusals.is_due(refusal, entry):
                    self._waiting.append((refusal, entry))
        except DubError as error:
            self._log.warning("callbacks of refused messages wait: %s", error)

    def _refusal_entry(self, refusal: Refusal) -> OutboxEntry | None:
        try:
            return self._services.refusals.stored_entry(refusal)
        except DubError:
            raise
        except Exception:  # noqa: BLE001 - one message whose callback cannot be built must not block the others
            self._log.exception("the callback of refused message %s cannot be built", refusal.message.message_id)
            return None

    def _queues(self) -> list[DeliveryQueue]:
        pending: dict[QueueKey, list[tuple[str, OutboxEntry]]] = {}
        for source, entry in self._waiting:
            pending.setdefault(source.queue_key, []).append((source.url, entry))
        return [
            DeliveryQueue(job_id=job_id, endpoint=endpoint, pending=tuple(entries))
            for (job_id, endpoint), entries in pending.items()
        ]

    def _tag(self, group: RetryGroup, losses: Sequence[str]) -> None:
        """Tag the runs of a group as delivered or, after a line in the log, as lost."""
        if losses:
            self._instance.report_engine_event(f"Callbacks that never arrived: {'; '.join(losses)}", group.latest_run)
        for run in group.runs:
            self._instance.add_run_tags(
                run.run_id, {CALLBACKS: "lost" if losses else "delivered", CALLBACKS_RUN: run.run_id}
            )
        self._done += 1

    def _summary(self, count: int) -> str:
        problems = [
            f"job {source.job_id}: {entry.delivery.problem}"
            for source, entry in self._waiting
            if entry.delivery.problem
        ]
        summary = f"{count} runs in the outbox, {len(self._waiting)} with callbacks to send, {self._done} done"
        return "; ".join([summary, *problems[:5]])
