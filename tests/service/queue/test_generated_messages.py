"""Ten thousand generated bodies: each is taken, or refused with a reason; nothing else ever happens."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_messages import DUB, MIX, SPOKEN, TTS

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import InputError, MessageRefusedError
from dub_assets.core.keys import KeyTemplates, job_record_key
from dub_assets.core.object_key import checked_key
from dub_assets.core.request import DubRequest, checked_id
from dub_assets.service.queue.message_models import DubRequests, Request
from dub_assets.service.queue.messages import parse
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest, segment_mix_keys, segment_tts_keys
from dub_assets.settings import JobDefaults

FULL = [
    DUB | {"target_lang": "pt", "source_lang": "auto", "output_key": "projects/p1/o", "metadata_key": "projects/p1/m"},
    DUB | {"target_lang": "pt", "target_langs": ["es", "klingon"], "output_key": "projects/p1/o"},
    MIX | {"segments": [{"index": 3, "bgm_key": "projects/p1/b", "assets": {"bgm_gain": 0.5}}, {"index": "4"}]},
    TTS | {"segment": SPOKEN, "rebuild_video": True},
]

ODD = [
    *("", " ", "\x00", "\ud800", "\u202e", "\uffff", "\u0663", "%", "{job_id}", "x" * 3000, '{"job_id": 1}'),
    *(
        "..",
        "../x",
        "/etc/passwd",
        "projects/",
        "projects/../x",
        "projects/p/interim/j/stems/x",
        "projects\\x",
        "projects/p2/x",
    ),
    *("pt", "auto", "klingon", "segment_mix", "segment_tts", "TTS_BGM_MIX", "full_pipeline"),
    *("http://x", "https://[::1", "http://u:p@x/", "file:///x", "7", "007", "-1", "1e3"),
    *(None, True, False, 0, -1, 3, 10, 11, 0.5, -0.0, 1.5, 1e308, -1e-320, 2**63, 10**30, 10**310),
    *(float("nan"), float("inf"), float("-inf"), [], {}, [[]], [{}], {"index": 1}, [None], {"": ""}),
]
"""Values that have broken readers of messages before."""

_EASY = settings(suppress_health_check=list(HealthCheck))


def values() -> st.SearchStrategy[Any]:
    texts = st.text(st.characters(), max_size=12)
    return st.one_of(st.sampled_from(ODD), st.integers(), st.floats(), texts, st.lists(st.integers(), max_size=3))


def json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
    names = st.sampled_from(["job_id", "task", "segments", "segment", "callback_url", "Message", "index", "assets"])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=4), inner, max_size=5),
        max_leaves=12,
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value of a message stands."""
    if path:
        yield path
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(part, (*path, name))


def replaced(message: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A message with the value at a place replaced."""
    changed = copy.deepcopy(message)
    part = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return changed


@st.composite
def near_messages(draw: st.DrawFn) -> str:
    """A good message with one to three values replaced."""
    message = draw(st.sampled_from(FULL))
    for _ in range(draw(st.integers(1, 3))):
        message = replaced(message, draw(st.sampled_from(list(places(message)))), draw(values()))
    return json.dumps(message)


@st.composite
def torn_messages(draw: st.DrawFn) -> bytes:
    """The bytes of a good message, in an envelope or not, with some cut out, doubled or replaced."""
    body = json.dumps(draw(st.sampled_from(FULL)))
    if draw(st.booleans()):
        body = json.dumps({"Type": "Notification", "Message": body})
    content = body.encode()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        content = (
            content[:start]
            + draw(st.sampled_from([b"", content[start:end] * 2]) | st.binary(max_size=4))
            + content[end:]
        )
    return content  # fmt: skip


def check(body: str | bytes) -> type:
    """Read a body; what is taken must be fit for use, what is refused must say why. The type of either is returned."""
    try:
        request = parse(body, defaults=JobDefaults(), templates=KeyTemplates())
    except MessageRefusedError as error:
        check_refusal(error)
        return MessageRefusedError
    assert checked_id("job_id", request.job_id) == request.job_id
    for key in keys_of(request):
        assert checked_key(key).startswith(f"projects/{request.project_id}/")
    return type(request)


def check_refusal(error: MessageRefusedError) -> None:
    assert error.reason
    assert error.reason.isprintable()
    assert len(error.reason) <= 500
    assert error.job_id is None or error.job_id.isprintable()
    assert error.callback_url is None or (error.job_id and error.callback_url.lower().startswith("http"))
    json.dumps([error.job_id, error.callback_url, error.project_id], ensure_ascii=False).encode()


def keys_of(request: Request) -> list[str]:
    """Every key that a request reads or writes, where all objects that it looks for are there."""
    checked_key(job_record_key(request.job_id))
    if isinstance(request, DubRequests):
        assert len({dub.job_id for dub in request.dubs}) == len(request.dubs) > 1
        return [key for dub in request.dubs for key in keys_of(dub)]
    if isinstance(request, DubRequest):
        return [request.input_key, request.result_key, request.metadata_key]
    with suppress(InputError):  # of keys that fit their fields, but not together
        if isinstance(request, SegmentTtsRequest):
            keys = segment_tts_keys(request, lambda _: True)
            return [*keys.source_keys, keys.bgm_key, keys.tts_key, keys.mix_key]
        mixes = segment_mix_keys(request, lambda _: True)
        return [key for mix in mixes for key in (mix.bgm_key, mix.tts_key, mix.mix_key)]
    return []


def test_every_odd_value_in_every_field_is_accepted_or_refused():
    bodies = [
        json.dumps(replaced(message, path, value)) for message in FULL for path in places(message) for value in ODD
    ]
    assert len(bodies) > 2500
    assert {check(body) for body in bodies} == {
        DubRequest,
        DubRequests,
        SegmentMixRequest,
        SegmentTtsRequest,
        MessageRefusedError,
    }


def test_every_accepted_message_can_be_stored():
    for message in FULL:
        request = parse(json.dumps(message), defaults=JobDefaults(), templates=KeyTemplates())
        assert decode(type(request), encode(request)) == request


@settings(_EASY, max_examples=3500)
@given(near_messages())
def test_messages_with_a_few_odd_values_are_accepted_or_refused(body):
    check(body)


@settings(_EASY, max_examples=2500)
@given(torn_messages())
def test_messages_with_corrupt_bytes_are_accepted_or_refused(content):
    check(content)


@settings(_EASY, max_examples=1000)
@given(json_values())
def test_any_json_is_accepted_or_refused(value):
    check(json.dumps(value))


@settings(_EASY, max_examples=500)
@given(st.text(st.characters(), max_size=60) | st.binary(max_size=60))
def test_anything_else_is_refused(body):
    assert check(body) is MessageRefusedError
