"""JSON Schemas of messages, callbacks and the metadata document, and the AsyncAPI document that refers to them.

The schemas keep to draft 07 of JSON Schema, which AsyncAPI uses by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dub_assets.service.queue.tasks import DEFAULT_TASK, TASKS
from dub_assets.service.schemas.callback_models import CALLBACKS
from dub_assets.service.schemas.document_models import MetadataDocument
from dub_assets.service.schemas.field_docs import field_docs, models_by_name

Json = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
CALLBACK_FILE = "callback.json"
DOCUMENT_FILE = "metadata_document.json"
ASYNCAPI_FILE = "asyncapi.json"

_HEADERS: Mapping[str, str] = {
    "webhook-id": "Identifies the callback; the same at every attempt.",
    "webhook-timestamp": "Time of the attempt, in seconds since 1970. Sent if `JOB_CALLBACK_SECRET` is set.",
    "webhook-signature": "`v1,` and the signature by the Standard Webhooks convention. Sent with the timestamp.",
}
_ATTRIBUTES = ("job_id", "project_id", "task")
_FIRST = (
    *("task", "status", "stage_id", "stage_status", "stage", "job_id", "project_id", "callback_url"),
    *("input_key", "segments", "segment", "index", "segment_index", "text"),
)
"""Fields that come first in their object, in this order."""
_ABSENT: Json = {
    "description": "Counts as absent.",
    "anyOf": [{"type": "null"}, {"type": "string", "pattern": r"^\s*$"}],
}


def message_file(task: str) -> str:
    """Return the file name of the schema of a task's messages."""
    return f"message.{task}.json"


def schema_files() -> dict[str, Json]:
    """Return every file of ``docs/schemas/`` by its name."""
    messages = {message_file(task): message_schema(task) for task in TASKS}
    return {
        **messages,
        CALLBACK_FILE: callback_schema(),
        DOCUMENT_FILE: schema_of(MetadataDocument),
        ASYNCAPI_FILE: asyncapi_document(),
    }


def message_schema(task: str) -> Json:
    """Return the schema of a task's messages; null and blank text count as absent in all optional fields."""
    schema = schema_of(TASKS[task].message)
    names = [task, *TASKS[task].aliases]
    schema["properties"]["task"] = {
        "type": "string",
        "pattern": rf"^\s*({'|'.join(map(_any_case, names))})\s*$",
        "description": f"The task: `{'` or `'.join(names)}`, in upper or lower case.",
        "examples": names,
    }
    if task == DEFAULT_TASK:
        schema["properties"]["task"]["default"] = task
    else:
        schema["required"] = ["task", *schema["required"]]
    for part in (schema, *schema.get("definitions", {}).values()):
        _allow_absent(part)
    schema["definitions"] = schema.get("definitions", {}) | {"Absent": _ABSENT}
    return schema


def callback_schema() -> Json:
    """Return the schema of callbacks: one of the definitions that ``CALLBACKS`` lists."""
    definitions: Json = {}
    for model in CALLBACKS:
        schema = schema_of(model)
        definitions |= schema.pop("definitions", {})
        definitions[model.__name__] = {key: value for key, value in schema.items() if key != "$schema"}
    return {
        "$schema": DIALECT,
        "title": "Callback",
        "description": "The body of a callback.",
        "anyOf": [{"$ref": f"#/definitions/{model.__name__}"} for model in CALLBACKS],
        "definitions": definitions,
    }


def schema_of(model: type[BaseModel]) -> Json:
    """Return the schema of a model: draft 07, without generated titles of fields."""
    schema = model.model_json_schema(ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs", {})
    models = models_by_name()
    for part, described in ((schema, model), *((definitions[name], models[name]) for name in definitions)):
        if fields := part.get("properties", {}):
            docs = field_docs(described)
            ordered = [*(name for name in _FIRST if name in fields), *(name for name in fields if name not in _FIRST)]
            part["properties"] = {name: {**_plain(fields[name]), "description": docs[name]} for name in ordered}
    return {"$schema": DIALECT, **schema, **({"definitions": definitions} if definitions else {})}


def asyncapi_document() -> Json:
    """Return the AsyncAPI 3 document of the service: messages in, callbacks out."""
    callbacks = {model.__name__: _callback_message(model) for model in CALLBACKS}
    messages = {task: _task_message(task) for task in TASKS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "dub_assets",
            "version": "1.0.0",
            "description": "Takes jobs from an SQS queue and reports their progress and results by HTTP callbacks.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "jobs": {
                "address": None,
                "title": "Queue of jobs",
                "description": "The SQS queue `JOB_QUEUE_URL`, standard or FIFO. Bodies may be wrapped by SNS.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            },
            "callbacks": {
                "address": None,
                "title": "Callbacks",
                "description": "The `callback_url` of the message. Any 2xx acknowledges a callback.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in callbacks},
            },
        },
        "operations": {
            "receiveJob": {
                "action": "receive",
                "channel": {"$ref": "#/channels/jobs"},
                "summary": "Receive a job.",
            },
            "sendCallback": {
                "action": "send",
                "channel": {"$ref": "#/channels/callbacks"},
                "summary": "Report the progress, the result or the failure of a job.",
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
        },
        "components": {"messages": messages | callbacks},
    }


def _task_message(task: str) -> Json:
    return {
        "name": task,
        "summary": TASKS[task].message.__doc__,
        "headers": {
            "type": "object",
            "description": "Message attributes. They repeat the body and are not needed.",
            "properties": {name: {"type": "string"} for name in _ATTRIBUTES},
        },
        "payload": {"$ref": f"./{message_file(task)}"},
    }


def _callback_message(model: type[BaseModel]) -> Json:
    headers = {name: {"type": "string", "description": text} for name, text in _HEADERS.items()}
    return {
        "name": model.__name__,
        "summary": model.__doc__,
        "headers": {"type": "object", "required": ["webhook-id"], "properties": headers},
        "payload": {"$ref": f"./{CALLBACK_FILE}#/definitions/{model.__name__}"},
    }


def _allow_absent(part: Json) -> None:
    """Accept null and blank text in the optional fields of an object, as the messages' reader does."""
    for name, field in part.get("properties", {}).items():
        if name not in part.get("required", ()):
            described = {key: field.pop(key) for key in ("description", "default", "examples") if key in field}
            alternatives = [value for value in field.get("anyOf", [field]) if value != {"type": "null"}]
            part["properties"][name] = {"anyOf": [*alternatives, {"$ref": "#/definitions/Absent"}], **described}


def _plain(field: Json) -> Json:
    """Drop the generated title, and defaults that only stand for an absent key."""
    absent = field.get("default") in (None, "", 0, [], {}) or isinstance(field.get("default"), dict)
    hidden = {"title", "default"} if absent and field.get("default") is not False else {"title"}
    return {key: value for key, value in field.items() if key not in hidden}


def _any_case(name: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in name)
