from __future__ import annotations

import json

import pytest

from dub_assets.core.errors import InputError
from dub_assets.core.text import Term
from dub_assets.service.queue.glossary import read_glossary


def test_a_file_has_terms_and_what_is_not_translated(tmp_path):
    path = tmp_path / "glossary.json"
    path.write_text(json.dumps({"glossary": {"sea": "oceano"}, "do_not_translate": ["Dagster"], "note": "x"}))
    assert read_glossary(path) == (Term(source="sea", target="oceano"), Term(source="Dagster", target="Dagster"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ('{"glossary": ["sea"]}', "glossary"),
        ('{"glossary": {"sea": ""}}', r"glossary\.sea"),
        ('{"do_not_translate": [7]}', r"do_not_translate\.0"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_fault(tmp_path, content, message):
    path = tmp_path / "glossary.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_glossary(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        read_glossary(tmp_path / "none.json")
