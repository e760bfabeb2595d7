"""``dub-assets metrics``: serves figures for Prometheus over HTTP until a signal ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, start_http_server

from dub_assets.cli import interruptions
from dub_assets.cli.terminal import write_line
from dub_assets.core.errors import ConfigurationError, DubError
from dub_assets.resources.storage import StorageResource
from dub_assets.service.dagster_home import local_instance
from dub_assets.service.metrics.backlog import Backlog, read_backlog
from dub_assets.service.metrics.external import gpu_metrics, queue_sources
from dub_assets.service.metrics.gauges import callback_gauges, daemon_gauges, refusal_gauges, run_gauges
from dub_assets.service.metrics.history import RunHistory
from dub_assets.service.metrics.sources import Source, SourceCollector
from dub_assets.settings import settings_from

_MINUTE_S = 60.0
_POLL_S = 0.5


def serve_metrics(host: str, port: int, *, gpu_only: bool, log_backlog: bool) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises ConfigurationError if the address is taken."""
    settings = settings_from(os.environ)
    interruptions.release()
    if gpu_only:
        _serve(host, port, {"gpu": gpu_metrics}, each_minute=None)
        return
    with local_instance(settings) as instance:
        sources: dict[str, Source] = {
            "runs": partial(run_gauges, instance),
            "history": RunHistory(instance).read,
            "callbacks": partial(callback_gauges, instance),
            "refusals": lambda: refusal_gauges(StorageResource.of(settings).archive.store),
            "daemons": partial(daemon_gauges, instance),
            "gpu": gpu_metrics,
        }
        backlog = partial(_log_backlog, partial(read_backlog, instance, settings)) if log_backlog else None
        _serve(host, port, sources | queue_sources(settings), each_minute=backlog)


def _serve(host: str, port: int, sources: dict[str, Source], *, each_minute: Callable[[], None] | None) -> None:
    registry = CollectorRegistry()
    received: list[int] = []
    registry.register(SourceCollector(sources))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: received.append(number))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigurationError(f"cannot listen at {host}:{port} ({error.strerror}): name another --port") from error
    write_line(f"http://{host}:{server.server_port}/metrics")
    due_s = time.monotonic()
    while not received:  # polls, since a signal just before a longer wait would not end the wait
        if each_minute and time.monotonic() >= due_s:
            each_minute()
            due_s = time.monotonic() + _MINUTE_S
        time.sleep(_POLL_S)
    server.shutdown()
    thread.join()


def _log_backlog(backlog: Callable[[], Backlog]) -> None:
    """Log a line of JSON for an autoscaler: one worker is wanted for each open run and each waiting message."""
    try:
        current = backlog()
    except DubError as error:
        sys.stderr.write(f"dub-assets: no backlog this minute: {error}\n")
        return
    counts = {"open_runs": current.open_runs, "waiting_messages": current.waiting_messages}
    write_line(json.dumps({"event": "backlog", **counts, "wanted_workers": sum(counts.values())}))
