"""Edits of segments through the assets: only what they touch is spoken again, and later runs keep them."""

from __future__ import annotations

import pytest
from support.segment_work import KEYS, Service, failure_of

from dub_assets.core.errors import InputError
from dub_assets.service.edits.edit_run import EDIT_JOB, Edit, edit_run
from dub_assets.service.edits.own_job import OwnJob
from dub_assets.stages.transcript.editing import SegmentEdit
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.media


def run(service: Service, **edit):
    """Run an edit and return the texts that were spoken for it."""
    known = len(service.engines.synthesiser("pt").spoken)
    planned = edit_run(OwnJob(keys=KEYS, archive=service.archive), Edit(**edit))
    result = service.run_assets(*planned.assets, job=EDIT_JOB, config=dict(planned.config))
    assert result.success, failure_of(result)
    return service.engines.synthesiser("pt").spoken[known:]


def lines(service: Service) -> list[tuple[int, str]]:
    tts = service.manifest(TtsSegments, "tts_segments")
    return [(line.index, line.speech.text) for line in tts.segments]


def test_merges_splits_and_inserts_and_a_full_run_keeps_it_all(dubbed: Service):
    assert run(dubbed, segment_edit=SegmentEdit(kind="merge", index=0)) == ["pt Good. pt Night."]
    split = SegmentEdit(kind="split", index=0, start_ms=1500)
    assert sorted(run(dubbed, segment_edit=split, texts={0: "Bom.", 3: "Noite."})) == ["Bom.", "Noite."]
    new = SegmentEdit(kind="insert", start_ms=3000, end_ms=3800, text="Something new.")
    assert run(dubbed, segment_edit=new, texts={4: "Algo novo."}) == ["Algo novo."]
    expected = [(0, "Bom."), (3, "Noite."), (4, "Algo novo."), (2, "pt Friends.")]
    assert lines(dubbed) == expected
    known = len(dubbed.engines.synthesiser("pt").spoken)
    result = dubbed.run_assets()
    assert result.success, failure_of(result)
    assert lines(dubbed) == expected
    assert dubbed.engines.synthesiser("pt").spoken[known:] == []
    transcript = dubbed.manifest(Transcript, "transcript")
    assert [segment.text for segment in transcript.segments] == ["Good.", "Night.", "Something new.", "Friends."]
    assert transcript.edits == 3


def test_a_deleted_segment_is_silent_and_all_others_stay(dubbed: Service):
    assert run(dubbed, segment_edit=SegmentEdit(kind="delete", index=1)) == []
    assert lines(dubbed) == [(0, "pt Good."), (2, "pt Friends.")]
    assert [line.index for line in dubbed.manifest(Translation, "translation").lines] == [0, 2]


def test_a_moved_segment_is_placed_there_with_its_text(dubbed: Service):
    run(dubbed, segment_edit=SegmentEdit(kind="move", index=1, start_ms=2500, end_ms=3500))
    line = dubbed.manifest(TtsSegments, "tts_segments").segments[1]
    assert (line.segment.start_ms, line.segment.end_ms, line.speech.text) == (2500, 3500, "pt Night.")
    assert line.placed.start_ms == 2500


def test_what_is_impossible_is_refused_before_a_run(dubbed: Service):
    job = OwnJob(keys=KEYS, archive=dubbed.archive)
    for edit, texts, reason in (
        (
            SegmentEdit(kind="insert", start_ms=3000, end_ms=3800, text="New."),
            {},
            "segment 0003 is missing",
        ),
        (SegmentEdit(kind="split", index=1, start_ms=2400), {}, "no words on both sides"),
        (SegmentEdit(kind="speaker", index=1, speaker="B"), {}, "speakers of this job are not known"),
        (SegmentEdit(kind="delete", index=7), {}, "there is no segment 0007"),
    ):
        with pytest.raises(InputError, match=reason):
            edit_run(job, Edit(segment_edit=edit, texts=texts))


def test_an_unknown_voice_is_named_with_the_known_ones(dubbed: Service):
    planned = edit_run(OwnJob(keys=KEYS, archive=dubbed.archive), Edit(voices={1: "bob"}))
    result = dubbed.run_assets(*planned.assets, job=EDIT_JOB, config=dict(planned.config))
    assert "there is no voice 'bob' for segment 0001; there are anna" in failure_of(result)
    assert dubbed.run_assets().success  # it was not stored
