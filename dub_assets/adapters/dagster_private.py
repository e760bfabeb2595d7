"""Everything that dub_assets uses of Dagster's private modules, for which Dagster has no public name.

No other module imports ``dagster._*``. ``tests/adapters/test_dagster_private.py`` checks what is relied on: read it
when Dagster is upgraded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import _loggers
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.errors import (
    DagsterAssetCheckFailedError,
    DagsterExecutionInterruptedError,
    DagsterUserCodeUnreachableError,
)
from dagster._core.execution.plan.objects import ErrorSource, StepFailureData
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.log_manager import DagsterLogHandler, get_log_record_metadata, has_log_record_metadata
from dagster._core.origin import JobPythonOrigin
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.legacy_storage import LegacyEventLogStorage
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.utils import make_new_run_id
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClassData, pack_value
from dagster._utils.interrupts import capture_interrupts, check_captured_interrupt
from dagster_shared.record import replace

__all__ = [
    "GRPC_INFO_TAG",
    "CheckEvent",
    "CheckRunHealthResult",
    "ConfigurableClassData",
    "DagsterAssetCheckFailedError",
    "DagsterExecutionInterruptedError",
    "DagsterLogHandler",
    "DagsterUserCodeUnreachableError",
    "ErrorSource",
    "ExecuteRunArgs",
    "InstigatorType",
    "JobPythonOrigin",
    "LaunchRunContext",
    "StepFailureData",
    "TickStatus",
    "WorkerStatus",
    "capture_interrupts",
    "check_captured_interrupt",
    "delete_runs",
    "execute_run",
    "log_facts",
    "make_new_run_id",
    "pack_value",
    "replace_default_logger",
    "report_only",
]


def execute_run(run_id: str, instance: dg.DagsterInstance, write_event: Any) -> int:
    """Execute a stored run in this process, as Dagster's own run workers do, and return the exit status."""
    from dagster._cli.api import _execute_run_command_body  # noqa: PLC0415  # takes 0.1 s, which only run workers need

    return _execute_run_command_body(run_id, instance, write_event, set_exit_code_on_failure=True)


def delete_runs(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Delete runs, and before them their events, check results, captured output and, on SQLite, files of events.

    ``DagsterInstance.delete_run`` leaves the last three behind, and on SQLite creates a file before it deletes the
    events in it. The table of check results has no index of runs, so it is searched once for all of them.
    """
    storage: Any = instance.event_log_storage
    if isinstance(storage, LegacyEventLogStorage):
        storage = storage._storage.event_log_storage  # noqa: SLF001  # a storage for everything, such as Postgres
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            checks = AssetCheckExecutionsTable
            connection.execute(checks.delete().where(checks.c.run_id.in_(run_ids)))
    for run_id in run_ids:
        if isinstance(storage, SqliteEventLogStorage):
            with storage.index_connection() as connection:
                storage.delete_events_for_run(connection, run_id)
            for ending in ("", "-wal", "-shm"):
                Path(f"{storage.path_for_shard(run_id)}{ending}").unlink(missing_ok=True)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if isinstance(storage, SqliteEventLogStorage):
            storage.free_concurrency_slots_for_run(run_id)
            instance.run_storage.delete_run(run_id)
        else:
            instance.delete_run(run_id)


def replace_default_logger(logger: dg.LoggerDefinition) -> dg.LoggerDefinition:
    """Make ``logger`` the one of runs whose configuration names none, and return the previous one.

    Dagster takes its coloured logger for these runs and has no setting for another. Must be called before the
    definitions of jobs are built.
    """
    previous: dg.LoggerDefinition = _loggers.colored_console_logger
    _loggers.colored_console_logger = logger
    return previous


CheckEvent = dg.AssetCheckEvaluation | dg.Output[None]
"""What Dagster makes of the result of a check."""


def report_only(result: dg.AssetCheckResult, context: dg.AssetExecutionContext) -> Iterator[CheckEvent]:
    """Yield what Dagster makes of the result of a check, as one that does not block.

    ``blocking`` belongs to the definition of a check, and Dagster has no other way to leave it out in some runs.
    """
    step = context.get_step_execution_context()
    evaluation = result.to_asset_check_evaluation(step)
    output_name = step.job_def.asset_layer.get_op_output_name(evaluation.asset_check_key)
    if output_name is not None:
        yield dg.Output(None, output_name=output_name)
    yield replace(evaluation, blocking=False)


def log_facts(record: logging.LogRecord) -> dict[str, Any] | None:
    """Return what Dagster knows of a log record: its run, step, event and tags; None for records outside of runs."""
    return dict(get_log_record_metadata(record)) if has_log_record_metadata(record) else None
