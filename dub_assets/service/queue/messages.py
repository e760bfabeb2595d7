"""Parses messages into requests, or refuses them with a reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from dub_assets.core.errors import (
    ConfigurationError,
    ErrorCode,
    InputError,
    MessageRefusedError,
    UnsupportedLanguageError,
)
from dub_assets.core.keys import KeyTemplates
from dub_assets.core.language import parse_language, parse_target_language
from dub_assets.core.request import DubRequest, checked_id
from dub_assets.service.callbacks.addresses import checked_callback_url
from dub_assets.service.callbacks.values import readable_line
from dub_assets.service.message_keys import PROJECT_PREFIX, KeyScope
from dub_assets.service.queue.message_json import Document, read_document
from dub_assets.service.queue.message_models import DubRequests, Message, Request
from dub_assets.service.queue.message_types import MessageRules
from dub_assets.service.queue.tasks import TASKS, find_task
from dub_assets.settings import JobDefaults

_FAULTS_SHOWN = 3
_MAX_ID_CHARACTERS = 256


def parse(
    body: str | bytes,
    *,
    defaults: JobDefaults,
    templates: KeyTemplates,
    allowed_prefixes: Sequence[str] = (PROJECT_PREFIX,),
    engines: Mapping[str, Collection[str]] = MappingProxyType({}),
    language_of: Callable[[str], str | None] = lambda _: None,
) -> Request:
    """Return the request that a message's body stands for.

    Args:
        body: The body of the message.
        defaults: The languages of messages that name none.
        templates: The templates of keys that messages do not name.
        allowed_prefixes: Templates of the beginnings of keys that messages may name, with ``{project_id}``. A
            message may also name the keys in the folder of its job's segments.
        engines: The engines that messages may name, by stage.
        language_of: Returns the target language of a job, None if there is no such job.

    Raises:
        MessageRefusedError: The body is no valid message.
        ConfigurationError: The defaults or templates cannot be used.
    """
    source_language = _default_language("JOB_SOURCE_LANG", defaults.source_language, auto=True)
    target_language = _default_language("JOB_TARGET_LANG", defaults.target_language)
    document, fault = read_document(body)
    try:
        if fault:
            raise InputError(fault)
        model = _model(document)
        rules = MessageRules(
            source_language=source_language,
            target_language=target_language,
            templates=templates,
            scope=_key_scope(document, model, templates, allowed_prefixes),
            engines=engines,
            language_of=language_of,
        )
        request = model.model_validate(document, context=rules).request(rules)
        if isinstance(request, DubRequest | DubRequests) or request.project_id:
            return request
        return replace(request, project_id=rules.scope.project_id)
    except ValidationError as error:
        raise _refusal(document, _reason(error), _error_code(error)) from error
    except InputError as error:
        raise _refusal(document, str(error), error.error_code) from error


def _default_language(variable: str, text: str, *, auto: bool = False) -> str:
    try:
        if auto:
            return "auto" if text == "auto" else parse_language(text)
        return parse_target_language(text)
    except UnsupportedLanguageError as error:
        raise ConfigurationError(f"{variable}={text!r} cannot be read: {error}") from error


def _model(document: Document) -> type[Message]:
    task = find_task(document.get("task"))
    if task is None:
        known = ", ".join([*TASKS, *(alias for task in TASKS.values() for alias in task.aliases)])
        raise InputError(f"task {repr(document['task'])[:80]} is unknown: it is one of {known}")
    return task.message


def _key_scope(document: Document, model: type[Message], templates: KeyTemplates, prefixes: Sequence[str]) -> KeyScope:
    """Return the keys that a message may name. An unusable project id is reported by the model, not here."""
    job_id, project_id = _usable_id(document.get("job_id")), _usable_id(model.named_project(document))
    own = f"{templates.fill(templates.segments, project_id='{project_id}', job_id=job_id)}/" if job_id else None
    own_prefixes = [own] if own and not own.startswith(tuple(prefixes)) else []
    return KeyScope([*prefixes, *own_prefixes], project_id)


def _usable_id(value: object) -> str | None:
    try:
        return checked_id("id", _readable_id(value) or "")
    except InputError:
        return None


def _reason(error: ValidationError) -> str:
    """Return what is wrong with a message, on one line."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    faults = [_fault(".".join(map(str, fault["loc"])), fault["type"], fault["msg"]) for fault in details]
    hidden = len(faults) - _FAULTS_SHOWN
    return "; ".join([*faults[:_FAULTS_SHOWN], *([f"and {hidden} more"] if hidden > 0 else [])])


def _fault(path: str, kind: str, message: str) -> str:
    if kind == "missing":
        return f"{path} is missing"
    return f"{path} {message}" if kind == "rule" else f"{path}: {message[0].lower()}{message[1:]}"


def _error_code(error: ValidationError) -> ErrorCode:
    """Return ``unsupported_language`` if only languages are wrong with a message, else ``invalid_message``."""
    codes = {fault.get("ctx", {}).get("error_code") for fault in error.errors(include_url=False, include_input=False)}
    return "unsupported_language" if codes == {"unsupported_language"} else "invalid_message"


def _refusal(document: Document, reason: str, error_code: ErrorCode) -> MessageRefusedError:
    """Return the refusal of a message, with what its sender needs to identify it."""
    job_id = _readable_id(document.get("job_id"))
    task = find_task(document.get("task")) if document else None
    segment = document.get("segment")
    project = document.get("project_id") or (segment.get("project_id") if isinstance(segment, dict) else None)
    return MessageRefusedError(
        readable_line(reason),
        job_id=job_id,
        callback_url=_readable_url(document.get("callback_url"), job_id),
        project_id=_readable_id(project),
        task=task.name if task else None,
        segments=_readable_segments(document),
        error_code=error_code,
    )


def _readable_id(value: object) -> str | None:
    """Return an id that is only shown to people, and may be unusable as a key."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text.isprintable() and 0 < len(text) <= _MAX_ID_CHARACTERS else None


def _readable_url(value: object, job_id: str | None) -> str | None:
    """Return the callback URL; None if it is invalid, or if the job's id would change its path."""
    if not isinstance(value, str) or job_id is None or not job_id.strip("."):
        return None
    try:
        return checked_callback_url(value, job_id)
    except InputError:
        return None  # the reason of the refusal says so, or an earlier fault


def _readable_segments(document: Document) -> tuple[int, ...]:
    segments: Any = document.get("segments")
    named = [part.get("index") for part in segments if isinstance(part, dict)] if isinstance(segments, list) else []
    segment = document.get("segment")
    named += [
        part["segment_index"] for part in (segment, document) if isinstance(part, dict) and "segment_index" in part
    ]
    texts = [str(index) for index in named if isinstance(index, str | int) and not isinstance(index, bool)]
    return tuple(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= 9)
