from __future__ import annotations

import json

import pytest

from dub_assets.core.errors import InputError
from dub_assets.core.text import Term
from dub_assets.service.queue.glossary import read_glossary


def test_reads_terms_and_do_not_translate(tmp_path):
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
def test_an_invalid_glossary_is_an_error(tmp_path, content, message):
    path = tmp_path / "glossary.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_glossary(path)


def test_a_missing_glossary_is_an_error(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        read_glossary(tmp_path / "none.json")
