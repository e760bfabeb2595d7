"""``dub-assets segment`` and ``revisions``: edits of segments, notes, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.command_line import CommandLine, make_video

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("segments")
    video = make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run = CommandLine(folder, video, patch)
        run.dub("--quiet")
        yield run


def segments(run: CommandLine) -> list[tuple[str, str, str]]:
    rows = json.loads(run("segments", run.job, "--json"))["segments"]
    return [(row["segment"], row["text"], row["translation"]) for row in rows]


def revisions(run: CommandLine) -> list[dict]:
    return json.loads(run("revisions", run.job, "--json"))["revisions"]


def test_edits_segments_and_restores_every_revision(run: CommandLine):
    first = segments(run)
    assert run("revisions", run.job) == "the job was never edited\n"
    shown = json.loads(run("segment", "merge", run.job, "0", "--text", "Bom dia.", "--json"))
    assert [row["segment"] for row in shown["segments"]] == ["0000"]
    assert segments(run) == [("0000", "Good. Night.", "Bom dia.")]
    run("segment", "split", run.job, "0000", "--at", "1.5", "--text", "Boa.", "--text", "Noite.", "--quiet")
    assert segments(run) == [("0000", "Good.", "Boa."), ("0002", "Night.", "Noite.")]
    run("segment", "insert", run.job, "More.", "Mais.", "--start", "3", "--end", "3.9", "--quiet")
    run("segment", "move", run.job, "0003", "--start", "3.1", "--end", "3.9", "--quiet")
    run("segment", "note", run.job, "0003", "ask the author")
    run("segment", "check", run.job, "0003")
    run("segment", "delete", run.job, "0002", "--quiet")
    assert segments(run) == [("0000", "Good.", "Boa."), ("0003", "More.", "Mais.")]
    listed = revisions(run)
    assert [revision["revision"] for revision in listed] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert listed[0]["changes"] == [{"segment": "0002", "what": "deleted", "before": "Noite.", "after": None}]
    assert listed[2]["changes"] == [{"segment": "0003", "what": "note", "before": None, "after": "ask the author"}]
    assert "before the first edit" in run("revisions", run.job)
    compared = json.loads(run("revisions", run.job, "--compare", "1", "3", "--json"))["changes"]
    assert {change["what"] for change in compared} >= {"added", "deleted", "text"}
    restored = json.loads(run("revisions", run.job, "--restore", "1", "--json"))
    assert (restored["restored"], restored["revision"], restored["updated"]) == (1, 9, [])
    assert segments(run) == first
    assert run("revisions", run.job, "--compare", "1", "9") == "revisions 1 and 9 are the same\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["segment", "split", "JOB", "0", "--at", "0.5"], "segment 0000 has no words on both sides of 0.500 s"),
        (["segment", "split", "JOB", "0", "--at", "0.5", "--text", "x"], "two texts: give --text twice, or not at all"),
        (["segment", "merge", "JOB", "1"], "segment 0001 is the last one"),
        (["segment", "move", "JOB", "0", "--start", "0", "--end", "3"], "segments 0000 and 0001 would overlap"),
        (["segment", "delete", "JOB", "9"], "there is no segment 0009 in this job"),
        (["segment", "speaker", "JOB", "0", "B"], "the speakers of this job are not known"),
        (["segment", "voice", "JOB", "0", "bob"], "there is no voice 'bob'"),
        (["segment", "note", "JOB", "9", "x"], "there is no segment 0009"),
        (["revisions", "JOB", "--restore", "99"], "has no revision 99: its revisions are 1 to"),
        (["revisions", "JOB", "--compare", "1", "99"], "has no revision 99"),
        (["revisions", "JOB", "--compare", "1", "2", "--restore", "1"], "do not go together"),
    ],
)
def test_an_impossible_edit_is_one_line_and_changes_nothing(run: CommandLine, arguments: list[str], reason: str):
    run("segment", "check", run.job, "0")
    run("revisions", run.job, "--restore", "1", "--quiet")
    before = segments(run)
    command = [run.job if argument == "JOB" else argument for argument in arguments]
    message = run(*command, *(["--quiet"] if "voice" in command else []), fails=True)
    assert reason in message
    assert message.startswith("dub-assets: ")
    assert message.count("\n") == 1
    assert segments(run) == before
