"""The commands that show jobs: uncut ids, stable JSON, one name for a segment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import CommandLine

from dub_assets.core.keys import job_record_key

LONG = "a-job-of-the-queue-with-an-id-" + "x" * 98
"""As long as ids may be."""


def other_job(run: CommandLine, job_id: str) -> None:
    run.archive.save(job_record_key(job_id), run.keys.request)


def test_ids_are_never_cut(run: CommandLine, monkeypatch):
    other_job(run, LONG)
    monkeypatch.setenv("COLUMNS", "80")
    rows = run("jobs").splitlines()
    assert [row.split()[0] for row in rows[1:]] == [run.job, LONG]
    assert len(rows) == 3


def test_ids_are_not_cut_in_a_pipe(run: CommandLine):
    other_job(run, LONG)
    program = Path(sys.executable).with_name("dub-assets")
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    printed = subprocess.run([program, "jobs"], env=environment, capture_output=True, text=True, check=True).stdout
    assert LONG in printed.split()


def test_jobs_as_json(run: CommandLine):
    other_job(run, LONG)
    shown = json.loads(run("jobs", "--json"))
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
    assert (first["job_id"], first["source_language"], first["target_language"]) == (run.job, "en", "pt")
    assert (first["last_run"]["name"], first["last_run"]["status"], first["segments"]) == ("dub_job", "success", 2)
    assert first["last_run"]["started_at"].endswith("+00:00")
    assert (second["job_id"], second["last_run"]) == (LONG, None)


def test_segments_show_texts_times_gains_and_issues(run: CommandLine):
    run("mix", run.job, "1", "--bgm-gain", "0.2", "--quiet")
    shown = json.loads(run("segments", run.job, "--json"))
    assert shown["job_id"] == run.job
    first, second = shown["segments"]
    assert (first["segment"], first["text"], first["translation"]) == ("0000", "Good.", "pt Good.")
    assert (second["segment"], second["text"], second["bgm_gain"]) == ("0001", "Night.", 0.2)
    assert 0 <= first["start_s"] < first["end_s"] <= second["start_s"]
    assert isinstance(first["tempo"], float)
    rows = run("segments", run.job).splitlines()
    assert [row.split()[0] for row in rows] == ["segment", "0000", "0001"]
    assert "pt Night." in rows[2]


def test_segments_shows_only_those_with_issues_if_asked(run: CommandLine):
    rows = json.loads(run("segments", run.job, "--json"))["segments"]
    flagged = [row["segment"] for row in rows if row["issues"]]
    narrowed = json.loads(run("segments", run.job, "--issues", "--json"))["segments"]
    assert [row["segment"] for row in narrowed] == flagged
    if not flagged:
        assert run("segments", run.job, "--issues") == "no segment has issues\n"


def test_markup_in_a_text_is_shown_unchanged(run: CommandLine):
    run("say", run.job, "1", "[bold]Boa[/bold] noite.", "--quiet")
    assert "[bold]Boa[/bold] noite." in run("segments", run.job)


def test_status_shows_run_stages_findings_and_results(run: CommandLine):
    shown = json.loads(run("status", run.job, "--json"))
    assert (shown["job_id"], shown["progress"], shown["error"]) == (run.job, 100, None)
    assert set(shown["stages"].values()) == {"done"}
    assert shown["results"]["keys"]["video"] == run.keys.request.result_key
    (delivery,) = shown["results"]["folders"]
    assert delivery["folder"] == str(run.folder / "results")
    assert "talk.pt.mp4" in delivery["files"]
    assert shown["findings"].keys() == {"checks", "segments"}
    printed = run("status", run.job)
    for text in (run.job, "last run: dub_job, success", "progress: 100 %", run.keys.request.result_key):
        assert text in printed


def test_status_of_a_failed_job_shows_the_error_and_progress(run: CommandLine):
    run.archive.store.delete([run.keys.manifest(name) for name in ("metadata", "report", "stems")])
    error = run("mix", run.job, "1", "--bgm-gain", "0.2", "--quiet", fails=True)
    shown = json.loads(run("status", run.job, "--json"))
    assert shown["last_run"]["status"] == "failure"
    assert shown["error"] == error.strip().removeprefix("dub-assets: ")
    assert (shown["stages"]["segment_mixes"], shown["stages"]["metadata"]) == ("failed", "waiting")
    assert 0 < shown["progress"] < 100


def test_a_job_is_found_by_the_unique_beginning_of_its_id(run: CommandLine):
    assert json.loads(run("segments", "talk", "--json"))["job_id"] == run.job
    assert json.loads(run("mix", run.job[:9], "0001", "--bgm-gain", "0.5", "--json"))["job_id"] == run.job


def test_an_ambiguous_beginning_is_refused_with_all_ids(run: CommandLine):
    other_job(run, "talk-pt-other")
    error = run("status", "talk", fails=True)
    assert len(error.splitlines()) == 1
    assert run.job in error
    assert "talk-pt-other" in error
    other_job(run, "talk")
    assert json.loads(run("status", "talk", "--json"))


@pytest.mark.parametrize("command", ["status", "segments", "export", "report", "mix"])
def test_an_unknown_job_is_one_line_with_similar_ids(run: CommandLine, command: str):
    arguments = ["1", "--rebuild"] if command == "mix" else []
    error = run(command, run.job.replace("talk", "tlak"), *arguments, fails=True)
    assert len(error.splitlines()) == 1
    assert f"similar ids are {run.job}" in error
    assert "dub-assets jobs" in error


def test_an_unknown_job_in_an_empty_store_names_the_command_that_starts_one(run: CommandLine):
    run.archive.store.delete([job_record_key(run.job)])
    assert "start one with `dub-assets dub`" in run("status", "talk", fails=True)


def test_a_segment_is_given_by_name_or_number(run: CommandLine):
    for name in ("0001", "1"):
        summary = json.loads(run("mix", run.job, name, "--bgm-gain", "0.3", "--json"))
        assert [row["segment"] for row in summary["segments"]] == ["0001"]
    error = run("mix", run.job, "one", "--bgm-gain", "0.3", fails=True)
    assert "'one' is not a segment: give a name such as 0003, or its number, 3" in error


def test_voices_shows_the_engine_of_each_voice(run: CommandLine):
    shown = json.loads(run("voices", "pt", "--json"))
    assert shown["language"] == "pt"
    rows = {(row["engine"], row["voice"]): row for row in shown["voices"]}
    kumo = rows["kokoro", "jm_kumo"]
    assert (kumo["sex"], kumo["pitch_hz"], kumo["usable"]) == ("male", 92.0, True)
    assert rows["espeak-ng", "female"]["usable"] is False
    assert shown["voices"][0]["usable"]
    assert "jm_kumo" in run("voices", "pt")


def test_voices_of_the_configured_engine_come_first(run: CommandLine, monkeypatch):
    monkeypatch.setenv("SYNTHESIS_ENGINE", "espeak-ng")
    first = json.loads(run("voices", "pt", "--json"))["voices"][0]
    assert (first["engine"], first["usable"]) == ("espeak-ng", True)
    assert "no installed engine speaks" in run("voices", "ja", fails=True)


@pytest.mark.parametrize("module", ["segments", "voices", "export", "job_commands"])
def test_commands_that_only_read_the_store_do_not_import_dagster(module: str):
    check = f"import sys, dub_assets.cli.{module}; sys.exit('dagster' in sys.modules or 'onnxruntime' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
