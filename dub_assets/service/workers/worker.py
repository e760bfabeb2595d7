"""A warm worker: a parent process that takes runs, and a child that executes one at a time and keeps its engines."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from importlib import import_module
from typing import Any

import dagster as dg
from celery.signals import after_setup_logger, after_setup_task_logger, worker_process_init, worker_shutting_down
from celery.worker import state
from dagster_celery.tasks import create_execute_job_task

from dub_assets.core.errors import ConfigurationError
from dub_assets.service.workers.launcher import WarmRunLauncher
from dub_assets.service.workers.options import WorkerOptions

_DEFINITIONS = "dub_assets.definitions"
_CHILD_STARTS_WITHIN_S = 60.0
_INTERRUPTION_S = 20.0
"""How long an interrupted run may take to store that in Dagster, before its process is ended."""

_POLL_S = 0.2


def work(instance: dg.DagsterInstance, options: WorkerOptions, formatter: logging.Formatter | None = None) -> int:
    """Work on runs until SIGTERM or Ctrl-C, and return the exit code. ``formatter`` replaces that of Celery's log.

    Raises ConfigurationError if the instance does not send its runs to workers. Only the child imports code and loads
    engines, because CUDA does not survive a fork.
    """
    launcher = instance.run_launcher
    if not isinstance(launcher, WarmRunLauncher):
        raise ConfigurationError(
            "this Dagster home starts its runs by itself: copy dagster.yaml of setups/warm or setups/cluster into it"
        )
    app = launcher.celery
    create_execute_job_task(app)
    launcher.tidy()
    app.conf.worker_proc_alive_timeout = _CHILD_STARTS_WITHIN_S
    app.conf.worker_hijack_root_logger = False
    app.conf.worker_redirect_stdouts = False
    worker_process_init.connect(_prepare, weak=False)
    if formatter is not None:
        _format_log(formatter)
    shutdown = _Shutdown(options.grace_ms / 1000)
    worker_shutting_down.connect(shutdown.begin, weak=False)
    worker: Any = app.Worker(
        hostname=f"{options.name}@{socket.gethostname()}",
        queues=list(options.queues or launcher.all_queues),
        concurrency=1,
        pool="prefork",
        loglevel="INFO",
        max_memory_per_child=options.max_memory_mib and options.max_memory_mib * 1024,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return worker.exitcode or 0


def _format_log(formatter: logging.Formatter) -> None:
    """Set the formatter of the handlers that Celery creates when it starts."""

    def set_formatter(logger: logging.Logger, **_: Any) -> None:
        for handler in logger.handlers:
            handler.setFormatter(formatter)

    for celery_signal in (after_setup_logger, after_setup_task_logger):
        celery_signal.connect(set_formatter, weak=False)


def _prepare(**_: Any) -> None:
    """Import the definitions before the first run needs them."""
    import_module(_DEFINITIONS)


class _Shutdown:
    """The shutdown of a worker: it takes no more runs, and returns its run if that takes longer than ``grace_s``."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._begun = False

    def begin(self, **_: Any) -> None:
        """Start the grace period; a second signal changes nothing."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._return_run, daemon=True).start()

    def _return_run(self) -> None:
        """Interrupt the run after the grace period: it fails as interrupted, and Dagster retries it elsewhere."""
        time.sleep(self._grace_s)
        until, interrupted = time.monotonic() + _INTERRUPTION_S, set()
        while time.monotonic() < until:
            for request in tuple(state.active_requests):
                if request.worker_pid and request.id not in interrupted:
                    interrupted.add(request.id)
                    os.kill(request.worker_pid, signal.SIGTERM)
            time.sleep(_POLL_S)
        os._exit(1)  # the child ends with its parent; Dagster finds the run lost and retries it
