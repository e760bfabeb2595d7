"""Reads the docstrings below the fields of models, for their JSON Schemas.

pydantic can do so itself (``use_attribute_docstrings``), but whenever a class is defined: that costs each process that
imports the models a noticeable part of a second.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field of a model, those of its bases among them."""
    docs: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            docs |= dict(_docs_of(part))
    return docs


def models_by_name() -> dict[str, type[BaseModel]]:
    """Return the models of messages, callbacks and documents by the name of their class."""
    return {
        model.__name__: model for model in _subclasses(BaseModel) if model.__module__.startswith("dub_assets.service.")
    }


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for inner in model.__subclasses__():
        yield inner
        yield from _subclasses(inner)


def _docs_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    definition = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(f"{model.__name__} is not written as a class")
    for field, below in pairwise(definition.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield field.target.id, inspect.cleandoc(text)
