"""The Dagster home of this machine: its folder, its ``dagster.yaml``, and its instance."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.core.files import require_writable, write_atomic
from dub_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

_SHIPPED_BEFORE = frozenset(
    {
        "565c34e34fd52ff9051b82b47f907eaf5b20e5643297a0d0968168ade99edcdb",
        "8e94209e18d01e02fc0e40e00c7669c8185b84d819511798aa1d932a73c54244",
        "94f0c08d0a49017062eea984188bab8d36504858dc236ea48d15a8df92d98ef2",
    }
)
"""SHA-256 of ``dagster.yaml`` in earlier versions: a file with one of them was not changed by its user."""

_SAFEGUARDS = {
    "run_queue": ("max_user_code_failure_retries", "user_code_failure_retry_delay"),
    "run_retries": (),
}
"""Sections and keys without which jobs fail when a component is down; no keys: the whole section."""


@contextmanager
def local_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the persistent instance, and silence Dagster's own log."""
    from dagster import DagsterInstance  # noqa: PLC0415 - takes seconds

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings.paths.home))
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with DagsterInstance.get() as instance:
        yield instance


def dagster_home(home: Path) -> Path:
    """Return Dagster's folder: ``DAGSTER_HOME`` if set, else one below ``home``.

    It gets the ``dagster.yaml`` of this version if it has none, or an unchanged one of an earlier version. Missing
    settings are added to one that the user has changed. Raises ConfigurationError if the folder cannot be written to.
    """
    named = os.environ.get("DAGSTER_HOME")
    folder = Path(named) if named else home / "dagster"
    variable = "DAGSTER_HOME" if named else "DUB_ASSETS_HOME"
    require_writable(folder, advice=f"set {variable} to a folder that can be written to")
    configuration = folder / "dagster.yaml"
    current = packaged_configuration()
    if not configuration.exists():
        write_atomic(configuration, current.encode())
    else:
        upgrade(configuration, current)
    return folder


def upgrade(configuration: Path, current: str) -> None:
    """Update the ``dagster.yaml`` of an earlier version, and keep the user's changes."""
    text = configuration.read_text(encoding="utf-8")
    if text == current:
        return
    if hashlib.sha256(text.encode()).hexdigest() in _SHIPPED_BEFORE:
        write_atomic(configuration, current.encode())
        return
    completed = with_safeguards(text, current)
    if completed != text:
        configuration.with_name("dagster.yaml.old").write_text(text, encoding="utf-8")
        write_atomic(configuration, completed.encode())
        sys.stderr.write(
            f"dub-assets: added settings of this version to {configuration}; backup: {configuration}.old\n"
        )


def with_safeguards(text: str, current: str) -> str:
    """Return the configuration with missing settings added from ``current``; comments and order stay."""
    import yaml

    try:
        known = yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # Dagster reports it
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
    """Return the text with settings inserted at the start of a section in block style."""
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
