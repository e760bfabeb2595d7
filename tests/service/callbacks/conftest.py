"""The world of callbacks, and a consumer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import CallbackReceiver
from support.outbox_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    storage = tmp_path / "dagster"  # files: threads lock each other out of SQLite in memory
    storage.mkdir()
    with dg.DagsterInstance.local_temp(str(storage), overrides={"telemetry": {"enabled": False}}) as instance:
        yield World({"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}, instance)


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as receiver:
        yield receiver
