"""The Dagster instance of the command line: the one that the UI shows."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


@contextmanager
def local_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the persistent instance; Dagster's own log is silent."""
    from dagster import DagsterInstance

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings.places.home))
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with DagsterInstance.get() as instance:
        yield instance


def dagster_home(home: Path) -> Path:
    """Dagster's folder: ``DAGSTER_HOME`` where set, else one below ``home``, with a ``dagster.yaml`` in it."""
    named = os.environ.get("DAGSTER_HOME")
    folder = Path(named) if named else home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(_packaged_configuration(), encoding="utf-8")
    return folder


def _packaged_configuration() -> str:
    """The project's ``dagster.yaml``: inside an installed package, or beside it in a checkout."""
    package = resources.files("dub_assets")
    packaged = package / "dagster.yaml"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(str(package)).parent / "dagster.yaml").read_text(encoding="utf-8")
