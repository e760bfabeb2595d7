"""The commands that edit segments of a finished job: fake engines, all else real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import CommandLine

from dub_assets.core.keys import job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.translation.values import Translation

pytestmark = pytest.mark.media


def test_mix_changes_the_given_gain_only(run: CommandLine):
    shown = run("mix", run.job, "1", "--bgm-gain", "0.2")
    mixes = run.manifest(SegmentMixes, "segment_mixes").segments
    assert [mix.edited for mix in mixes] == [GainChange(), GainChange(background=0.2)]
    assert "0001" in shown
    assert "0000" not in shown
    assert "0.2" in shown


def test_a_run_removes_temporary_files_of_killed_runs(run: CommandLine):
    workspace = run.archive.workspace
    out = run.folder / "edited"
    out.mkdir()
    name = f".{'0' * 32}.partial.flac"
    left = [workspace.folder(f"{run.keys.root}/") / name, workspace.folder(run.keys.request.result_key) / name]
    left += [left[1].with_name(".render-ab12cd_9"), out / name]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if "render" in path.name else path.touch()
    run("mix", run.job, "1", "--bgm-gain", "0.2", "--rebuild", "--out", str(out))
    assert not any(path.exists() for path in left)


def test_mix_rebuilds_the_video_and_copies_it_to_a_folder(run: CommandLine):
    out = run.folder / "edited"
    summary = json.loads(
        run(
            "mix",
            run.job,
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
    assert [(row["segment"], row["bgm_gain"], row["tts_gain"]) for row in summary["segments"]] == [
        ("0000", 0.2, 1.1),
        ("0001", 0.2, 1.1),
    ]
    assert {Path(path).name for path in summary["files"].values()} == {
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


def test_report_makes_the_page_and_prints_its_path(run: CommandLine):
    out = run.folder / "pages"
    run.archive.store.delete([run.keys.report, run.keys.manifest("report")])
    assert run("report", run.job, "--out", str(out), "--quiet") == f"{out / 'talk.pt.html'}\n"
    assert "pt Night." in (out / "talk.pt.html").read_text(encoding="utf-8")
    assert run.archive.store.head(run.keys.report) is not None


def test_report_of_a_job_without_a_video_says_what_to_do(run: CommandLine):
    run.archive.store.delete([run.keys.manifest("final_video")])
    assert "has no video yet: run it to its end first" in run("report", run.job, fails=True)
    assert "there is no job 'unknown'" in run("report", "unknown", fails=True)


def test_later_runs_keep_the_text_of_say(run: CommandLine):
    out = run.folder / "edited"
    run("say", run.job, "1", "Boa noite.", "--rebuild", "--out", str(out))
    assert "Boa noite." in (out / "talk.pt.srt").read_text(encoding="utf-8")
    run.dub("--quiet")
    texts = [spoken.text for spoken in run.manifest(Translation, "translation").lines]
    assert texts == ["pt Good.", "Boa noite."]
    assert "Boa noite." in (run.folder / "results" / "talk.pt.srt").read_text(encoding="utf-8")


def test_without_rebuild_the_video_is_unchanged(run: CommandLine):
    before = run.archive.store.head(run.keys.request.result_key)
    run("say", run.job, "1", "Boa noite.", "--quiet")
    assert run.archive.store.head(run.keys.request.result_key) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
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
def test_an_impossible_edit_is_one_line_of_error(run: CommandLine, arguments, expected):
    error = run(*(argument.format(job=run.job) for argument in arguments), "--quiet", fails=True)
    assert expected in error
    assert len(error.splitlines()) == 1
    assert run("jobs").splitlines()[1].split()[4:6] == ["dub_job", "success"], "no run was started"


def test_a_job_that_stopped_after_its_translation_can_be_edited(run: CommandLine):
    stages = ("tts_segments", "segment_mixes", "final_video", "quality", "report", "metadata")
    run.archive.store.delete([run.keys.manifest(stage) for stage in stages])
    shown = json.loads(run("say", run.job, "1", "Boa noite.", "--rebuild", "--json"))
    assert [row["segment"] for row in shown["segments"]] == ["0001"]
    assert run.archive.store.head(run.keys.manifest("final_video")) is not None


def test_a_job_without_translation_cannot_be_edited(run: CommandLine):
    run.archive.store.delete([run.keys.manifest("translation")])
    assert "has no translation yet" in run("say", run.job, "1", "Oi.", fails=True)


def test_an_edit_and_the_list_of_jobs_report_the_issues_of_the_document(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CHECK_LEFTOVER", "-60")  # every line fails this check
    shown = json.loads(run("say", run.job, "1", "Boa noite.", "--rebuild", "--json"))
    document = json.loads(run.archive.store.get(run.keys.request.metadata_key))
    (row,) = shown["segments"]
    assert row["issues"] == document["segments"][1]["issues"] != []
    (job,) = json.loads(run("jobs", "--json"))["jobs"]
    assert job["flagged"] == sum(bool(segment["issues"]) for segment in document["segments"])


def test_jobs_shows_the_latest_run_first_with_its_status(run: CommandLine):
    other = run.archive.load(DubRequest, job_record_key(run.job))
    run.archive.save(job_record_key("a-job-of-the-queue"), other)
    run("say", run.job, "1", "Boa noite.", "--quiet")
    rows = run("jobs").splitlines()
    assert rows[0].split() == ["job", "languages", "last", "run", "status", "segments", "flagged", "when"]
    assert rows[1].split()[:7] == [run.job, "en", "to", "pt", "edit_segments_job", "success", "2"]
    assert rows[2].split()[:6] == ["a-job-of-the-queue", "en", "to", "pt", "none", "here"]
    assert "and 1 more" in run("jobs", "--last", "1")
