"""JSON logs: every line is an object with job and stage, without transcript texts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import dagster as dg
import pytest
from support.dubbed import SPOKEN, dubbing
from support.fakes import FakeEngines

from dub_assets.adapters.telemetry.progress import LoggedProgress
from dub_assets.core.errors import InputError
from dub_assets.definitions import definitions
from dub_assets.resources.logs import log_as_json

STAGES = {"stems", "transcript", "translation", "tts_segments", "segment_mixes", "final_video", "metadata"}


@pytest.fixture
def json_logs(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    undo = log_as_json()
    yield
    undo()


@pytest.fixture
def world(tmp_path, monkeypatch, json_logs):
    with dubbing(tmp_path, monkeypatch) as world:
        yield world


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_every_line_of_a_run_has_job_and_stage(world, capfd):
    run = world.dub("talk-1", "http://127.0.0.1:9/{job_id}")
    assert run.success
    logged = [line for line in lines(capfd) if "run_id" in line]  # the request is stored before there is a run
    assert {line["job_id"] for line in logged} == {"talk-1"}
    assert {line["run_id"] for line in logged} == {run.run_id}
    assert {line["stage"] for line in logged if "stage" in line} >= STAGES
    assert {"STEP_START", "ASSET_MATERIALIZATION", "PIPELINE_SUCCESS"} <= {line.get("kind") for line in logged}
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in logged)


def test_no_line_contains_the_transcript(world, capfd):
    run = world.dub("talk-1", "http://127.0.0.1:9/{job_id}")
    entries = world.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert any(SPOKEN.lower() in str(entry).lower() for entry in entries)
    assert SPOKEN.lower().rstrip(".") not in capfd.readouterr().err.lower()


def test_progress_is_part_of_the_log_of_its_run(world, capfd):
    world.definitions = definitions(world.settings, LoggedProgress())
    run = world.dub("talk-1", "http://127.0.0.1:9/{job_id}")
    logged = [line for line in lines(capfd) if line["event"].endswith("1 of 1")]
    assert {line["stage"] for line in logged} >= {"translation", "tts_segments"}
    assert any(entry.user_message.endswith("1 of 1") for entry in world.instance.all_logs(run.run_id))


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (InputError("the video has no sound: send another"), "the video has no sound: send another"),
        (KeyError(SPOKEN), "KeyError"),
    ],
)
def test_an_error_is_logged_by_its_description_or_its_type(world, capfd, monkeypatch, error, logged):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(FakeEngines, "translator", broken)
    assert not world.dub("talk-1", "http://127.0.0.1:9/{job_id}").success
    text = capfd.readouterr().err
    (failure,) = [line for line in map(json.loads, text.splitlines()) if line.get("kind") == "STEP_FAILURE"]
    assert failure["error"] == logged
    assert SPOKEN not in text


def test_a_line_from_outside_of_runs_is_json_too_and_written_once(json_logs, capfd):
    log_as_json()()
    try:
        raise ValueError(SPOKEN)
    except ValueError:
        logging.getLogger("dub_assets.service.callbacks.dispatcher").exception(
            "callbacks of job %s are interrupted", "talk-1"
        )
    (line,) = lines(capfd)
    assert (line["event"], line["error"]) == ("callbacks of job talk-1 are interrupted", "ValueError")
    assert line["level"] == "error"
