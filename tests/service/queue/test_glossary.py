from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.errors import InputError
from dub_assets.core.text import Pronunciation, Term
from dub_assets.service.queue.glossary import read_glossary


def test_reads_terms_and_do_not_translate(tmp_path):
    path = tmp_path / "glossary.json"
    path.write_text(json.dumps({"glossary": {"sea": "oceano"}, "do_not_translate": ["Dagster"]}))
    assert read_glossary(path).terms() == (
        Term(source="sea", target="oceano"),
        Term(source="Dagster", target="Dagster"),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ('{"glossary": ["sea"]}', "glossary"),
        ('{"glossary": {"sea": ""}}', r"glossary\.sea"),
        ('{"glossary": {" ": "oceano"}}', "glossary"),
        ('{"do_not_translate": [7]}', r"do_not_translate\.0"),
        ('{"glosary": {"sea": "oceano"}}', "the key 'glosary' is unknown: did you mean 'glossary'"),
        ('{"note": "x"}', "the key 'note' is unknown: its keys are 'glossary', 'do_not_translate'"),
        ('{"glossary": {"sea": "oceano", "sea": "mar"}}', r"glossary\.sea is there twice"),
        ("[" * 100_000, "nested deeper"),
        ('["sea"]', "is not a JSON object"),
    ],
)
def test_an_invalid_glossary_is_an_error(tmp_path, content, message):
    path = tmp_path / "glossary.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_glossary(path)


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = tmp_path / "glossary.json"
    path.write_bytes(b'\xef\xbb\xbf{"glossary": {"sea": " oceano "}}')
    assert read_glossary(path).terms() == (Term(source="sea", target="oceano"),)


@pytest.mark.parametrize(
    "content", ['{"glossary": {"sea": "oceano"}}'.encode("utf-16"), b'{"glossary": {"caf\xe9": "x"}}']
)
def test_another_encoding_is_an_error(tmp_path, content):
    path = tmp_path / "glossary.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not UTF-8"):
        read_glossary(path)


def test_a_glossary_that_is_too_large_is_an_error(tmp_path):
    path = tmp_path / "glossary.json"
    path.write_bytes(b" " * (9 * 2**20))
    with pytest.raises(InputError, match="is larger than"):
        read_glossary(path)


def test_a_glossary_that_may_never_end_is_an_error(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe):
        with pytest.raises(InputError, match="it is no regular file"):
            read_glossary(path)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_content_is_terms_or_an_error(content):
    with TemporaryDirectory() as folder:
        path = Path(folder, "glossary.json")
        path.write_bytes(content)
        with suppress(InputError):
            assert all(term.source and term.target for term in read_glossary(path).terms())


phrases = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(str.strip)


@given(st.dictionaries(phrases.map(str.strip), phrases, max_size=5))
def test_any_terms_are_read_as_they_are_written(terms):
    with TemporaryDirectory() as folder:
        path = Path(folder, "glossary.json")
        path.write_text(json.dumps({"glossary": terms}), encoding="utf-8")
        assert read_glossary(path).terms() == tuple(
            Term(source=key, target=value.strip()) for key, value in terms.items()
        )


def test_a_missing_glossary_is_an_error(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        read_glossary(tmp_path / "none.json")


def test_pronunciations_are_those_of_a_language(tmp_path: Path):
    path = tmp_path / "glossary.json"
    path.write_text(
        '{"pronounce": {"english": {"Nguyen": "win", "GIF": "/ŋwiən/"}, "pt": {"Zoë": "zôi"}}}', encoding="utf-8"
    )
    glossary = read_glossary(path)
    assert glossary.pronunciations("en") == (
        Pronunciation(term="Nguyen", sound="win"),
        Pronunciation(term="GIF", sound="/ŋwiən/"),
    )
    assert [entry.ipa for entry in glossary.pronunciations("en")] == [None, "ŋwiən"]
    assert glossary.pronunciations("ko") == ()
    assert glossary.terms() == ()


@pytest.mark.parametrize("sound", ["/", "//", "123", "/ŋwIən/", "ŋwiən/", "/win", "/a/b/", "/한글/", "/d3f/"])
def test_a_pronunciation_that_is_neither_words_nor_ipa_is_refused(tmp_path: Path, sound: str):
    path = tmp_path / "glossary.json"
    path.write_text(json.dumps({"pronounce": {"en": {"GIF": sound}}}), encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be read: pronounce\.en\.GIF: Value error, .* is n"):
        read_glossary(path)
