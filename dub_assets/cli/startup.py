"""Start-up of a process of the service: reports what is missing, pulls models, and waits for remote services."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from dub_assets.adapters.telemetry.json_lines import JsonLines
from dub_assets.cli.pull_display import shown_size
from dub_assets.core.errors import DubError
from dub_assets.core.retries import STARTUP_RETRIES
from dub_assets.engines.models.pull import PullProgress
from dub_assets.service.readiness import Problem, Readiness, Role, examine, pull_missing
from dub_assets.settings import Settings, settings_from

_LOG = logging.getLogger("dub_assets.startup")
_LOGGED_SHARE, _LOGGED_BYTES = 0.1, 16 * 1024 * 1024
"""Least growth of a file between two log lines: both this share of it and this many bytes."""


class NotReadyError(DubError):
    """Something is missing that waiting does not change."""


def make_ready(settings: Settings, role: Role) -> None:
    """Return once nothing is missing for the service's pair of languages.

    Models are pulled into the cache. If a bucket, a queue or a hub does not answer, it is tried again, with pauses that
    double up to five minutes.

    Raises:
        NotReadyError: Something else is missing. Everything that is missing has been logged.
    """
    for failures in count(1):
        problems = _attempt(settings, role)
        _log(problems)
        if not problems:
            return
        if lasting := [problem for problem in problems if not problem.transient]:
            raise NotReadyError(_summary(lasting))
        pause_s = STARTUP_RETRIES.pause_s("startup", failures)
        _LOG.warning("no job is taken until then; trying again in %g s", pause_s)
        time.sleep(pause_s)


def check_readiness(*, pulls: bool) -> None:
    """Log everything that is missing, after pulling models if ``pulls``. Raises NotReadyError if anything is."""
    settings = settings_from(os.environ)
    with startup_log(settings):
        problems = _attempt(settings, Role(takes_messages=True), pulls=pulls)
        _log(problems)
    if problems:
        raise NotReadyError(_summary(problems))


@contextmanager
def startup_log(settings: Settings) -> Iterator[None]:
    """Write the log of the start-up to standard error, in the format that LOG_FORMAT names."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonLines() if settings.logs.format == "json" else plain)
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        _LOG.propagate = True


def _summary(problems: Sequence[Problem]) -> str:
    return f"not ready: {len(problems)} missing, see the log above"


def _attempt(settings: Settings, role: Role, *, pulls: bool = True) -> list[Problem]:
    """Return what is missing, after an attempt to pull missing models if ``pulls``."""
    readiness = examine(settings, role, os.environ)
    if pulls and (readiness.to_pull or readiness.pairs) and not readiness.is_hopeless:
        if failed := _pull(settings, readiness):
            return [*readiness.problems, *failed]
        readiness = examine(settings, role, os.environ)
    return [*readiness.problems, *_not_pulled(readiness)]


def _not_pulled(readiness: Readiness) -> list[Problem]:
    needed = [f"{engine}: {model.name} is not here, or is damaged" for model, engine in readiness.to_pull.items()]
    needed += [f"firefox: the model for {'-'.join(pair)} is not here" for pair in readiness.pairs]
    return [Problem(text=f"{text}: `dub-assets check --pull` fetches it", transient=False) for text in needed]


def _log(problems: Sequence[Problem]) -> None:
    for problem in problems:
        _LOG.error("missing: %s", problem.text)
    if not problems:
        _LOG.info("ready: nothing is missing")


def _pull(settings: Settings, readiness: Readiness) -> list[Problem]:
    for model, engine in readiness.to_pull.items():
        _LOG.info("%s needs %s (%s, %s): pulling it", engine, model.name, shown_size(model.size()), model.licence)
    for pair in readiness.pairs:
        _LOG.info("firefox needs its model for %s (MPL-2.0): pulling it", "-".join(pair))
    return pull_missing(settings, readiness, _PullLog().report)


class _PullLog:
    """Logs the progress of each file: its start, steps, and end."""

    def __init__(self) -> None:
        self._logged: dict[tuple[str, str], int] = {}

    def report(self, progress: PullProgress) -> None:
        key = progress.model.pin, progress.file.name
        logged = self._logged.get(key)
        step = max(_LOGGED_BYTES, _LOGGED_SHARE * (progress.total or 0))
        if logged is None or progress.done >= logged + step or progress.done == progress.total != logged:
            self._logged[key] = progress.done
            _LOG.info(
                "%s: %s: %s of %s",
                progress.model.name,
                progress.file.name,
                shown_size(progress.done),
                shown_size(progress.total),
            )
