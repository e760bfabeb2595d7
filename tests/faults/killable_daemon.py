"""``dagster-daemon``, with kill points at what it does to the instance; its sensors are looked at every second."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._daemon import sensor
from dagster._daemon.cli import main
from killable import always, killable

from dub_assets.adapters.dagster_private import TickStatus
from dub_assets.service.workers.local import LocalRunLauncher

sensor.MIN_INTERVAL_LOOP_TIME = 1


def _has_runs(args: tuple[Any, ...], result: Any) -> bool:
    """Whether a tick has runs to ask for."""
    return bool(args[1].tick_data.run_requests)


def _has_cursor(args: tuple[Any, ...], result: Any) -> bool:
    """Whether a sensor's state names messages that are held."""
    return "receipt" in (getattr(args[1].instigator_data, "cursor", None) or "")


def _has_reaction(args: tuple[Any, ...], result: Any) -> bool:
    """Whether a run-status sensor has acted on a run."""
    tick = args[1]
    return tick.instigator_name.startswith("callbacks_of_") and tick.status is TickStatus.SUCCESS


def _is_ours(args: tuple[Any, ...], result: Any) -> bool:
    return args[1].instigator_name == "job_queue_sensor"


if __name__ == "__main__":
    instance = dg.DagsterInstance
    killable(instance, "create_tick", "create_tick", before=_is_ours, after=_is_ours)
    killable(instance, "add_dynamic_partitions", "add_partitions", before=always, after=always)
    killable(instance, "update_tick", "update_tick", before=_has_runs, after=_has_runs)
    killable(instance, "update_tick", "react", before=_has_reaction, after=_has_reaction)
    killable(instance, "create_run", "create_run", before=always, after=always)
    killable(instance, "submit_run", "submit_run", before=always, after=always)
    killable(LocalRunLauncher, "launch_run", "launch_run", before=always, after=always)
    killable(instance, "update_instigator_state", "cursor", before=_has_cursor, after=_has_cursor)
    main()
