"""ONNX's messages, read and written through protobuf: the few fields that rewriting a graph takes.

From onnx.proto, IR version 9; protobuf carries every other field along unread.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from dub_assets.engines.shared.protobuf_messages import message_classes

FLOAT, UINT8, INT8, INT64 = 1, 2, 3, 7
_INT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 7

_SCHEMA = {
    "Attribute": {"name": (1, "string"), "i": (3, "int64"), "ints": (8, "int64*"), "type": (20, "int32")},
    "Node": {
        "input": (1, "string*"),
        "output": (2, "string*"),
        "name": (3, "string"),
        "op_type": (4, "string"),
        "attribute": (5, "Attribute*"),
        "domain": (7, "string"),
    },
    "Tensor": {
        "dims": (1, "int64*"),
        "data_type": (2, "int32"),
        "float_data": (4, "float*"),
        "int32_data": (5, "int32*"),
        "int64_data": (7, "int64*"),
        "name": (8, "string"),
        "raw_data": (9, "bytes"),
    },
    "Value": {"name": (1, "string")},
    "Graph": {
        "node": (1, "Node*"),
        "name": (2, "string"),
        "initializer": (5, "Tensor*"),
        "output": (12, "Value*"),
    },
    "Opset": {"version": (2, "int64")},
    "Model": {"ir_version": (1, "int64"), "graph": (7, "Graph"), "opset_import": (8, "Opset*")},
}


def parsed(model: bytes) -> Any:
    """The model of an ONNX file. Raises ValueError where it is none."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    message = message_class("Model")()
    try:
        message.ParseFromString(model)
    except DecodeError as error:
        raise ValueError("this is not an ONNX file") from error
    return message


def node_of(op_type: str, inputs: list[str], output: str, *, domain: str = "", **attributes: int | list[int]) -> Any:
    """A node with one output; an operator that is not ONNX's own has a domain."""
    node = message_class("Node")(op_type=op_type, name=output, input=inputs, output=[output], domain=domain)
    for name, value in attributes.items():
        if isinstance(value, int):
            node.attribute.add(name=name, i=value, type=_INT_ATTRIBUTE)
        else:
            node.attribute.add(name=name, ints=value, type=_INTS_ATTRIBUTE)
    return node


def keep(values: Any, kept: list[Any]) -> None:
    """Leave these in a repeated field, and nothing else."""
    copies = list(kept)
    del values[:]
    values.extend(copies)


@cache
def message_class(name: str) -> Any:
    """The class of a message: Model, Graph, Node, Tensor, Value or Attribute."""
    return _classes()[name]


@cache
def _classes() -> dict[str, Any]:
    return message_classes("onnx", _SCHEMA)
