"""Renders the fields of a JSON Schema as Markdown tables: one for the schema, and one for each object inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

LEFT_TO_OTHER_PAGES = {"DocumentSegment": "[segment](metadata.md#a-segment)"}
"""Objects that have a page of their own, and the link to it."""

ABSENT = {"$ref": "#/definitions/Absent"}
"""What stands for an absent value in optional fields of messages."""


def tables_of(schema: Json) -> str:
    """Return a schema's table and those of the objects that it refers to, in the order of their first use."""
    definitions = schema.get("definitions", {})
    presence = "required" if "Absent" in definitions else "always"
    inner = [
        f"`{_shown(name)}`: {definitions[name]['description']}\n\n{_table(definitions[name], presence)}"
        for name in _used(schema, definitions)
    ]
    return "\n".join([_table(schema, presence), *inner])


def _table(schema: Json, presence: str) -> str:
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {_type(field)} | {'yes' if name in required else ''} | {_cell(field.get('description', ''))} |"
        for name, field in schema["properties"].items()
    ]
    return "\n".join([f"| key | type | {presence} | meaning |", "| --- | --- | --- | --- |", *rows, ""])


def _used(schema: Json, definitions: Json) -> list[str]:
    """Return the names of the objects that a schema refers to, directly or through others."""
    names: list[str] = []
    waiting = list(_references(schema["properties"]))
    while waiting:
        name = waiting.pop(0)
        if name not in names and name not in LEFT_TO_OTHER_PAGES and "properties" in definitions[name]:
            names.append(name)
            waiting.extend(_references(definitions[name]["properties"]))
    return names


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rsplit("/", 1)[1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _type(field: Json) -> str:
    """Return a field's type as the reader of a table expects it."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return LEFT_TO_OTHER_PAGES.get(name, f"`{_shown(name)}`")
    if "anyOf" in field:
        types = dict.fromkeys(_type(alternative) for alternative in field["anyOf"] if alternative != ABSENT)
        return " or ".join(types)
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if field.get("type") == "object":
        return f"map of {_type(_values(field))}"
    return str(field.get("type", "any"))


def _values(field: Json) -> Json:
    patterns = field.get("patternProperties", {})
    return next(iter(patterns.values())) if patterns else field.get("additionalProperties", {})


def _shown(name: str) -> str:
    """Return the name of an object in a table: the model's, in lower case with spaces."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
