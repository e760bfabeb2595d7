"""Gauges from Dagster's storage: open runs, pending callbacks, daemons and sensors."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg
from prometheus_client import Metric

from dub_assets.adapters.dagster_private import InstigatorType, TickStatus
from dub_assets.core.keys import PENDING_REFUSALS
from dub_assets.core.ports import ObjectStore
from dub_assets.resources.tags import CALLBACKS, TASK
from dub_assets.service.metrics.sources import gauge

OPEN_STATUSES = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def run_gauges(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Return the number of open runs by task and status, and the longest wait for a slot."""
    records = instance.get_run_records(dg.RunsFilter(statuses=OPEN_STATUSES))
    counts = Counter((task_of(record.dagster_run), record.dagster_run.status.value.lower()) for record in records)
    yield gauge("dub_runs", "Runs that have not ended.", counts, ("task", "status"))
    queued = [record for record in records if record.dagster_run.status is dg.DagsterRunStatus.QUEUED]
    yield gauge(
        "dub_waiting_run_oldest_seconds",
        "How long the run that waits longest for a slot has waited.",
        {(): _age_s([record.create_timestamp.timestamp() for record in queued])},
    )


def callback_gauges(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Return the number of runs with pending callbacks, their age, and the number of runs with lost callbacks."""
    records = instance.get_run_records(dg.RunsFilter(tags={CALLBACKS: "pending"}))
    yield gauge("dub_callbacks_pending_runs", "Runs, open or ended, with pending callbacks.", {(): len(records)})
    yield gauge(
        "dub_callbacks_pending_oldest_seconds",
        "Time since the end of the run that ended first of those with pending callbacks.",
        {(): _age_s([record.end_time for record in records if record.end_time])},
    )
    lost = instance.get_runs_count(dg.RunsFilter(tags={CALLBACKS: "lost"}))
    yield gauge("dub_callbacks_lost_runs", "Runs kept by Dagster of which callbacks never arrived.", {(): lost})


def refusal_gauges(store: ObjectStore) -> Iterator[Metric]:
    """Return the number of records of refused messages with pending callbacks."""
    count = sum(1 for _ in store.list(PENDING_REFUSALS))
    meaning = "Records of refused messages, up to 200 in each, whose callbacks are pending."
    yield gauge("dub_callbacks_pending_refusals", meaning, {(): count})


def daemon_gauges(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Return the age of the last heartbeat of each daemon and of the last tick of each sensor, and failing sensors."""
    beats = {(name,): _age_s([beat.timestamp]) for name, beat in instance.get_daemon_heartbeats().items()}
    yield gauge("dub_daemon_heartbeat_age_seconds", "Time since a daemon's last heartbeat.", beats, ("daemon",))
    ages: dict[tuple[str, ...], float] = {}
    failing: dict[tuple[str, ...], float] = {}
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1):
            ages[state.instigator_name,] = _age_s([tick.timestamp])
            failing[state.instigator_name,] = tick.status is TickStatus.FAILURE
    yield gauge("dub_sensor_tick_age_seconds", "Time since a sensor's last tick began.", ages, ("sensor",))
    yield gauge("dub_sensor_failing", "Whether a sensor's last tick failed.", failing, ("sensor",))


def task_of(run: dg.DagsterRun) -> str:
    """Return the task of a run, or its job's name if no message asked for it."""
    return run.tags.get(TASK) or run.job_name


def _age_s(times_s: Sequence[float]) -> float:
    """Return the time since the earliest of these Unix times; 0 if there is none."""
    return max(0.0, time.time() - min(times_s)) if times_s else 0.0
