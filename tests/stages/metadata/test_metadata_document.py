"""The metadata document as the stage writes it."""

from __future__ import annotations

import json

from support.fakes import FakeEngines
from support.programmes import REQUEST


def test_the_document_has_every_key_of_the_contract(harness, engines):
    products = harness.run_stages(engines)
    metadata = harness.write_metadata(products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    assert (
        document
        | {
            "job_id": "job",
            "project_id": "project",
            "source_lang": "en",
            "target_lang": "pt",
            "input_key": REQUEST.input_key,
            "result_key": REQUEST.result_key,
            "segment_assets_prefix": REQUEST.segment_prefix,
        }
        == document
    )
    first = document["segments"][0]
    prefix = f"{REQUEST.segment_prefix}/0000"
    keys = {
        "source_key": f"{prefix}_source.wav",
        "bgm_key": f"{prefix}_bgm.wav",
        "tts_key": f"{prefix}_tts.wav",
        "mix_key": f"{prefix}_mix.wav",
        "video_key": f"{prefix}_video.mp4",
    }
    assert first["assets"] == keys
    expected = {
        "segment_id": "0",
        "seg_id": 0,
        "segment_text": "Good morning.",
        "seg_txt": "Good morning.",
        "translate_context": "pt Good morning.",
        "trans_txt": "pt Good morning.",
        "editor_id": None,
        "editor": None,
        "issues": [],
        "start_point": 1.0,
        "start": 1.0,
        "end_point": 3.0,
        "end": 3.0,
        "sub_length": 3.92,
        "sub_langth": 3.92,
        "length": 3.92,
        **keys,
    }
    assert first | expected == first
    assert document["engines"]["tts_segments"][0]["name"] == "fake-synthesiser"
    assert document["stages"]["stems"]["real_time_factor"] == 0.5
    assert metadata.segments_count == 2


def test_without_clips_the_document_has_only_speech_keys(harness, engines):
    harness = harness.without_clips()
    products = harness.run_stages(engines)
    metadata = harness.write_metadata(products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    first = document["segments"][0]
    assert set(first["assets"]) == {"tts_key"}
    assert first["mix_key"] is None


def test_without_speech_the_document_says_so(harness):
    products = harness.run_stages(FakeEngines(regions=[]))
    metadata = harness.write_metadata(products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    assert document["segments"] == []
    assert document["speech"].startswith("none")
