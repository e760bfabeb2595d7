"""The commands that change single segments of a finished job, and the list of jobs: fake engines, all else real."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.command_line import Line, make_video

from dub_assets.core.keys import job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.translation.values import Translation

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a video and all that dubbing it left: made once, copied by every test."""
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
    return Line(tmp_path, dubbed / "talk.mp4", monkeypatch)


def test_mix_changes_the_gain_that_is_given_and_leaves_the_other(line: Line):
    shown = line("mix", line.job, "1", "--bgm-gain", "0.2")
    mixes = line.manifest(SegmentMixes, "segment_mixes").segments
    assert [mix.edited for mix in mixes] == [GainChange(), GainChange(background=0.2)]
    assert "0001" in shown
    assert "0000" not in shown
    assert "0.2" in shown


def test_a_run_removes_what_killed_runs_of_its_job_left(line: Line):
    workspace = line.archive.workspace
    out = line.folder / "edited"
    out.mkdir()
    name = f".{'0' * 32}.partial.flac"
    left = [workspace.folder(f"{line.keys.root}/") / name, workspace.folder(line.keys.request.result_key) / name]
    left += [left[1].with_name(".render-ab12cd_9"), out / name]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if "render" in path.name else path.touch()
    line("mix", line.job, "1", "--bgm-gain", "0.2", "--rebuild", "--out", str(out))
    assert not any(path.exists() for path in left)


def test_mix_rebuilds_the_video_and_brings_it_to_a_folder(line: Line):
    out = line.folder / "edited"
    made = json.loads(
        line(
            "mix",
            line.job,
            "0",
            "1",
            "--bgm-gain",
            "0.2",
            "--tts-gain",
            "1.1",
            "--rebuild",
            "--out",
            str(out),
            "--json",
        )
    )
    assert [(row["segment"], row["bgm_gain"], row["tts_gain"]) for row in made["segments"]] == [
        ("0000", 0.2, 1.1),
        ("0001", 0.2, 1.1),
    ]
    assert {Path(path).name for path in made["files"].values()} == {
        "talk.pt.mp4",
        "talk.pt.srt",
        "talk.pt.vtt",
        "talk.en.srt",
        "talk.en.vtt",
        "talk.pt.json",
        "talk.pt.html",
    }
    document = json.loads((out / "talk.pt.json").read_text(encoding="utf-8"))
    assert [segment["dub"]["bgm_gain"] for segment in document["segments"]] == [0.2, 0.2]
    assert "gains by an editor" in (out / "talk.pt.html").read_text(encoding="utf-8")


def test_report_makes_the_page_and_says_where_it_is(line: Line):
    out = line.folder / "pages"
    line.archive.store.delete([line.keys.report, line.keys.manifest("report")])
    assert line("report", line.job, "--out", str(out), "--quiet") == f"{out / 'talk.pt.html'}\n"
    assert "pt Night." in (out / "talk.pt.html").read_text(encoding="utf-8")
    assert line.archive.store.head(line.keys.report) is not None


def test_report_of_a_job_without_a_video_says_what_to_do(line: Line):
    line.archive.store.delete([line.keys.manifest("final_video")])
    assert "has no video yet: run it to its end first" in line("report", line.job, fails=True)
    assert "there is no job 'unknown'" in line("report", "unknown", fails=True)


def test_say_speaks_a_new_text_that_later_runs_keep(line: Line):
    out = line.folder / "edited"
    line("say", line.job, "1", "Boa noite.", "--rebuild", "--out", str(out))
    assert "Boa noite." in (out / "talk.pt.srt").read_text(encoding="utf-8")
    line.dub("--quiet")
    texts = [spoken.text for spoken in line.manifest(Translation, "translation").lines]
    assert texts == ["pt Good.", "Boa noite."]
    assert "Boa noite." in (line.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_without_rebuild_the_video_stays(line: Line):
    before = line.archive.store.head(line.keys.request.result_key)
    line("say", line.job, "1", "Boa noite.", "--quiet")
    assert line.archive.store.head(line.keys.request.result_key) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("mix", "{job}", "9", "--tts-gain", "0.5"),
            "there is no segment 0009 in this job; its segments are 0000 to 0001",
        ),
        (("say", "{job}", "9", "Oi."), "there is no segment 0009 in this job; its segments are 0000 to 0001"),
        (("say", "{job}", "1", " "), "the text for segment 0001 is empty"),
        (("mix", "{job}", "1"), "nothing to change: give --bgm-gain, --tts-gain or --rebuild"),
        (("mix", "nothing", "1", "--rebuild"), "there is no job 'nothing'"),
        (("say", "../up", "1", "Oi."), "the job '../up' is not usable"),
    ],
)
def test_what_cannot_be_done_is_one_line(line: Line, arguments, told):
    said = line(*(argument.format(job=line.job) for argument in arguments), "--quiet", fails=True)
    assert told in said
    assert len(said.splitlines()) == 1
    assert line("jobs").splitlines()[1].split()[4:6] == ["dub_job", "success"], "no run was started"


def test_a_job_that_was_never_finished_cannot_be_edited(line: Line):
    line.archive.store.delete([line.keys.manifest("segment_mixes")])
    assert "has no mixes yet" in line("say", line.job, "1", "Oi.", fails=True)


def test_an_edit_and_the_list_of_jobs_report_the_issues_of_the_document(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHECK_LEFTOVER", "-60")  # every line has speech of the original left under it
    shown = json.loads(line("say", line.job, "1", "Boa noite.", "--rebuild", "--json"))
    document = json.loads(line.archive.store.get(line.keys.request.metadata_key))
    (row,) = shown["segments"]
    assert row["issues"] == document["segments"][1]["issues"] != []
    (job,) = json.loads(line("jobs", "--json"))["jobs"]
    assert job["flagged"] == sum(bool(segment["issues"]) for segment in document["segments"])


def test_jobs_shows_the_last_run_first_and_what_came_of_it(line: Line):
    other = line.archive.load(DubRequest, job_record_key(line.job))
    line.archive.save(job_record_key("a-job-of-the-queue"), other)
    line("say", line.job, "1", "Boa noite.", "--quiet")
    rows = line("jobs").splitlines()
    assert rows[0].split() == ["job", "languages", "last", "run", "status", "segments", "flagged", "when"]
    assert rows[1].split()[:7] == [line.job, "en", "to", "pt", "segment_tts_job", "success", "2"]
    assert rows[2].split()[:6] == ["a-job-of-the-queue", "en", "to", "pt", "none", "here"]
    assert "and 1 more" in line("jobs", "--last", "1")
