"""The generated files of ``docs/``: schemas, and pages with tables of fields between markers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dub_assets.core.errors import ERROR_CODES
from dub_assets.service.schemas.generate import schema_files
from dub_assets.stages.issues import issues_markdown
from dub_assets.stages.quality.checks import checks_markdown
from reference.tables import tables_of

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "docs" / "schemas"
PAGES = (ROOT / "docs" / "messages.md", ROOT / "docs" / "callbacks.md", ROOT / "docs" / "metadata.md")

_MARKED = re.compile(r"<!-- (fields|table): (\S+) -->\n.*?<!-- end -->", re.DOTALL)
_TABLES = {
    "issues": issues_markdown,
    "checks": checks_markdown,
    "error_codes": lambda: "\n".join(
        [
            "| `error_code` | meaning |",
            "| --- | --- |",
            *(f"| `{code}` | {text} |" for code, text in ERROR_CODES.items()),
        ]
    ),
}


def generated_files() -> dict[Path, str]:
    """Return the text that each generated file should have."""
    schemas = schema_files()
    files = {
        SCHEMAS / name: json.dumps(schema, ensure_ascii=False, indent=2) + "\n" for name, schema in schemas.items()
    }
    return files | {page: with_tables(page.read_text(encoding="utf-8"), schemas) for page in PAGES}


def with_tables(text: str, schemas: dict[str, Any]) -> str:
    """Return a page with the tables between its markers replaced.

    A marker ``fields`` names a file of ``docs/schemas/`` without its suffix, and after ``#`` a definition in it. A
    marker ``table`` names one of ``_TABLES``.
    """

    def replaced(match: re.Match[str]) -> str:
        kind, name = match.groups()
        table = tables_of(_schema(name, schemas)) if kind == "fields" else f"{_TABLES[name]()}\n"
        return f"<!-- {kind}: {name} -->\n\n{table}\n<!-- end -->"

    return _MARKED.sub(replaced, text)


def _schema(name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    file, _, definition = name.partition("#")
    schema: dict[str, Any] = schemas[f"{file}.json"]
    if not definition:
        return schema
    definitions: dict[str, Any] = schema["definitions"]
    return {**definitions[definition], "definitions": definitions}
