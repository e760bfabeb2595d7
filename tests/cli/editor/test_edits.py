"""What the page may ask for: changes of segments as it has seen them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.long_job import save_long_job

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.cli.editor.edits import ConflictError, EditRequest, check_seen, plan
from dub_assets.cli.editor.history import History
from dub_assets.cli.editor.job_view import job_view
from dub_assets.core.errors import InputError
from dub_assets.core.text import MAX_TEXT_CHARACTERS
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.service.edits.review import change_review


@pytest.fixture
def job(tmp_path: Path) -> OwnJob:
    store = LocalObjectStore(tmp_path / "objects")
    archive = JobArchive(store, LocalWorkspace(tmp_path / "workspace", store))
    return OwnJob(keys=save_long_job(archive, "talk", segments=3), archive=archive)


def versions(job: OwnJob) -> dict[str, str]:
    return {row["name"]: row["version"] for row in job_view(job.keys, job.archive, 0.5)["segments"]}


def test_a_text_is_planned_as_a_run_of_that_segment(job: OwnJob):
    seen = versions(job)
    change = EditRequest.from_json({"texts": {"0001": " Bom  dia. "}, "seen": {"0001": seen["0001"]}})
    check_seen(job, change)
    planned = plan(job, change)
    assert planned.assets == ("translation", "tts_segments", "segment_mixes")
    assert planned.config["translation"]["texts"] == {"0001": "Bom dia."}


def test_the_second_of_two_editors_is_told_and_the_first_one_kept(job: OwnJob):
    seen = versions(job)
    change_review(job.archive, job.keys, notes={1: "mine"}, checked={}, by="anna")
    late = EditRequest.from_json({"notes": {"0001": "yours"}, "seen": {"0001": seen["0001"]}})
    with pytest.raises(ConflictError, match="segment 0001 was changed by someone else") as conflict:
        check_seen(job, late)
    assert conflict.value.segments == ["0001"]
    other = EditRequest.from_json({"notes": {"0002": "yours"}, "seen": {"0002": seen["0002"]}})
    check_seen(job, other)


def test_a_change_of_nothing_is_no_run(job: OwnJob):
    assert plan(job, EditRequest.from_json({})) is None


def test_undo_leads_past_restored_states(job: OwnJob):
    history = History(job.keys, job.archive)
    assert history.outline() == {"revision": None, "undo": None, "not_in_video": []}
    for note in ("one", "two"):
        change_review(job.archive, job.keys, notes={0: note}, checked={}, by="anna")
    assert history.outline()["undo"] == 2
    change_review(job.archive, job.keys, notes={0: "one"}, checked={}, by="anna")
    assert (history.outline()["revision"], history.outline()["undo"]) == (4, 1)
    change_review(job.archive, job.keys, notes={0: ""}, checked={}, by="anna")
    assert [change["what"] for change in history.compare(1, 3)] == ["note"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ([], "a JSON object"),
        ({"texts": []}, "texts of a change is an object"),
        ({"texts": {"0001": " "}, "seen": {"0001": "x"}}, "segment 0001 is empty"),
        ({"texts": {"0001": "x" * (MAX_TEXT_CHARACTERS + 1)}, "seen": {"0001": "x"}}, "characters"),
        ({"texts": {"one": "x"}}, "'one' is not a segment"),
        ({"texts": {"0001": "x"}}, "does not say which version"),
        ({"gains": {"0001": {"bgm_gain": "loud"}}, "seen": {"0001": "x"}}, "are numbers"),
        ({"gains": {"0001": {"bgm_gain": 11}}, "seen": {"0001": "x"}}, "bgm_gain is 11"),
        ({"restore": "1"}, "a revision is a number"),
        ({"segment_edit": {"kind": "explode", "segment": "0001"}}, "'explode' is no edit of a segment"),
        ({"segment_edit": {"kind": "split", "segment": "0001", "start_ms": "x"}}, "malformed"),
        ({"segment_edit": [1]}, "malformed"),
        ({"segment_edit": {"kind": "delete", "segment": "0001"}}, "does not say which version"),
    ],
)
def test_a_malformed_change_is_refused(change, reason: str):
    with pytest.raises(InputError, match=reason):
        EditRequest.from_json(change)
