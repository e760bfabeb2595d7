"""The commands that show jobs: whole ids, stable JSON, one name for a segment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Line, make_video

from dub_assets.core.keys import job_record_key


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dubbed")
    make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        Line(folder, folder / "talk.mp4", patch).dub("--quiet")
    return folder


@pytest.fixture
def line(dubbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    shutil.copytree(dubbed, tmp_path, dirs_exist_ok=True)
    for record in (tmp_path / "home" / "deliveries").iterdir():
        record.write_text(record.read_text().replace(str(dubbed), str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return Line(tmp_path, dubbed / "talk.mp4", monkeypatch)


LONG = "a-job-of-the-queue-with-an-id-" + "x" * 98
"""As long as ids may be."""


def other_job(line: Line, job_id: str) -> None:
    line.archive.save(job_record_key(job_id), line.keys.request)


def test_ids_are_whole_however_narrow_the_output_is(line: Line, monkeypatch):
    other_job(line, LONG)
    monkeypatch.setenv("COLUMNS", "80")
    rows = line("jobs").splitlines()
    assert [row.split()[0] for row in rows[1:]] == [line.job, LONG]
    assert len(rows) == 3


def test_ids_are_whole_in_a_pipe_of_another_process(line: Line):
    other_job(line, LONG)
    program = Path(sys.executable).with_name("dub-assets")
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    printed = subprocess.run([program, "jobs"], env=environment, capture_output=True, text=True, check=True).stdout
    assert LONG in printed.split()


def test_jobs_as_json(line: Line):
    other_job(line, LONG)
    shown = json.loads(line("jobs", "--json"))
    assert shown["total"] == 2
    first, second = shown["jobs"]
    assert first.keys() == {
        "job_id",
        "project_id",
        "source_language",
        "target_language",
        "last_run",
        "segments",
        "flagged",
    }
    assert (first["job_id"], first["source_language"], first["target_language"]) == (line.job, "en", "pt")
    assert (first["last_run"]["name"], first["last_run"]["status"], first["segments"]) == ("dub_job", "success", 2)
    assert first["last_run"]["started_at"].endswith("+00:00")
    assert (second["job_id"], second["last_run"]) == (LONG, None)


def test_segments_show_texts_times_gains_and_issues(line: Line):
    line("mix", line.job, "1", "--bgm-gain", "0.2", "--quiet")
    shown = json.loads(line("segments", line.job, "--json"))
    assert shown["job_id"] == line.job
    first, second = shown["segments"]
    assert (first["segment"], first["text"], first["translation"]) == ("0000", "Good.", "pt Good.")
    assert (second["segment"], second["text"], second["bgm_gain"]) == ("0001", "Night.", 0.2)
    assert 0 <= first["start_s"] < first["end_s"] <= second["start_s"]
    assert isinstance(first["tempo"], float)
    rows = line("segments", line.job).splitlines()
    assert [row.split()[0] for row in rows] == ["segment", "0000", "0001"]
    assert "pt Night." in rows[2]


def test_segments_can_be_narrowed_to_those_to_look_at(line: Line):
    rows = json.loads(line("segments", line.job, "--json"))["segments"]
    flagged = [row["segment"] for row in rows if row["issues"]]
    narrowed = json.loads(line("segments", line.job, "--issues", "--json"))["segments"]
    assert [row["segment"] for row in narrowed] == flagged
    if not flagged:
        assert line("segments", line.job, "--issues") == "no segment has issues\n"


def test_a_text_with_markup_is_shown_as_it_is(line: Line):
    line("say", line.job, "1", "[bold]Boa[/bold] noite.", "--quiet")
    assert "[bold]Boa[/bold] noite." in line("segments", line.job)


def test_status_shows_run_stages_findings_and_where_the_results_are(line: Line):
    shown = json.loads(line("status", line.job, "--json"))
    assert (shown["job_id"], shown["progress"], shown["error"]) == (line.job, 100, None)
    assert set(shown["stages"].values()) == {"done"}
    assert shown["results"]["keys"]["video"] == line.keys.request.result_key
    (delivery,) = shown["results"]["folders"]
    assert delivery["folder"] == str(line.folder / "results")
    assert "talk.pt.mp4" in delivery["files"]
    assert shown["findings"].keys() == {"checks", "segments"}
    printed = line("status", line.job)
    for text in (line.job, "last run: dub_job, success", "progress: 100 %", line.keys.request.result_key):
        assert text in printed


def test_status_of_a_job_that_failed_says_why_and_how_far_it_came(line: Line):
    line.archive.store.delete([line.keys.manifest(name) for name in ("metadata", "report", "stems")])
    said = line("mix", line.job, "1", "--bgm-gain", "0.2", "--quiet", fails=True)
    shown = json.loads(line("status", line.job, "--json"))
    assert shown["last_run"]["status"] == "failure"
    assert shown["error"] == said.strip().removeprefix("dub-assets: ")
    assert (shown["stages"]["segment_mixes"], shown["stages"]["metadata"]) == ("failed", "waiting")
    assert 0 < shown["progress"] < 100


def test_a_job_is_found_by_the_beginning_of_its_id(line: Line):
    assert json.loads(line("segments", "talk", "--json"))["job_id"] == line.job
    assert json.loads(line("mix", line.job[:9], "0001", "--bgm-gain", "0.5", "--json"))["job_id"] == line.job


def test_a_beginning_of_several_ids_is_refused_with_all_of_them(line: Line):
    other_job(line, "talk-pt-other")
    said = line("status", "talk", fails=True)
    assert len(said.splitlines()) == 1
    assert line.job in said
    assert "talk-pt-other" in said
    other_job(line, "talk")
    assert json.loads(line("status", "talk", "--json"))


@pytest.mark.parametrize("command", ["status", "segments", "export", "report", "mix"])
def test_an_unknown_job_is_one_line_with_similar_ids_and_the_command_that_lists_them(line: Line, command: str):
    arguments = ["1", "--rebuild"] if command == "mix" else []
    said = line(command, line.job.replace("talk", "tlak"), *arguments, fails=True)
    assert len(said.splitlines()) == 1
    assert f"similar ids are {line.job}" in said
    assert "dub-assets jobs" in said


def test_an_unknown_job_where_there_is_none_says_how_to_start_one(line: Line):
    line.archive.store.delete([job_record_key(line.job)])
    assert "start one with `dub-assets dub`" in line("status", "talk", fails=True)


def test_a_segment_is_taken_by_name_and_by_number(line: Line):
    for name in ("0001", "1"):
        made = json.loads(line("mix", line.job, name, "--bgm-gain", "0.3", "--json"))
        assert [row["segment"] for row in made["segments"]] == ["0001"]
    said = line("mix", line.job, "one", "--bgm-gain", "0.3", fails=True)
    assert "'one' is not a segment: give a name such as 0003, or its number, 3" in said


def test_voices_of_a_language_come_with_their_engine(line: Line):
    shown = json.loads(line("voices", "pt", "--json"))
    assert shown["language"] == "pt"
    rows = {(row["engine"], row["voice"]): row for row in shown["voices"]}
    kumo = rows["kokoro", "jm_kumo"]
    assert (kumo["sex"], kumo["pitch_hz"], kumo["usable"]) == ("male", 92.0, True)
    assert rows["espeak-ng", "female"]["usable"] is False
    assert shown["voices"][0]["usable"]
    assert "jm_kumo" in line("voices", "pt")


def test_voices_follow_the_engine_that_is_configured(line: Line, monkeypatch):
    monkeypatch.setenv("SYNTHESIS_ENGINE", "espeak-ng")
    first = json.loads(line("voices", "pt", "--json"))["voices"][0]
    assert (first["engine"], first["usable"]) == ("espeak-ng", True)
    assert "no installed engine speaks" in line("voices", "ja", fails=True)


@pytest.mark.parametrize("module", ["segments", "voices", "export", "job_commands"])
def test_commands_that_read_the_store_alone_do_not_import_dagster(module: str):
    check = f"import sys, dub_assets.cli.{module}; sys.exit('dagster' in sys.modules or 'onnxruntime' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
