"""The files of a dub: updated by edits, exported from the store, and never written over a file of the user."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from support.command_line import CommandLine

from dub_assets.cli.archive import open_archive
from dub_assets.settings import settings_from

pytestmark = pytest.mark.media


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


RESULTS = {"talk.pt.mp4", "talk.pt.srt", "talk.pt.vtt", "talk.en.srt", "talk.en.vtt", "talk.pt.json", "talk.pt.html"}


def test_a_rebuild_updates_the_files_of_the_dub(run: CommandLine):
    results = run.folder / "results"
    summary = json.loads(run("say", run.job, "0001", "Boa noite.", "--rebuild", "--json"))
    assert names(results) == RESULTS
    assert "Boa noite." in (results / "talk.pt.srt").read_text(encoding="utf-8")
    video = run.archive.store.head(run.keys.request.result_key)
    assert (results / "talk.pt.mp4").stat().st_size == video.size_bytes
    assert {Path(path).name for path in summary["updated"]} == RESULTS
    run("mix", run.job, "1", "--bgm-gain", "0.2", "--rebuild", "--quiet")
    assert names(results) == RESULTS
    document = json.loads((results / "talk.pt.json").read_text(encoding="utf-8"))
    assert document["segments"][1]["dub"]["bgm_gain"] == 0.2


def test_a_rebuild_updates_every_folder_of_a_dub(run: CommandLine):
    run.dub("--quiet", "--out", "second")
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--quiet")
    for folder in ("results", "second"):
        assert "Boa noite." in (run.folder / folder / "talk.pt.srt").read_text(encoding="utf-8")


def test_a_rebuild_with_out_keeps_the_files_of_the_dub(run: CommandLine):
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--quiet", "--out", "edited")
    assert names(run.folder / "edited") == RESULTS
    assert "pt Night." in (run.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_a_rebuild_keeps_a_changed_file_and_prints_a_note(run: CommandLine):
    mine = run.folder / "results" / "talk.pt.srt"
    mine.write_text("my own subtitles", encoding="utf-8")
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--quiet")
    assert mine.read_text(encoding="utf-8") == "my own subtitles"
    beside = run.folder / "results" / f"{run.job}.pt.srt"
    assert "Boa noite." in beside.read_text(encoding="utf-8")
    (note,) = run.notes.splitlines()
    assert f"{mine.name} was changed" in note
    assert beside.name in note
    run("say", run.job, "1", "Boa tarde.", "--rebuild", "--quiet")
    assert "Boa tarde." in beside.read_text(encoding="utf-8")


def test_a_rebuild_whose_folder_is_gone_names_the_export_command(run: CommandLine):
    shutil.rmtree(run.folder / "results")
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--quiet")
    (note,) = run.notes.splitlines()
    assert f"dub-assets export {run.job} --out DIR" in note
    assert not (run.folder / "results").exists()


def test_the_store_has_no_path_of_this_machine(run: CommandLine):
    for item in run.archive.store.list("jobs/"):
        assert str(run.folder).encode() not in run.archive.store.get(item.key)


@pytest.mark.parametrize("name", ["talk.en.srt", "talk.pt.html"])
def test_a_dub_refuses_to_replace_a_file_of_the_user_before_any_work(run: CommandLine, name: str):
    folder = run.folder / "mine"
    folder.mkdir()
    (folder / name).write_text("mine", encoding="utf-8")
    runs = json.loads(run("jobs", "--json"))["jobs"][0]["last_run"]
    error = run.dub("--quiet", "--out", str(folder), fails=True)
    assert f"{folder / name} exists and was not written by job {run.job}" in error
    assert "--out" in error
    assert len(error.splitlines()) == 1
    assert names(folder) == {name}
    assert json.loads(run("jobs", "--json"))["jobs"][0]["last_run"] == runs


def test_a_dub_refuses_to_replace_the_files_of_another_video_of_the_same_name(run: CommandLine):
    shutil.copy(run.video, run.folder / "talk.mov")
    error = run("dub", "talk.mov", "--from", "en", "--to", "pt", "--out", "results", "--quiet", fails=True)
    assert "talk.pt.mp4 exists and was not written by job talk-pt-" in error


def test_the_results_of_a_name_that_cannot_be_printed_or_is_too_long_have_a_plain_name(run: CommandLine):
    video = run.folder / os.fsdecode(b"caf\xe9\n\x1b[31m" + b"x" * 240 + b".mp4")
    shutil.copy(run.video, video)
    shown = json.loads(run("dub", str(video), "--from", "en", "--to", "pt", "--out", "plain", "--json"))
    stem = "caf___[31m" + "x" * 233
    assert names(run.folder / "plain") == {name.replace("talk", stem, 1) for name in RESULTS}
    assert shown["files"]["video"] == f"plain/{stem}.pt.mp4"
    assert shown["job_id"].startswith("caf-31mxxx")


def test_a_dub_refuses_to_replace_a_folder(run: CommandLine):
    (run.folder / "mine" / "talk.pt.mp4").mkdir(parents=True)
    assert "talk.pt.mp4 exists" in run.dub("--out", "mine", fails=True)


def test_a_dub_refuses_to_replace_a_broken_link_of_the_user(run: CommandLine):
    (run.folder / "mine").mkdir()
    (run.folder / "mine" / "talk.pt.mp4").symlink_to("nowhere")
    assert "talk.pt.mp4 exists" in run.dub("--out", "mine", fails=True)


def test_a_second_dub_replaces_its_own_files_even_without_a_record(run: CommandLine):
    shutil.rmtree(run.folder / "home" / "deliveries")
    run.dub("--quiet")
    assert names(run.folder / "results") == RESULTS


def test_subtitles_of_a_detected_language_are_written_beside_a_users_own(run: CommandLine):
    (run.folder / "other").mkdir()
    mine = run.folder / "other" / "talk.en.srt"
    mine.write_text("mine", encoding="utf-8")
    run.archive.store.delete([run.keys.manifest("metadata"), run.keys.manifest("final_video")])
    run("dub", run.video, "--from", "auto", "--to", "pt", "--out", "other", "--quiet")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (run.folder / "other" / f"{run.job}.en.srt").exists()
    assert "talk.en.srt" in run.notes


def test_export_copies_the_results_and_clips(run: CommandLine):
    shown = json.loads(run("export", run.job, "--out", "fetched", "--clips", "--json"))
    assert names(run.folder / "fetched") == {*RESULTS, "talk.pt.segments"}
    clips = names(run.folder / "fetched" / "talk.pt.segments")
    parts = {"source.wav", "bgm.wav", "tts.wav", "mix.wav", "video.mp4"}
    assert clips == {f"{segment}_{part}" for segment in ("0000", "0001") for part in parts}
    assert (shown["job_id"], shown["notes"]) == (run.job, [])
    assert shown["files"]["video"] == "fetched/talk.pt.mp4"
    assert shown["files"]["0001_mix"] == "fetched/talk.pt.segments/0001_mix.wav"
    video = run.archive.store.head(run.keys.request.result_key)
    assert (run.folder / "fetched" / "talk.pt.mp4").stat().st_size == video.size_bytes


def test_export_updates_the_files_of_the_dub_after_a_rebuild_elsewhere(run: CommandLine):
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--quiet", "--out", "elsewhere")
    printed = run("export", run.job).splitlines()
    assert {Path(path).name for path in printed} == RESULTS
    assert "Boa noite." in (run.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_export_from_a_bucket_on_another_machine(run: CommandLine, bucket, aws_endpoint, tmp_path, monkeypatch):
    for item in run.archive.store.list(""):
        file = tmp_path / "object"
        run.archive.store.download(item.key, file)
        _upload(bucket, aws_endpoint, item.key, file)
    for name, value in {"AWS_S3_BUCKET": bucket, "AWS_ENDPOINT_URL": aws_endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DUB_ASSETS_HOME", str(tmp_path / "laptop"))
    monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path / "laptop-cache"))
    monkeypatch.setenv("AWS_REGION", "ap-northeast-2")
    run("export", run.job, "--out", "fetched")
    job = run.job
    assert names(run.folder / "fetched") == {name.replace("talk.", f"{job}.", 1) for name in RESULTS}
    fetched = run.folder / "fetched" / f"{job}.pt.mp4"
    assert fetched.read_bytes() == (run.folder / "results" / "talk.pt.mp4").read_bytes()


def _upload(bucket: str, endpoint: str, key: str, file: Path) -> None:
    settings = settings_from({"AWS_S3_BUCKET": bucket, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "ap-northeast-2"})
    open_archive(settings).put_file(key, file)


def test_export_refuses_a_corrupt_object(run: CommandLine):
    video = run.folder / "home" / "objects" / run.keys.request.result_key
    content = video.read_bytes()
    video.unlink()
    video.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    shutil.rmtree(run.folder / "cache")
    error = run("export", run.job, "--out", "fetched", fails=True)
    assert len(error.splitlines()) == 1
    assert not (run.folder / "fetched").exists()


def test_export_of_a_job_without_results_names_the_status_command(run: CommandLine):
    run.archive.store.delete([run.keys.manifest("metadata")])
    error = run("export", run.job, "--out", "fetched", fails=True)
    assert f"has no results yet: `dub-assets status {run.job}`" in error


def test_export_refuses_to_replace_a_file_of_the_user(run: CommandLine):
    (run.folder / "talk.pt.json").write_text("mine", encoding="utf-8")
    assert "talk.pt.json exists" in run("export", run.job, "--out", ".", fails=True)
    assert (run.folder / "talk.pt.json").read_text(encoding="utf-8") == "mine"


def test_report_updates_the_page_of_the_dub(run: CommandLine):
    page = run.folder / "results" / "talk.pt.html"
    page.unlink()
    assert run("report", run.job, "--quiet") == f"{Path('results') / page.name}\n"
    assert page.exists()
