"""A worker: a process that works on one run at a time and keeps its engines, and its parent, who asks for runs."""

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
_LAST_WORDS_S = 20.0
"""How long a run that is interrupted may take to say so in Dagster's storage, before its process is ended."""
_LOOK_EVERY_S = 0.2
"""How often to look meanwhile for a run that still came."""


def work(instance: dg.DagsterInstance, options: WorkerOptions, formatter: logging.Formatter | None = None) -> int:
    """Work on runs until SIGTERM or Ctrl-C; return the exit code. ``formatter``: of Celery's log, where not its own.

    Raises ConfigurationError where the instance does not hand its runs to workers. Code is imported and engines are
    loaded in the child alone: CUDA does not outlive a fork.
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
    leaving = _Leaving(options.grace_ms / 1000)
    worker_shutting_down.connect(leaving.begin, weak=False)
    worker: Any = app.Worker(
        hostname=f"{options.name}@{socket.gethostname()}",
        queues=list(options.queue_names or launcher.all_queues),
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
    """Give the handlers that Celery makes when it starts this formatter."""

    def formatted(logger: logging.Logger, **_: Any) -> None:
        for handler in logger.handlers:
            handler.setFormatter(formatter)

    for made in (after_setup_logger, after_setup_task_logger):
        made.connect(formatted, weak=False)


def _prepare(**_: Any) -> None:
    """Import the definitions before the first run asks for them."""
    import_module(_DEFINITIONS)


class _Leaving:
    """What a worker does that is told to end: it takes no more runs, and hands back one that takes too long."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._begun = False

    def begin(self, **_: Any) -> None:
        """Start counting; a second signal changes nothing."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._hand_back, daemon=True).start()

    def _hand_back(self) -> None:
        """Interrupt the run, and one that still came: it fails as interrupted, and Dagster repeats it elsewhere."""
        time.sleep(self._grace_s)
        until, told = time.monotonic() + _LAST_WORDS_S, set()
        while time.monotonic() < until:
            for request in tuple(state.active_requests):
                if request.worker_pid and request.id not in told:
                    told.add(request.id)
                    os.kill(request.worker_pid, signal.SIGTERM)
            time.sleep(_LOOK_EVERY_S)
        os._exit(1)  # the child ends with its parent; Dagster misses both, and repeats the run
