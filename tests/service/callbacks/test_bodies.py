import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.callback_schema import FAILING_STAGES, ROWS, consumer_fault
from support.finished_job import REQUEST, final_video, products, quality

from dub_assets.service.callbacks.addresses import callback_url
from dub_assets.service.callbacks.bodies import (
    SpokenSegment,
    completed,
    dub_failed,
    message_refused,
    progress,
    segment_mix_completed,
    segment_mix_failed,
    segment_mix_started,
    segment_tts_completed,
    segment_tts_failed,
    segment_tts_started,
)
from dub_assets.service.callbacks.values import (
    STAGES,
    Callback,
    Failure,
    ProgressStage,
    Stage,
    Subject,
    readable_line,
    webhook_id,
)
from dub_assets.service.segment_request import SegmentMixKeys
from dub_assets.stages.metadata.document import metadata_document
from dub_assets.stages.segment_mixes.values import Gains

GOLDEN = Path(__file__).parents[2] / "golden"
JOB = Subject.of(REQUEST)
EXTERNAL = Subject(job_id="edit-7")
IN_PROJECT = Subject(job_id="edit-7", project_id="p1")
PROGRESS_STAGES = get_args(ProgressStage)
BROKEN = Failure(error="x", error_code="internal")
PREFIX = "projects/p1/interim/job.1/segments"
MIXED = SegmentMixKeys(
    index=3,
    bgm_key=f"{PREFIX}/0003_bgm.wav",
    tts_key=f"{PREFIX}/0003_tts.wav",
    mix_key=f"{PREFIX}/0003_mix.wav",
    gains=Gains(background=0.35, speech=0.0),
)
SPOKEN = SpokenSegment(index=3, text="다시 말해 주세요", tts_key=MIXED.tts_key, mix_key=MIXED.mix_key, tts_gain_db=-1.5)


def done() -> Callback:
    return completed(REQUEST, metadata_document(REQUEST, products(), final_video(), quality()))


CALLBACKS = {
    **{stage: progress(JOB, stage) for stage in PROGRESS_STAGES},
    "completed": done(),
    "failed": dub_failed(
        JOB, Failure(error="no sound track: give a video with sound", error_code="unsupported_media"), step="stems"
    ),
    "segment_mix_started": segment_mix_started(EXTERNAL, count=2),
    "segment_mix_completed": segment_mix_completed(IN_PROJECT, [MIXED]),
    "segment_mix_completed_with_video": segment_mix_completed(IN_PROJECT, [MIXED], result_key=REQUEST.result_key),
    "segment_mix_failed": segment_mix_failed(
        EXTERNAL, Failure(error="no object", error_code="storage"), indices=[3, 10]
    ),
    "segment_tts_started": segment_tts_started(JOB, index=3),
    "segment_tts_completed": segment_tts_completed(JOB, SPOKEN),
    "segment_tts_failed": segment_tts_failed(
        JOB, Failure(error="no voice speaks this", error_code="unsupported_language"), index=3
    ),
    "message_refused": message_refused(
        EXTERNAL, Failure(error="segments is missing", error_code="invalid_message"), task="segment_mix"
    ),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_body_is_as_agreed(name: str):
    golden = (GOLDEN / f"callback_{name}.json").read_text(encoding="utf-8")
    body = json.loads(CALLBACKS[name].encoded())
    assert json.dumps(body, ensure_ascii=False, indent=2) + "\n" == golden


def test_every_golden_body_is_built():
    assert {path.name for path in GOLDEN.glob("callback_*.json")} == {f"callback_{name}.json" for name in CALLBACKS}


@pytest.mark.parametrize("name", CALLBACKS)
def test_the_consumer_accepts_every_body(name: str):
    assert consumer_fault(CALLBACKS[name].encoded()) is None


def test_the_stages_are_those_that_the_consumer_knows():
    assert set(get_args(Stage)) == {*ROWS, "failed"} == {*STAGES, "failed"}
    assert {callback.stage for callback in CALLBACKS.values()} == set(get_args(Stage))


def test_progress_comes_in_the_contracts_order_and_never_falls():
    assert list(PROGRESS_STAGES) == list(ROWS)[:6]
    percentages = [CALLBACKS[stage].body["metadata"]["progress"] for stage in [*PROGRESS_STAGES, "completed"]]
    assert percentages == sorted(percentages)
    assert (percentages[0], percentages[-1]) == (5, 100)


@pytest.mark.parametrize("task", ["segment_mix", "segment_tts"])
def test_a_segment_task_goes_from_nothing_to_done(task: str):
    bodies = [CALLBACKS[f"{task}_{moment}"].body for moment in ("started", "completed", "failed")]
    assert [body["metadata"].get("progress") for body in bodies] == [0, 100, None]


@pytest.mark.parametrize(
    ("step", "stage_id"),
    [
        (None, "asr"),
        ("stems", "asr"),
        ("transcript", "asr"),
        ("translation", "mt"),
        ("tts_segments", "tts"),
        ("segment_mixes", "mux"),
        ("final_video", "mux"),
        ("quality", "mux"),
        ("quality_checks", "mux"),
        ("metadata", "mux"),
        ("report", "mux"),
    ],
)
def test_a_failure_names_the_stage_of_the_asset_that_failed(step: str | None, stage_id: str):
    assert dub_failed(JOB, BROKEN, step=step).body["stage_id"] == stage_id
    assert stage_id in FAILING_STAGES


@pytest.mark.parametrize(
    ("task", "stage_id"),
    [(None, "asr"), ("full_pipeline", "asr"), ("segment_mix",) * 2, ("segment_tts",) * 2],
)
def test_a_refused_message_fails_in_the_first_stage_of_its_task(task: str | None, stage_id: str):
    callback = message_refused(EXTERNAL, BROKEN, task=task)
    assert callback.body["stage_id"] == stage_id
    assert consumer_fault(callback.encoded()) is None


def test_keys_without_a_value_are_absent():
    body = segment_mix_started(EXTERNAL, count=2).body
    assert set(body) == {"status", "stage_id", "stage_status", "metadata"}
    assert set(body["metadata"]) == {"stage", "job_id", "progress", "count"}


def test_silence_has_no_gain_in_decibels():
    silent = SpokenSegment(index=3, text="x", tts_key="t", mix_key="m", tts_gain_db=float("-inf"))
    callback = segment_tts_completed(JOB, silent)
    assert "tts_gain_db" not in callback.body["metadata"]["segment"]
    assert consumer_fault(callback.encoded()) is None


def test_the_last_callback_has_the_documents_segments():
    segments = metadata_document(REQUEST, products(), final_video(), quality())["segments"]
    assert done().body["metadata"]["segments"] == segments
    assert done().body["metadata"]["source_lang"] == "ko"


def test_bytes_are_compact_utf8_and_the_same_each_time():
    assert done().encoded() == done().encoded()
    assert "안녕하세요".encode() in done().encoded()
    assert b": " not in progress(JOB, "downloaded").encoded()


ANY_TEXT = st.characters(exclude_categories=())


@given(st.text(ANY_TEXT, max_size=40), st.text(ANY_TEXT, max_size=600))
@example("a lone surrogate: \ud800", "\udfff")
def test_every_text_can_be_sent(text: str, error: str):
    spoken = SpokenSegment(index=3, text=text, tts_key="t", mix_key="m", tts_gain_db=0.0)
    assert consumer_fault(segment_tts_completed(JOB, spoken).encoded()) is None
    assert consumer_fault(dub_failed(JOB, Failure(error=error, error_code="internal"), step=None).encoded()) is None


def test_an_error_is_one_line_of_limited_length():
    assert readable_line("no such\n  object:\tx\x1b[0m\u2028y") == "no such object: x [0m y"
    assert len(readable_line("ab " * 1000)) <= 500
    assert readable_line("ab " * 1000).endswith("…")
    assert readable_line(" \n") != ""


def test_an_id_is_stable_unique_and_without_a_full_stop():
    assert webhook_id("run", 1) == webhook_id("run", 1) == "msg_a7becdaa54de6754a29bee6d0caa327d"
    assert len({webhook_id(origin, number) for origin in ("a", "b", "a.b") for number in range(7)}) == 21
    assert re.fullmatch(r"msg_[0-9a-f]{32}", webhook_id("job.with.dots", 12))


def test_fills_the_job_id_into_the_url():
    assert callback_url("https://a.example/{job_id}/x?j={job_id}", "job.1") == "https://a.example/job.1/x?j=job.1"
    assert callback_url("https://a.example/{job_id}", "../x?y#z") == "https://a.example/..%2Fx%3Fy%23z"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"status": "finished"}, "status"),
        ({"stage_id": 3}, "stage_id"),
        ({"error": None}, "error"),
        ({"result_key": ""}, "result_key"),
        ({"stage_status": "processing"}, "does not go with"),
        ({"metadata": {"stage": "dancing", "job_id": "j"}}, "unknown"),
        ({"metadata": {"stage": "completed", "job_id": "j", "project_id": "p"}}, "segments"),
    ],
)
def test_the_consumer_refuses_unknown_values(change: dict, fault: str):
    body = json.dumps({**done().body, **change}).encode()
    assert fault in (consumer_fault(body) or "")


def test_the_consumer_refuses_what_is_no_json():
    assert consumer_fault(b"{")
    assert consumer_fault(b"[]")
