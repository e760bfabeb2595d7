"""``dub-assets worker``: takes runs of the Dagster home until a signal ends it."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from typing import NoReturn

from dub_assets.adapters.telemetry.json_lines import JsonLines
from dub_assets.cli import interruptions
from dub_assets.cli.startup import make_ready, startup_log
from dub_assets.core.errors import ConfigurationError
from dub_assets.engines.models.install import install_extra_command
from dub_assets.service.dagster_home import dagster_home
from dub_assets.service.readiness import Role
from dub_assets.settings import settings_from


def run_worker(*, name: str, queues: str) -> None:
    """Take runs once nothing is missing for the service's languages.

    Raises:
        ConfigurationError: The extra is not installed, or the Dagster home starts its runs without workers.
        NotReadyError: Something is missing.
    """
    given = {"WORKER_NAME": name, "WORKER_QUEUES": queues}
    settings = settings_from({**os.environ, **{variable: text for variable, text in given.items() if text}})
    interruptions.release()
    if find_spec("dagster_celery") is None:
        raise ConfigurationError(f"workers need an extra: {install_extra_command('workers')}")
    signal.signal(signal.SIGTERM, _end)  # the first process of a container ignores it otherwise
    home = dagster_home(settings.paths.home)
    with startup_log(settings):
        make_ready(settings, Role(is_worker=True, dagster_yaml=home / "dagster.yaml"))
    os.environ["DAGSTER_HOME"] = str(home)

    import dagster as dg  # noqa: PLC0415 - after DAGSTER_HOME is set

    from dub_assets.service.workers.worker import work  # noqa: PLC0415 - an extra

    with dg.DagsterInstance.get() as instance:
        sys.exit(work(instance, settings.worker, JsonLines() if settings.logs.format == "json" else None))


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)
