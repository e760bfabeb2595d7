"""The error codes: closed, complete and documented."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import dub_assets
from dub_assets.core import errors
from dub_assets.core.errors import ERROR_CODES, DubError, ErrorCode, MessageRefusedError, error_code_of

PACKAGE = Path(dub_assets.__file__).parent
TREE = [error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, DubError)]
CONTRACT = """invalid_message unsupported_media unsupported_language engine_unavailable storage quality_check cancelled
    infrastructure internal"""
WITHOUT_ERROR = {"cancelled", "quality_check"}
"""Codes of errors that Dagster raises: an interruption, and a blocking check that failed."""


def error_classes() -> dict[str, set[str]]:
    """Return the bases of every class of the package, by the name of the class and its file."""
    return {
        f"{path.relative_to(PACKAGE)}: {node.name}": {ast.unparse(base) for base in node.bases}
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }


def test_the_list_is_the_contracts():
    assert [*ERROR_CODES] == CONTRACT.split() == [*get_args(ErrorCode)]


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.__name__)
def test_every_error_has_a_documented_code_that_its_name_gives(error: type[DubError]):
    assert error.error_code in ERROR_CODES
    assert error_code_of(error.__name__) == error.error_code
    assert f" {error.__name__} " in errors.__doc__ or f"{error.__name__}\n" in errors.__doc__


def test_every_other_code_is_that_of_an_error():
    assert {error.error_code for error in TREE} == {*ERROR_CODES} - WITHOUT_ERROR


def test_no_error_of_a_run_is_defined_elsewhere():
    """A callback is built from the name of an error's class, so the class must be in ``core/errors.py``."""
    names = {error.__name__ for error in TREE}
    elsewhere = [name for name, bases in error_classes().items() if bases & names]
    assert {name for name in elsewhere if not name.startswith(("core/errors.py", "cli/"))} == set()
    assert any(name.startswith("cli/") for name in elsewhere)


@pytest.mark.parametrize("name", ["ValueError", "Failure", "ERROR_CODES", "Mapping", ""])
def test_any_other_error_is_internal(name: str):
    assert error_code_of(name) == "internal"


def test_a_refusal_may_have_another_code():
    assert MessageRefusedError("no").error_code == "invalid_message"
    assert MessageRefusedError("no", error_code="internal").error_code == "internal"
