"""The Dagster instance of the command line: the one that the UI shows."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.files import write_atomic
from dub_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

_SHIPPED_BEFORE = frozenset(
    {
        "565c34e34fd52ff9051b82b47f907eaf5b20e5643297a0d0968168ade99edcdb",
        "8e94209e18d01e02fc0e40e00c7669c8185b84d819511798aa1d932a73c54244",
    }
)
"""SHA-256 of the ``dagster.yaml`` of earlier versions: a file that is one of them was not changed by its user."""

_SAFEGUARDS = {
    "run_queue": ("max_user_code_failure_retries", "user_code_failure_retry_delay"),
    "run_retries": (),
}
"""Settings without which jobs fail when a component is down; the whole section where no key is named."""


@contextmanager
def local_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the persistent instance; Dagster's own log is silent."""
    from dagster import DagsterInstance

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings.paths.home))
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with DagsterInstance.get() as instance:
        yield instance


def dagster_home(home: Path) -> Path:
    """Return Dagster's folder: ``DAGSTER_HOME`` if set, else one below ``home``.

    A ``dagster.yaml`` is put into it if there is none. One of an earlier version is replaced; one that its user has
    changed gets the missing settings and keeps everything else.
    """
    named = os.environ.get("DAGSTER_HOME")
    folder = Path(named) if named else home / "dagster"
    _require_writable(folder)
    configuration = folder / "dagster.yaml"
    current = packaged_configuration()
    if not configuration.exists():
        _write(configuration, current)
    else:
        upgrade(configuration, current)
    return folder


def _require_writable(folder: Path) -> None:
    """Make the folder. Raises ConfigurationError if it cannot be written to."""
    variable = "DAGSTER_HOME" if os.environ.get("DAGSTER_HOME") else "DUB_ASSETS_HOME"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"cannot write to {folder} ({error.strerror}): set {variable} to a folder that can be written to"
        ) from error


def upgrade(configuration: Path, current: str) -> None:
    """Bring the ``dagster.yaml`` of an earlier version up to date, without losing its user's changes."""
    text = configuration.read_text(encoding="utf-8")
    if text == current:
        return
    if hashlib.sha256(text.encode()).hexdigest() in _SHIPPED_BEFORE:
        _write(configuration, current)
        return
    completed = with_safeguards(text, current)
    if completed != text:
        configuration.with_name("dagster.yaml.old").write_text(text, encoding="utf-8")
        _write(configuration, completed)
        sys.stderr.write(f"dub-assets: {configuration} got settings of this version; before: {configuration}.old\n")


def with_safeguards(text: str, current: str) -> str:
    """Return the configuration with missing settings added from ``current``; comments and order stay."""
    import yaml

    try:
        known = yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # Dagster says what is wrong with it
    if not isinstance(known, dict) or "run_coordinator" in known:
        return text
    wanted: dict[str, Any] = yaml.safe_load(current)
    for section, keys in _SAFEGUARDS.items():
        if section not in known:
            block = yaml.safe_dump({section: wanted[section]}, sort_keys=False)
            text = f"{text.rstrip()}\n\n{block}"
        elif isinstance(known[section], dict):
            missing = {key: wanted[section][key] for key in keys if key not in known[section]}
            text = _inserted(text, section, missing)
    return text


def _inserted(text: str, section: str, settings: dict[str, Any]) -> str:
    """The text with settings at the head of a section in block style."""
    head = re.search(rf"^{section}:[ \t]*(#.*)?\n(?:[ \t]*(#.*)?\n)*(?P<indent>[ \t]+)", text, re.MULTILINE)
    if head is None:
        return text
    lines = "".join(f"{head['indent']}{key}: {value}\n" for key, value in settings.items())
    start = text.index("\n", head.start()) + 1
    return text[:start] + lines + text[start:]


def packaged_configuration() -> str:
    """Return the project's ``dagster.yaml``: inside an installed package, or beside it in a checkout."""
    package = resources.files("dub_assets")
    packaged = package / "dagster.yaml"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(str(package)).parent / "dagster.yaml").read_text(encoding="utf-8")


def _write(file: Path, text: str) -> None:
    write_atomic(file, text.encode())
