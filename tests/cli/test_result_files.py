"""The files of a dub: brought up to date by edits, exported from the store, and never written over a user's own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.command_line import Line, make_video

from dub_assets.cli.archive import open_archive
from dub_assets.settings import settings_from

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dubbed")
    make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        Line(folder, folder / "talk.mp4", patch).dub("--quiet", "--clips")
    return folder


@pytest.fixture
def line(dubbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    shutil.copytree(dubbed, tmp_path, dirs_exist_ok=True)
    for record in (tmp_path / "home" / "deliveries").iterdir():
        record.write_text(record.read_text().replace(str(dubbed), str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return Line(tmp_path, dubbed / "talk.mp4", monkeypatch)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


RESULTS = {"talk.pt.mp4", "talk.pt.srt", "talk.pt.vtt", "talk.en.srt", "talk.en.vtt", "talk.pt.json", "talk.pt.html"}


def test_a_rebuild_brings_the_files_of_the_dub_up_to_date(line: Line):
    results = line.folder / "results"
    made = json.loads(line("say", line.job, "0001", "Boa noite.", "--rebuild", "--json"))
    assert names(results) == RESULTS
    assert "Boa noite." in (results / "talk.pt.srt").read_text(encoding="utf-8")
    video = line.archive.store.head(line.keys.request.result_key)
    assert (results / "talk.pt.mp4").stat().st_size == video.size_bytes
    assert {Path(path).name for path in made["updated"]} == RESULTS
    line("mix", line.job, "1", "--bgm-gain", "0.2", "--rebuild", "--quiet")
    assert names(results) == RESULTS
    document = json.loads((results / "talk.pt.json").read_text(encoding="utf-8"))
    assert document["segments"][1]["dub"]["bgm_gain"] == 0.2


def test_a_rebuild_updates_every_folder_of_a_dub(line: Line):
    line.dub("--quiet", "--out", "second")
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--quiet")
    for folder in ("results", "second"):
        assert "Boa noite." in (line.folder / folder / "talk.pt.srt").read_text(encoding="utf-8")


def test_a_rebuild_with_out_leaves_the_files_of_the_dub_alone(line: Line):
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--quiet", "--out", "edited")
    assert names(line.folder / "edited") == RESULTS
    assert "pt Night." in (line.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_a_rebuild_keeps_a_file_that_was_changed_and_says_so(line: Line):
    mine = line.folder / "results" / "talk.pt.srt"
    mine.write_text("my own subtitles", encoding="utf-8")
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--quiet")
    assert mine.read_text(encoding="utf-8") == "my own subtitles"
    beside = line.folder / "results" / f"{line.job}.pt.srt"
    assert "Boa noite." in beside.read_text(encoding="utf-8")
    (note,) = line.notes.splitlines()
    assert f"{mine.name} was changed" in note
    assert beside.name in note
    line("say", line.job, "1", "Boa tarde.", "--rebuild", "--quiet")
    assert "Boa tarde." in beside.read_text(encoding="utf-8")


def test_a_rebuild_into_a_folder_that_is_gone_names_the_way_out(line: Line):
    shutil.rmtree(line.folder / "results")
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--quiet")
    (note,) = line.notes.splitlines()
    assert f"dub-assets export {line.job} --out DIR" in note
    assert not (line.folder / "results").exists()


def test_no_path_of_this_machine_is_in_the_store(line: Line):
    for item in line.archive.store.list("jobs/"):
        assert str(line.folder).encode() not in line.archive.store.get(item.key)


@pytest.mark.parametrize("name", ["talk.en.srt", "talk.pt.mp4", "talk.pt.html"])
def test_a_dub_refuses_to_replace_a_file_of_the_user_before_any_work(line: Line, name: str):
    folder = line.folder / "mine"
    folder.mkdir()
    (folder / name).write_text("mine", encoding="utf-8")
    runs = json.loads(line("jobs", "--json"))["jobs"][0]["last_run"]
    said = line.dub("--quiet", "--out", str(folder), fails=True)
    assert f"{folder / name} exists and was not written by job {line.job}" in said
    assert "--out" in said
    assert len(said.splitlines()) == 1
    assert names(folder) == {name}
    assert json.loads(line("jobs", "--json"))["jobs"][0]["last_run"] == runs


def test_a_dub_refuses_to_replace_the_files_of_another_video_of_the_same_name(line: Line):
    shutil.copy(line.video, line.folder / "talk.mov")
    said = line("dub", "talk.mov", "--from", "en", "--to", "pt", "--out", "results", "--quiet", fails=True)
    assert "talk.pt.mp4 exists and was not written by job talk-pt-" in said


def test_a_broken_link_of_the_user_is_in_the_way_too(line: Line):
    (line.folder / "mine").mkdir()
    (line.folder / "mine" / "talk.pt.mp4").symlink_to("nowhere")
    assert "talk.pt.mp4 exists" in line.dub("--out", "mine", fails=True)


def test_dubbing_again_replaces_its_own_files_also_without_a_record(line: Line):
    shutil.rmtree(line.folder / "home" / "deliveries")
    line.dub("--quiet")
    assert names(line.folder / "results") == RESULTS


def test_subtitles_of_a_language_that_was_detected_are_written_beside_a_users_own(line: Line):
    (line.folder / "other").mkdir()
    mine = line.folder / "other" / "talk.en.srt"
    mine.write_text("mine", encoding="utf-8")
    line.archive.store.delete([line.keys.manifest("metadata"), line.keys.manifest("final_video")])
    line("dub", line.video, "--from", "auto", "--to", "pt", "--out", "other", "--quiet")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (line.folder / "other" / f"{line.job}.en.srt").exists()
    assert "talk.en.srt" in line.notes


def test_export_fetches_the_results_and_their_clips(line: Line):
    shown = json.loads(line("export", line.job, "--out", "fetched", "--clips", "--json"))
    assert names(line.folder / "fetched") == {*RESULTS, "talk.pt.segments"}
    clips = names(line.folder / "fetched" / "talk.pt.segments")
    parts = {"source.wav", "bgm.wav", "tts.wav", "mix.wav", "video.mp4"}
    assert clips == {f"{segment}_{part}" for segment in ("0000", "0001") for part in parts}
    assert (shown["job_id"], shown["notes"]) == (line.job, [])
    assert shown["files"]["video"] == "fetched/talk.pt.mp4"
    assert shown["files"]["0001_mix"] == "fetched/talk.pt.segments/0001_mix.wav"
    video = line.archive.store.head(line.keys.request.result_key)
    assert (line.folder / "fetched" / "talk.pt.mp4").stat().st_size == video.size_bytes


def test_export_brings_the_dubs_files_up_to_date_after_a_rebuild_elsewhere(line: Line):
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--quiet", "--out", "elsewhere")
    printed = line("export", line.job).splitlines()
    assert {Path(path).name for path in printed} == RESULTS
    assert "Boa noite." in (line.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_export_from_a_bucket_on_a_machine_that_never_dubbed(line: Line, bucket, aws_endpoint, tmp_path, monkeypatch):
    for item in line.archive.store.list(""):
        file = tmp_path / "object"
        line.archive.store.download(item.key, file)
        _upload(bucket, aws_endpoint, item.key, file)
    for name, value in {"AWS_S3_BUCKET": bucket, "AWS_ENDPOINT_URL": aws_endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DUB_ASSETS_HOME", str(tmp_path / "laptop"))
    monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path / "laptop-cache"))
    monkeypatch.setenv("AWS_REGION", "ap-northeast-2")
    line("export", line.job, "--out", "fetched")
    job = line.job
    assert names(line.folder / "fetched") == {name.replace("talk.", f"{job}.", 1) for name in RESULTS}
    fetched = line.folder / "fetched" / f"{job}.pt.mp4"
    assert fetched.read_bytes() == (line.folder / "results" / "talk.pt.mp4").read_bytes()


def _upload(bucket: str, endpoint: str, key: str, file: Path) -> None:
    settings = settings_from({"AWS_S3_BUCKET": bucket, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "ap-northeast-2"})
    open_archive(settings).put_file(key, file)


def test_a_corrupt_object_is_not_exported(line: Line):
    video = line.folder / "home" / "objects" / line.keys.request.result_key
    content = video.read_bytes()
    video.unlink()
    video.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    shutil.rmtree(line.folder / "cache")
    said = line("export", line.job, "--out", "fetched", fails=True)
    assert len(said.splitlines()) == 1
    assert not (line.folder / "fetched").exists()


def test_export_of_a_job_without_results_says_what_to_do(line: Line):
    line.archive.store.delete([line.keys.manifest("metadata")])
    said = line("export", line.job, "--out", "fetched", fails=True)
    assert f"has no results yet: `dub-assets status {line.job}`" in said


def test_export_refuses_to_replace_a_file_of_the_user(line: Line):
    (line.folder / "talk.pt.json").write_text("mine", encoding="utf-8")
    assert "talk.pt.json exists" in line("export", line.job, "--out", ".", fails=True)
    assert (line.folder / "talk.pt.json").read_text(encoding="utf-8") == "mine"


def test_report_updates_the_page_of_the_dub(line: Line):
    page = line.folder / "results" / "talk.pt.html"
    page.unlink()
    assert line("report", line.job, "--quiet") == f"{Path('results') / page.name}\n"
    assert page.exists()
