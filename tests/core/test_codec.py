"""Values as JSON and back: equal values, equal bytes, and no value that its class does not declare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.codec import decode, encode, schema_of
from dub_assets.core.engine import EngineIdentity, WeightFile
from dub_assets.core.errors import ObjectCorruptError
from dub_assets.core.media import MediaInfo, MediaObject, Picture, SoundTrack
from dub_assets.core.provenance import Provenance, StageFigures
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    kind: Literal["circle"] = "circle"
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    kind: Literal["square"] = "square"
    side: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """One field of every kind."""

    SCHEMA_VERSION: ClassVar[int] = 3

    text: str
    whole: int
    number: float
    flag: bool
    choice: Literal["a", "b"]
    ratio: Fraction
    interval: Interval
    picture: Picture | None
    shape: Circle | Square
    media: tuple[MediaObject, ...]
    pair: tuple[str, int]
    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    by_name: Mapping[str, Interval]
    late: int | None = None


def number():
    return st.floats(allow_nan=False, allow_infinity=False)


def intervals():
    times = st.integers(0, 10**9)
    return st.tuples(times, times).map(lambda pair: Interval(start_ms=min(pair), end_ms=max(pair)))


def media():
    return st.builds(MediaObject, key=st.text(), size_bytes=st.integers(), sha256=st.text())


def pictures():
    return st.builds(Picture, frame_rate=st.fractions(), rotation_deg=st.sampled_from([0, 90, 180, 270]))


def everything():
    return st.builds(
        Everything,
        number=number(),
        ratio=st.fractions(),
        interval=intervals(),
        picture=st.none() | pictures(),
        shape=st.builds(Circle, kind=st.just("circle"), radius=number())
        | st.builds(Square, kind=st.just("square"), side=number()),
        media=st.lists(media()).map(tuple),
        by_name=st.dictionaries(st.text(), intervals()),
    )


def infos():
    return st.builds(MediaInfo, picture=st.none() | pictures(), tracks=st.lists(st.builds(SoundTrack)).map(tuple))


def provenances():
    figures = st.builds(
        StageFigures, wall_s=number(), cpu_s=number(), real_time_factor=number(), peak_memory_mib=number()
    )
    weights = st.lists(st.builds(WeightFile), max_size=2).map(tuple)
    engines = st.lists(st.builds(EngineIdentity, weights=weights), max_size=2).map(tuple)
    return st.builds(Provenance, engines=engines, figures=figures)


@given(st.one_of(everything(), infos(), provenances(), media()))
def test_every_value_comes_back_equal_and_of_the_same_class(value):
    restored = decode(type(value), encode(value))
    assert restored == value
    assert type(restored) is type(value)


@given(everything())
def test_equal_values_give_equal_bytes(value):
    twin = replace(
        value,
        names=frozenset(sorted(value.names, reverse=True)),
        by_name=dict(reversed(list(value.by_name.items()))),
    )
    assert twin == value
    assert encode(twin) == encode(value)


def example() -> Everything:
    return Everything(
        text="두 도시 — contos",
        whole=-3,
        number=0.1,
        flag=True,
        choice="b",
        ratio=Fraction(30000, 1001),
        interval=Interval(start_ms=1, end_ms=2),
        picture=None,
        shape=Square(side=2.0),
        media=(MediaObject(key="a", size_bytes=1, sha256="b"),),
        pair=("p", 1),
        names=frozenset("xyz"),
        pairs=frozenset({("en", "pt"), ("en", "es")}),
        by_name={"later": Interval(start_ms=3, end_ms=4), "early": Interval(start_ms=0, end_ms=1)},
    )


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode(example())) | fields).encode()


def test_the_bytes_do_not_depend_on_the_process(tmp_path):
    script = "import test_codec, sys; sys.stdout.buffer.write(test_codec.encode(test_codec.example()))"
    here = str(Path(__file__).parent)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([here, *sys.path])},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert outputs == {encode(example())}


def test_a_document_is_utf8_json_with_its_schema_first():
    text = encode(example()).decode()
    document = json.loads(text)
    assert next(iter(document.items())) == ("schema", "Everything/3")
    assert "두 도시 — contos" in text
    assert document["ratio"] == "30000/1001"
    assert document["pairs"] == [["en", "es"], ["en", "pt"]]
    assert list(document["by_name"]) == ["early", "later"]


def test_a_class_without_a_version_is_of_version_one():
    assert schema_of(Circle) == "Circle/1"
    assert schema_of(Everything) == "Everything/3"


def test_keys_of_a_newer_minor_version_are_ignored_and_defaults_fill_what_is_older():
    document = json.loads(changed(newer="x", interval={"start_ms": 1, "end_ms": 2, "newer": 5}))
    del document["late"]
    assert decode(Everything, json.dumps(document).encode()) == example()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schema": "Everything/2"}, "'Everything/2' where 'Everything/3' is read"),
        ({"schema": "Other/3"}, "'Other/3' where 'Everything/3' is read"),
        ({"schema": None}, "schema None"),
        ({"schema": ["Everything/3"]}, "schema"),
        ({"text": 5}, r"Everything/3\.text: Input should be a valid string"),
        ({"text": None}, r"3\.text[.:]"),
        ({"whole": "5"}, r"3\.whole[.:]"),
        ({"whole": 5.0}, r"3\.whole[.:]"),
        ({"whole": True}, r"3\.whole[.:]"),
        ({"number": "0.1"}, r"3\.number[.:]"),
        ({"number": True}, r"3\.number[.:]"),
        ({"flag": 1}, r"3\.flag[.:]"),
        ({"choice": "c"}, r"3\.choice[.:]"),
        ({"ratio": "1/0"}, r"3\.ratio[.:]"),
        ({"interval": {"start_ms": 1}}, r"3\.interval\.end_ms[.:]"),
        ({"interval": {"start_ms": 2, "end_ms": 1}}, r"3\.interval: .*not an interval"),
        ({"picture": {}}, r"3\.picture\.codec[.:]"),
        ({"shape": {"kind": "circle", "side": 1.0}}, r"3\.shape[.:]"),
        ({"media": [{"key": "a", "size_bytes": 1, "sha256": "b"}, {"key": 1}]}, r"3\.media\.1\.key[.:]"),
        ({"pair": ["p"]}, r"3\.pair\.1[.:]"),
        ({"pair": ["p", 1, 2]}, r"3\.pair[.:]"),
        ({"names": [1]}, r"3\.names\.0[.:]"),
        ({"by_name": {"k": 1}}, r"3\.by_name\.k[.:]"),
    ],
)
def test_a_document_that_is_not_what_its_class_declares_is_refused_by_the_name_of_the_field(fields, message):
    with pytest.raises(ObjectCorruptError, match=message) as caught:
        decode(Everything, changed(**fields))
    assert "\n" not in str(caught.value)


def test_a_missing_field_is_named():
    document = json.loads(encode(example()))
    del document["pair"]
    with pytest.raises(ObjectCorruptError, match=r"Everything/3\.pair: Field required"):
        decode(Everything, json.dumps(document).encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'"Everything/3"', b"null", b"\xff\xfe", encode(example())[:-40], b'{"schema": "Everything/3"'],
)
def test_content_that_is_no_document_is_refused(content):
    with pytest.raises(ObjectCorruptError, match=r"JSON|schema"):
        decode(Everything, content)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused_on_reading(text):
    content = encode(example()).replace(b'"number": 0.1', f'"number": {text}'.encode())
    assert text.encode() in content
    with pytest.raises(ObjectCorruptError, match="finite"):
        decode(Everything, content)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused_on_writing(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(replace(example(), number=value))


@pytest.mark.parametrize(
    "fields",
    [
        {"whole": 1.5},
        {"text": 5},
        {"choice": "c"},
        {"media": [MediaObject(key="a", size_bytes=1, sha256="b")]},
        {"picture": Path("a.png")},
        {"names": {"a"}},
        {"by_name": {1: Interval(start_ms=0, end_ms=1)}},
    ],
)
def test_a_value_that_is_not_what_its_class_declares_is_not_written(fields):
    with pytest.raises(TypeError):
        encode(replace(example(), **fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cat:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dog:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    pet: Cat | Dog
    others: Mapping[str, Cat | Dog] = field(default_factory=dict)


def test_a_union_that_would_be_read_as_another_class_is_not_written():
    assert decode(Owner, encode(Owner(pet=Cat(name="Tom")))) == Owner(pet=Cat(name="Tom"))
    with pytest.raises(TypeError, match="decoded as another value"):
        encode(Owner(pet=Dog(name="Rex")))


@dataclass(frozen=True, slots=True, kw_only=True)
class WithSchema:
    schema: str


@pytest.mark.parametrize("value", [WithSchema(schema="x"), {"a": 1}, (1, 2), "text", None, Circle])
def test_only_dataclasses_without_a_schema_of_their_own_are_documents(value):
    with pytest.raises(TypeError):
        encode(value)
