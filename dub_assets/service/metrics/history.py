"""Counters and histograms of the runs that ended since the exporter started.

They start at zero, as counters of Prometheus do. A run is counted once, at the first scrape after its end. A stage that
kept its product counts too, with the short time that it took.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric

from dub_assets.service.metrics.gauges import task_of

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_OVERLAP_S = 120.0
"""Covers differences between hosts' clocks, and the time between a run's end and its storage."""

_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)


class RunHistory:
    """Counts the runs that ended after ``began_s`` (Unix time; by default now)."""

    def __init__(self, instance: dg.DagsterInstance, *, began_s: float | None = None) -> None:
        self._instance = instance
        self._began_s = self._until_s = time.time() if began_s is None else began_s
        self._counted: dict[str, float] = {}
        self._registry = CollectorRegistry()
        self._ended = Counter("dub_runs_ended", "Runs that ended.", ["task", "status"], registry=self._registry)
        self._wait = self._histogram("dub_run_wait_seconds", "From a run's creation to its start.", "task", _SECONDS)
        self._run = self._histogram("dub_run_seconds", "From a run's start to its end.", "task", _SECONDS)
        self._stage = self._histogram("dub_stage_seconds", "What a stage took, storage included.", "stage", _SECONDS)
        self._stage_factor = self._histogram(
            "dub_stage_real_time_factor", "Seconds of a stage a second of programme.", "stage", _FACTORS
        )
        self._run_factor = self._histogram(
            "dub_run_real_time_factor", "Seconds of a run a second of programme.", "task", _FACTORS
        )

    def read(self) -> Iterator[Metric]:
        """Count the runs that ended since the last call, and return all metrics."""
        for record in self._newly_ended():
            self._count(record)
        yield from self._registry.collect()

    def _histogram(self, name: str, meaning: str, label: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, meaning, [label], buckets=buckets, registry=self._registry)

    def _newly_ended(self) -> list[dg.RunRecord]:
        since_s = max(self._began_s, self._until_s - _OVERLAP_S)
        updated = dg.RunsFilter(statuses=_ENDED, updated_after=datetime.fromtimestamp(since_s - _OVERLAP_S, UTC))
        records = [record for record in self._instance.get_run_records(updated) if (record.end_time or 0) >= since_s]
        new = [record for record in records if record.dagster_run.run_id not in self._counted]
        self._counted |= {record.dagster_run.run_id: record.end_time or 0 for record in new}
        self._until_s = max(self._until_s, *(self._counted.values() or (0,)))
        kept_s = self._until_s - _OVERLAP_S
        self._counted = {run_id: ended_s for run_id, ended_s in self._counted.items() if ended_s >= kept_s}
        return new

    def _count(self, record: dg.RunRecord) -> None:
        run, task = record.dagster_run, task_of(record.dagster_run)
        self._ended.labels(task, run.status.value.lower()).inc()
        if record.start_time is None or record.end_time is None:
            return  # the run never started
        self._wait.labels(task).observe(max(0.0, record.start_time - record.create_timestamp.timestamp()))
        run_s = record.end_time - record.start_time
        self._run.labels(task).observe(run_s)
        steps = {
            step.step_key: step.end_time - step.start_time
            for step in self._instance.get_run_step_stats(run.run_id)
            if step.start_time and step.end_time
        }
        programme_s = self._programme_s(run.run_id)
        for step, step_s in steps.items():
            self._stage.labels(step).observe(step_s)
            if programme_s:
                self._stage_factor.labels(step).observe(step_s / programme_s)
        if programme_s:
            self._run_factor.labels(task).observe(run_s / programme_s)

    def _programme_s(self, run_id: str) -> float | None:
        """Return the duration of a run's video from the metadata of its stems, None if it materialised none."""
        for entry in self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
            duration = entry.get_dagster_event().step_materialization_data.materialization.metadata.get("duration_s")
            if isinstance(duration, dg.FloatMetadataValue) and duration.value:
                return duration.value
        return None
