"""``dub-assets metrics``: figures for Prometheus over HTTP, until it is told to end."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, start_http_server

from dub_assets.cli.instance import local_instance
from dub_assets.core.errors import ConfigurationError, DubError
from dub_assets.resources.storage import StorageResource
from dub_assets.service.metrics.backlog import Backlog, backlog_now
from dub_assets.service.metrics.history import History
from dub_assets.service.metrics.present import callbacks_now, daemons_now, refusals_now, runs_now
from dub_assets.service.metrics.sources import Source, Sources
from dub_assets.service.metrics.surroundings import gpus_now, queue_sources
from dub_assets.settings import Settings

_MINUTE_S = 60.0
_LOOK_S = 0.5


def serve_metrics(host: str, port: int, settings: Settings, *, gpu_only: bool, log_backlog: bool) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises ConfigurationError where the address cannot be had."""
    if gpu_only:
        _serve(host, port, {"gpu": gpus_now}, each_minute=None)
        return
    with local_instance(settings) as instance:
        sources: dict[str, Source] = {
            "runs": partial(runs_now, instance),
            "history": History(instance).read,
            "callbacks": partial(callbacks_now, instance),
            "refusals": lambda: refusals_now(StorageResource.of(settings).archive.store),
            "daemons": partial(daemons_now, instance),
            "gpu": gpus_now,
        }
        backlog = partial(_log_backlog, partial(backlog_now, instance, settings)) if log_backlog else None
        _serve(host, port, sources | queue_sources(settings), each_minute=backlog)


def _serve(host: str, port: int, sources: dict[str, Source], *, each_minute: Callable[[], None] | None) -> None:
    registry = CollectorRegistry()
    told: list[int] = []
    registry.register(Sources(sources))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.append(number))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigurationError(f"cannot listen at {host}:{port} ({error.strerror}): name another --port") from error
    _say(f"http://{host}:{server.server_port}/metrics")
    due_s = time.monotonic()
    while not told:  # by short looks: a signal that comes just before a wait begins does not end the wait
        if each_minute and time.monotonic() >= due_s:
            each_minute()
            due_s = time.monotonic() + _MINUTE_S
        time.sleep(_LOOK_S)
    server.shutdown()
    thread.join()


def _log_backlog(backlog: Callable[[], Backlog]) -> None:
    """A line of JSON for whatever gives workers work: each open run and each message that waits wants one."""
    try:
        now = backlog()
    except DubError as error:
        sys.stderr.write(f"dub-assets: no backlog this minute: {error}\n")
        return
    told = {"event": "backlog", "open_runs": now.open_runs, "waiting_messages": now.waiting_messages}
    _say(json.dumps(told | {"wanted_workers": now.open_runs + now.waiting_messages}))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
