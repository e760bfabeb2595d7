"""What Dagster's storage says of now: runs that wait and work, callbacks that are owed, daemons and sensors alive."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from prometheus_client import Metric

from dub_assets.core.keys import PENDING_REFUSALS
from dub_assets.core.ports import ObjectStore
from dub_assets.resources.tags import CALLBACKS, TASK
from dub_assets.service.metrics.sources import gauge

OPEN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def runs_now(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """The runs that have not ended, by task and status, and how long the oldest one has waited for a slot."""
    records = instance.get_run_records(dg.RunsFilter(statuses=OPEN))
    counts = Counter((task_of(record.dagster_run), record.dagster_run.status.value.lower()) for record in records)
    yield gauge("dub_runs", "Runs that have not ended.", counts, ("task", "status"))
    waiting = [record for record in records if record.dagster_run.status is dg.DagsterRunStatus.QUEUED]
    yield gauge(
        "dub_waiting_run_oldest_seconds",
        "How long the run that waits longest for a slot has waited.",
        {(): _age_s([record.create_timestamp.timestamp() for record in waiting])},
    )


def callbacks_now(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """The runs whose callbacks are pending, since when, and those of which some were lost."""
    records = instance.get_run_records(dg.RunsFilter(tags={CALLBACKS: "pending"}))
    yield gauge("dub_callbacks_pending_runs", "Runs, at work or ended, that owe callbacks.", {(): len(records)})
    yield gauge(
        "dub_callbacks_pending_oldest_seconds",
        "Time since the end of the run that ended first of those that owe callbacks.",
        {(): _age_s([record.end_time for record in records if record.end_time])},
    )
    lost = instance.get_runs_count(dg.RunsFilter(tags={CALLBACKS: "lost"}))
    yield gauge("dub_callbacks_lost_runs", "Runs kept by Dagster of which callbacks never arrived.", {(): lost})


def refusals_now(store: ObjectStore) -> Iterator[Metric]:
    """The records of refused messages whose callbacks are pending."""
    count = sum(1 for _ in store.list(PENDING_REFUSALS))
    meaning = "Records of refused messages, up to 200 in each, whose callbacks are pending."
    yield gauge("dub_callbacks_pending_refusals", meaning, {(): count})


def daemons_now(instance: dg.DagsterInstance) -> Iterator[Metric]:
    """Since when Dagster's daemons and our sensors have given no sign of life, and which sensors fail."""
    beats = {(name,): _age_s([beat.timestamp]) for name, beat in instance.get_daemon_heartbeats().items()}
    yield gauge("dub_daemon_heartbeat_age_seconds", "Time since a daemon's last heartbeat.", beats, ("daemon",))
    ages: dict[tuple[str, ...], float] = {}
    failing: dict[tuple[str, ...], float] = {}
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1):
            ages[state.instigator_name,] = _age_s([tick.timestamp])
            failing[state.instigator_name,] = tick.status is TickStatus.FAILURE
    yield gauge("dub_sensor_tick_age_seconds", "Time since a sensor's last look began.", ages, ("sensor",))
    yield gauge("dub_sensor_failing", "Whether a sensor's last look failed.", failing, ("sensor",))


def task_of(run: dg.DagsterRun) -> str:
    """What a run does: its task, or its job's name where no message could ask for it."""
    return run.tags.get(TASK) or run.job_name


def _age_s(moments_s: Sequence[float]) -> float:
    """How long ago the first of these moments was; 0 where there is none."""
    return max(0.0, time.time() - min(moments_s)) if moments_s else 0.0
