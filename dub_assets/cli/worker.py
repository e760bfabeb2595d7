"""``dub-assets worker``: a worker of the Dagster home, until it is told to end."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.util import find_spec

from dub_assets.cli.instance import dagster_home
from dub_assets.domain.errors import ConfigurationError
from dub_assets.engines.install import install_extra_command
from dub_assets.media.ffmpeg import find_ffmpeg
from dub_assets.settings import Settings
from dub_assets.telemetry.json_lines import JsonLines


def run_worker(settings: Settings, *, name: str, queues: str) -> None:
    """Work on runs. Raises ConfigurationError if the extra, the workers of the home or ffmpeg is missing."""
    if find_spec("dagster_celery") is None:
        raise ConfigurationError(f"workers need an extra: {install_extra_command('workers')}")
    find_ffmpeg(settings.places.ffmpeg)
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings.places.home))

    import dagster as dg  # noqa: PLC0415 - after DAGSTER_HOME is set

    from dub_assets.launching.worker import work  # noqa: PLC0415 - an extra

    options = replace(settings.worker, name=name or settings.worker.name, queues=queues or settings.worker.queues)
    with dg.DagsterInstance.get() as instance:
        sys.exit(work(instance, options, JsonLines() if settings.logs.format == "json" else None))
