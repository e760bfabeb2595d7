"""Dagster's ``dg`` on the project, as a developer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", [["check", "defs"], ["list", "defs", "--json"]])
def test_dg_loads_the_project(tmp_path: Path, command: list[str]):
    tmp_path.joinpath("dagster.yaml").write_text("telemetry: {enabled: false}\n")
    environment = os.environ | {"DAGSTER_HOME": str(tmp_path), "VIRTUAL_ENV": sys.prefix, "DO_NOT_TRACK": "1"}
    program = Path(sys.executable).with_name("dg")
    done = subprocess.run(
        [program, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "virtual environment" not in done.stderr
    if command[0] == "list":
        listed = json.loads(done.stdout)
        assert {"stems", "final_video", "report"} <= {asset["asset_key"] for asset in listed["assets"]}
        assert "tts_segments:lines_are_audible" in {check["key"] for check in listed["asset_checks"]}
