"""``callbacks_sensor``: what runs have to tell is told, in order, until it is received. docs/callbacks.md tells how.

It reconciles: runs tagged as having callbacks to send are the outbox. Every look takes them anew; what their event
logs have to tell is sealed, what is sealed and due is handed to the courier, and runs of which everything is told are
stamped. Nothing hangs on a process's memory.

Dagster turns to a sensor every five seconds at best. So a turn does not end with its first look: it watches.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import dagster as dg

from dub_assets.core.errors import DubError
from dub_assets.resources.tags import CALLBACKS, CALLBACKS_RUN
from dub_assets.service.callbacks.callback_builders import callback_builder_of
from dub_assets.service.callbacks.dispatcher import Channel
from dub_assets.service.callbacks.lost_retries import renotify_failures
from dub_assets.service.callbacks.lost_starts import requeue_lost_starts
from dub_assets.service.callbacks.outbox import new_posts
from dub_assets.service.callbacks.outbox_entry import OutboxEntry
from dub_assets.service.callbacks.pending_refusals import PendingRefusals, Refusal
from dub_assets.service.callbacks.pending_runs import PendingRuns
from dub_assets.service.callbacks.resources import CallbackServices
from dub_assets.service.callbacks.retry_group import Chain, end_is_to_be_told
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.tick_timing import rounded_to_turns

_WAIT_S = 1.0
"""How long a look waits for attempts; those that take longer go on behind it."""

_PAUSE_S = 0.5
_ALL_EVERY_S = 5.0
"""How long it takes until a look at what has changed becomes one at everything, with what is due again."""

_THREADS = 8
_REPEATED_WITHIN = timedelta(minutes=15)


@dg.sensor(
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the consumers of jobs how they go: every callback in order, until it is received or too old.",
)
def callbacks_sensor(
    context: dg.SensorEvaluationContext, callback_services: dg.ResourceParam[CallbackServices]
) -> dg.SkipReason:
    """Seal what is new, hand over what is due, stamp what is done, for as long as a turn may take."""
    if not callback_services.at_work.acquire(blocking=False):
        return dg.SkipReason("an earlier tick is still at work")
    try:
        return dg.SkipReason(_work(context, callback_services))
    finally:
        callback_services.at_work.release()


def _work(context: dg.SensorEvaluationContext, callback_services: CallbackServices) -> str:
    """One tick; what was done is returned in words."""
    pending, until = PendingRuns(context.instance), time.monotonic() + rounded_to_turns(callback_services.watch_s)
    refusals = _refusals_of(callback_services)
    while True:
        _take_up_repeated_runs(context.instance)
        requeue_lost_starts(context.instance)
        chains = pending.all()
        renotify_failures(context.instance, chains, now_s=callback_services.now_s())
        told = _Look(context, callback_services, refusals).work(chains)
        all_again = time.monotonic() + _ALL_EVERY_S
        while time.monotonic() < min(all_again, until):
            time.sleep(_PAUSE_S)
            _Look(context, callback_services, refusals).work(pending.changed())
        if time.monotonic() >= until:
            return told


@lru_cache(maxsize=1)
def _refusals_of(services: CallbackServices) -> PendingRefusals:
    """What this process knows of refused messages."""
    return PendingRefusals(services)


def _take_up_repeated_runs(instance: dg.DagsterInstance) -> None:
    """Put runs that people repeat into the outbox: they inherit the stamp of the run that is repeated."""
    since = datetime.now(UTC) - _REPEATED_WITHIN
    stamped = dg.RunsFilter(tags={CALLBACKS: ["delivered", "lost"]}, updated_after=since)
    for run in instance.get_runs(filters=stamped):
        if run.tags.get(CALLBACKS_RUN) != run.run_id:
            instance.add_run_tags(run.run_id, {CALLBACKS: "pending", CALLBACKS_RUN: run.run_id})


class _Look:
    """One look at the outbox; what it says is for the people who look at the sensor's ticks."""

    def __init__(
        self, context: dg.SensorEvaluationContext, services: CallbackServices, refusals: PendingRefusals
    ) -> None:
        self._instance = context.instance
        self._log = context.log
        self._desk = services
        self._held_up: set[tuple[str, str]] = set()
        self._refusals = refusals
        self._waiting: list[tuple[Chain | Refusal, OutboxEntry]] = []
        self._done = 0

    def work(self, chains: Sequence[Chain]) -> str:
        """Do all there is to do now; what was done is returned in words."""
        refusals = self._refusals.due()
        if not chains and not refusals:
            return "no run has callbacks to send"
        busy = self._desk.courier.busy()
        addressed = [chain for chain in chains if chain.is_addressed and chain.channel not in busy]
        with ThreadPoolExecutor(_THREADS) as pool:
            dispatches = list(pool.map(self._desk.book.load, [chain.origin for chain in addressed]))
        for chain, dispatch in zip(addressed, dispatches, strict=True):
            self._look_at(chain, dispatch)
        for chain in chains:
            if not chain.is_addressed:
                self._stamp(chain, ["the run does not say whom to tell: it lacks tags that the queue's sensor sets"])
        self._add_refusals([refusal for refusal in refusals if refusal.channel not in busy])
        self._desk.courier.deliver(self._channels(), wait_s=_WAIT_S)
        return self._summary(len(chains))

    def _look_at(self, chain: Chain, dispatch: OutboxEntry) -> None:
        if chain.channel in self._held_up:
            return
        try:
            current = self._sealed(chain, dispatch)
        except Exception:  # noqa: BLE001 - one run that cannot be told of must not silence all others
            self._log.exception("run %s cannot be told of; its job's callbacks wait", chain.last.run_id)
            self._held_up.add(chain.channel)
            return
        if not current.is_settled:
            self._waiting.append((chain, current))
        elif chain.is_fully_reported(current.names):
            self._stamp(chain, current.losses())

    def _add_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Refused messages are told of after the runs of their job, as far as these have something to tell now."""
        try:
            with ThreadPoolExecutor(_THREADS) as pool:
                dispatches = list(pool.map(self._refusals.sealed, refusals))
            for refusal, dispatch in zip(refusals, dispatches, strict=True):
                if self._refusals.note(refusal, dispatch):
                    self._waiting.append((refusal, dispatch))
        except DubError as error:
            self._log.warning("callbacks of refused messages wait: %s", error)

    def _sealed(self, chain: Chain, dispatch: OutboxEntry) -> OutboxEntry:
        """The dispatch with all that the runs have to tell by now."""
        current = dispatch
        if chain.is_fully_reported(current.names):
            return current
        retries_enabled = self._instance.run_retries_enabled
        for run in chain.runs:
            log = RunLog.of(run, self._instance)
            ends = end_is_to_be_told(log, now_s=self._desk.now_s(), retries_enabled=retries_enabled)
            posts = new_posts(log, callback_builder_of(run, self._desk.archive), sealed=current.names, ends=ends)
            if posts:
                current = self._desk.book.seal(current, posts)
        return current

    def _channels(self) -> list[Channel]:
        parcels: dict[tuple[str, str], list[tuple[str, OutboxEntry]]] = {}
        for told_of, dispatch in self._waiting:
            parcels.setdefault(told_of.channel, []).append((told_of.url, dispatch))
        return [
            Channel(job_id=job_id, endpoint=endpoint, parcels=tuple(sent))
            for (job_id, endpoint), sent in parcels.items()
        ]

    def _stamp(self, chain: Chain, losses: Sequence[str]) -> None:
        if losses:
            lost = "; ".join(losses)
            self._instance.report_engine_event(f"Callbacks that never arrived: {lost}", chain.last)
        for run in chain.runs:
            stamp = "lost" if losses else "delivered"
            self._instance.add_run_tags(run.run_id, {CALLBACKS: stamp, CALLBACKS_RUN: run.run_id})
        self._done += 1

    def _summary(self, looked_at: int) -> str:
        problems = [
            f"job {told_of.job_id}: {dispatch.delivery.problem}"
            for told_of, dispatch in self._waiting
            if dispatch.delivery.problem
        ]
        told = f"{looked_at} runs in the outbox, {len(self._waiting)} with callbacks to send, {self._done} done"
        return "; ".join([told, *problems[:5]])
