"""The ``dagster.yaml`` of a Dagster home, also of one that an earlier version made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dub_assets.service import dagster_home as homes

CHANGED = """\
# mine
run_launcher:
  module: dub_assets.service.workers.local
  class: LocalRunLauncher

run_queue:
  # as many as I have cores
  max_concurrent_runs: 12

sensors:
  use_threads: true
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "dagster").mkdir()
    return tmp_path


def configured(home: Path, text: str) -> str:
    file = home / "dagster" / "dagster.yaml"
    file.write_text(text, encoding="utf-8")
    assert homes.dagster_home(home) == file.parent
    return file.read_text(encoding="utf-8")


def test_a_new_home_gets_the_projects_configuration(home: Path):
    homes.dagster_home(home)
    assert (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8") == homes.packaged_configuration()


def test_an_unchanged_file_of_an_earlier_version_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch):
    earlier = "run_queue:\n  max_concurrent_runs: 4\n"
    monkeypatch.setattr(homes, "_SHIPPED_BEFORE", {hashlib.sha256(earlier.encode()).hexdigest()})
    assert configured(home, earlier) == homes.packaged_configuration()


def test_a_changed_file_gets_missing_settings_and_keeps_the_rest(home: Path, capsys):
    after = configured(home, CHANGED)
    assert [line for line in CHANGED.splitlines() if line not in after.splitlines()] == []
    settings, wanted = yaml.safe_load(after), yaml.safe_load(homes.packaged_configuration())
    assert settings["run_queue"]["max_concurrent_runs"] == 12
    assert settings["run_queue"]["max_user_code_failure_retries"] == 1000
    assert settings["run_retries"] == wanted["run_retries"]
    assert (home / "dagster" / "dagster.yaml.old").read_text(encoding="utf-8") == CHANGED
    assert "added settings of this version" in capsys.readouterr().err
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        assert instance.run_retries_enabled
    assert configured(home, after) == after
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["", "a: [", "run_coordinator:\n  module: m\n  class: C\n", "run_queue: {}\n# end\n"])
def test_a_file_that_cannot_be_completed_stays_as_it_is(home: Path, text: str):
    after = configured(home, text)
    assert after.startswith(text)


def test_an_unwritable_home_is_one_line_that_names_the_variable():
    program = [sys.executable, "-m", "dub_assets.cli", "jobs"]
    environment = {**os.environ, "DUB_ASSETS_HOME": "/proc/1/home"}  # not even root writes there
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "cannot write to /proc/1/home/dagster" in line
    assert "set DUB_ASSETS_HOME to a folder that can be written to" in line


def test_the_home_is_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "own"))
    assert homes.dagster_home(tmp_path / "other") == tmp_path / "own"
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
