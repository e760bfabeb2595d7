"""The published schemas: up to date, complete, and true of what is sent."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator
from support.callback_schema import ROWS, consumer_fault
from support.finished_job import REQUEST, final_video, products, quality
from support.published_schemas import SCHEMAS, fault

from dub_assets.core.keys import KeyTemplates
from dub_assets.service.callbacks.values import Stage
from dub_assets.service.queue.messages import parse
from dub_assets.service.schemas.generate import schema_files
from dub_assets.settings import JobDefaults
from dub_assets.stages.metadata.document import metadata_document
from reference.generate import generated_files, with_tables

DOCS = SCHEMAS.parent
GOLDEN = DOCS.parent / "tests" / "golden"
ENGINES = {"synthesis": ["kokoro"]}
NAMES = {
    "messages.md": """task job_id project_id input_key callback_url target_lang source_lang output_key result_key
        metadata_key segments intermediate_prefix output_prefix index bgm_key tts_key mix_key assets bgm_gain tts_gain
        segment segment_index text segment_assets_prefix source_keys sub_length start_point end_point source_key""",
    "callbacks.md": """status stage_id stage_status project_id result_key error message metadata stage job_id
        target_lang segments_count segments metadata_key source_lang input_key segment_assets_prefix count index
        bgm_key tts_key output_key bgm_gain tts_gain segment_index segment segment_id translate_context mix_key
        tts_gain_db webhook-id webhook-timestamp webhook-signature""",
    "metadata.md": """job_id project_id segments target_lang source_lang input_key result_key segment_id segment_text
        translate_context score editor_id issues start_point end_point sub_length sub_langth seg_id seg_txt start end
        length editor trans_txt assets source_key bgm_key tts_key mix_key video_key""",
}
"""What the wire contract names, by the page that describes it."""


def examples(page: str) -> list[Any]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def task_of(message: dict[str, Any]) -> str:
    return {"tts_bgm_mix": "segment_mix"}.get(message["task"], message["task"])


def test_what_is_generated_is_as_the_models_have_it():
    stale = [path.name for path, text in generated_files().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run `make schemas`"
    assert {path.name for path in SCHEMAS.iterdir()} == set(schema_files())


def test_a_table_that_is_out_of_date_is_replaced():
    page = "<!-- fields: callback#MixStarted -->\n| `gone` |\n<!-- end -->\nrest"
    text = with_tables(page, schema_files())
    assert "`gone`" not in text
    assert "| `count` | integer | yes | Number of segments to mix. |" in text
    assert text.endswith("rest")


@pytest.mark.parametrize("page", NAMES)
def test_every_field_of_the_contract_is_described_with_its_type(page: str):
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|.*\| (\S[^|]*) \|$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert set(NAMES[page].split()) - {name for name, _, _ in rows} == set()


def test_every_field_has_a_description():
    for name, schema in schema_files().items():
        for part in (schema, *schema.get("definitions", {}).values()):
            silent = [field for field, content in part.get("properties", {}).items() if not content.get("description")]
            assert not silent, f"{name}: {part.get('title')}"


@pytest.mark.parametrize("message", examples("messages.md"), ids=lambda message: message["job_id"])
def test_the_messages_of_the_documents_are_taken(message: dict[str, Any]):
    assert fault(message, f"message.{task_of(message)}") is None
    request = parse(json.dumps(message), defaults=JobDefaults(), templates=KeyTemplates(), engines=ENGINES)
    assert request.job_id == message["job_id"]


@pytest.mark.parametrize("body", examples("callbacks.md"), ids=lambda body: body["metadata"]["stage"])
def test_the_callbacks_of_the_documents_are_those_of_the_contract(body: dict[str, Any]):
    assert consumer_fault(json.dumps(body).encode()) is None


def test_every_task_and_every_callback_has_an_example():
    tasks = {"full_pipeline", "segment_mix", "tts_bgm_mix", "segment_tts", "cancel"}
    assert {message["task"] for message in examples("messages.md")} == tasks
    stages = {stage for part in get_args(Stage) for stage in (get_args(part) or [part])}
    assert {body["metadata"]["stage"] for body in examples("callbacks.md")} == stages == {*ROWS, "failed"}


def test_the_segment_of_the_documents_is_a_real_one():
    [segment] = examples("metadata.md")
    made = metadata_document(REQUEST, products(), final_video(), quality())
    assert list(segment) == list(made["segments"][0])
    assert fault(made | {"segments": [segment]}, "metadata_document") is None


def test_a_document_fits_its_schema():
    made = metadata_document(REQUEST, products(), final_video(), quality())
    assert fault(made, "metadata_document") is None
    assert "seg_txt" in (fault(_without(made, "seg_txt"), "metadata_document") or "")
    assert "undocumented" in (fault(made | {"undocumented": 1}, "metadata_document") or "")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("callback_*.json")), ids=lambda path: path.stem)
def test_a_callback_fits_its_schema(path: Path):
    body = json.loads(path.read_text(encoding="utf-8"))
    assert fault(body, "callback") is None
    assert fault(body | {"undocumented": 1}, "callback")
    assert fault(body | {"status": "ready"}, "callback")


def test_the_schemas_refuse_what_the_service_refuses():
    [message, *_] = examples("messages.md")
    for broken in ({"job_id": "../x"}, {"job_id": True}, {"task": "sing"}, {"speakers": 0}, {"engines": {"tts": "x"}}):
        assert fault(message | broken, "message.full_pipeline"), broken
    assert fault({"job_id": "x"}, "message.full_pipeline")


def test_the_asyncapi_document_fits_its_specification():
    packed = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")  # of the npm package @asyncapi/specs, Apache-2.0
    specification = Draft7Validator(json.loads(gzip.decompress(packed.read_bytes())))
    content = json.loads((SCHEMAS / "asyncapi.json").read_text(encoding="utf-8"))
    assert [error.message for error in specification.iter_errors(content)] == []
    assert list(specification.iter_errors(content | {"channels": {"jobs": {"address": 1}}}))


def test_the_references_of_the_asyncapi_document_lead_somewhere():
    content = json.loads((SCHEMAS / "asyncapi.json").read_text(encoding="utf-8"))
    references = _references(content)
    assert len(references) > 20
    for reference in references:
        file, _, pointer = reference.partition("#")
        value = json.loads((SCHEMAS / file).read_text(encoding="utf-8")) if file else content
        for name in filter(None, pointer.split("/")):
            value = value[name]
        assert value


def _without(made: dict[str, Any], name: str) -> dict[str, Any]:
    first, *others = made["segments"]
    return made | {"segments": [{key: value for key, value in first.items() if key != name}, *others]}


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []
