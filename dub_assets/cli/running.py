"""Runs of jobs in this process, on the Dagster instance that the UI shows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg

from dub_assets.adapters.dagster_private import ErrorSource, StepFailureData, make_new_run_id
from dub_assets.cli.display import Display
from dub_assets.cli.interruptions import current as current_interruptions
from dub_assets.cli.terminal import muted_descriptors, write_line
from dub_assets.core.errors import DubError
from dub_assets.definitions import definitions
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.step_failure import refusal, step_failure
from dub_assets.resources.tags import JOB_ID
from dub_assets.service.dagster_home import local_instance
from dub_assets.settings import Settings


class RunFailedError(DubError):
    """A step of the run failed; the message is the step's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """A run of assets of a job's partition: those named, or all; ``config`` is by asset."""

    job_id: str
    job: str
    assets: Sequence[str] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def show_wait(line: str) -> None:
    """Print why a command waits, on standard error."""
    write_line(f"dub-assets: {line}", sys.stderr)


def run_here(run: LocalRun, settings: Settings, display: Display) -> None:
    """Run a job to its end, showing its progress on ``display``.

    The output of the steps goes to the run's compute logs only. Raises RunFailedError with the failed step's message.
    """
    run_id = make_new_run_id()
    with local_instance(settings) as instance:
        instance.add_dynamic_partitions(jobs_partitions.name or "jobs", [run.job_id])
        instance.add_event_listener(run_id, partial(_show, display))
        job = definitions(settings, display).resolve_job_def(run.job)
        with muted_descriptors():
            result = job.execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=run.job_id,
                asset_selection=[dg.AssetKey(name) for name in run.assets] or None,
                raise_on_error=False,
                tags={**run.tags, JOB_ID: run.job_id},
                run_config={
                    "ops": {name: {"config": values} for name, values in run.config.items()},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
    _raise_interruption(result)
    if not result.success:
        raise RunFailedError(_reason(result))


def _show(display: Display, entry: dg.EventLogEntry) -> None:
    """Show the start and the end of a step."""
    event = entry.dagster_event
    if event is None or event.step_key is None:
        return
    if event.is_step_start:
        display.begin(event.step_key)
    elif event.is_step_success or event.is_step_failure:
        display.end(event.step_key, failed=event.is_step_failure)


def _raise_interruption(result: dg.ExecuteInProcessResult) -> None:
    """Raise Interrupted if a signal ended the run, or was received while Dagster delayed signals."""
    interrupted = any(
        isinstance(data := event.event_specific_data, StepFailureData) and data.error_source is ErrorSource.INTERRUPT
        for event in result.get_step_failure_events()
    )
    if interruptions := current_interruptions():
        interruptions.raise_received(certain=interrupted)
    elif interrupted:
        raise KeyboardInterrupt


def _reason(result: dg.ExecuteInProcessResult) -> str:
    if refused := refusal(result.all_events):
        return refused
    for failure in filter(None, map(step_failure, result.get_step_failure_events())):
        reason = f"{failure.step} failed: {' '.join(failure.error.split())}; `dub-assets dev` shows the traceback"
        return failure.description or reason
    return "the run was stopped before it ended"
