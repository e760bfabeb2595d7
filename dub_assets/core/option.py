"""Declare an option: a dataclass field with its environment variable, help text and bounds."""

from __future__ import annotations

from typing import Any


def option(env: str, help_: str, minimum: float | None = None, maximum: float | None = None) -> dict[str, Any]:
    """Return the metadata of a dataclass field that the environment variable ``env`` sets."""
    return {"env": env, "help": help_, "minimum": minimum, "maximum": maximum}
