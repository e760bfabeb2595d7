"""A writer of ONNX graphs: the few fields of the format that a network of floats needs (onnx.proto, IR version 8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_IR_VERSION, _OPSET = 8, 17
_FLOAT, _INT64 = 1, 7
_INT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 7


class OnnxWriter:
    """A graph in the making: every step and constant gets a name, which later steps take."""

    def __init__(self, inputs: dict[str, tuple[int | str, ...]]) -> None:
        """Begin with the inputs' shapes; a dimension that is a name may be of any length."""
        self._inputs = inputs
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, values: NDArray[Any]) -> str:
        """A constant of float32 or int64."""
        name = f"constant{len(self._constants)}"
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        raw = np.ascontiguousarray(values, "<i8" if kind == _INT64 else "<f4").tobytes()
        dims = b"".join(_field(1, length) for length in values.shape)
        self._constants.append(dims + _field(2, kind) + _field(8, name) + _field(9, raw))
        return name

    def step(self, operator: str, *inputs: str, **attributes: int | list[int]) -> str:
        """A node with one output, whose name is returned."""
        name = f"{operator}{len(self._nodes)}"
        named = b"".join(_field(1, value) for value in inputs) + _field(2, name) + _field(4, operator)
        self._nodes.append(named + b"".join(_field(5, _attribute(*item)) for item in attributes.items()))
        return name

    def model(self, output: str) -> bytes:
        """The whole graph, with one output."""
        graph = b"".join(_field(1, node) for node in self._nodes) + _field(2, "graph")
        graph += b"".join(_field(5, constant) for constant in self._constants)
        graph += b"".join(_field(11, _value(name, shape)) for name, shape in self._inputs.items())
        graph += _field(12, _value(output, None))
        return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, _field(2, _OPSET))


def _value(name: str, shape: tuple[int | str, ...] | None) -> bytes:
    tensor = _field(1, _FLOAT)
    if shape is not None:
        dimensions = (_field(1, size) if isinstance(size, int) else _field(2, size) for size in shape)
        tensor += _field(2, b"".join(_field(1, dimension) for dimension in dimensions))
    return _field(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, _INT_ATTRIBUTE)
    return _field(1, name) + b"".join(_field(8, item) for item in value) + _field(20, _INTS_ATTRIBUTE)


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of protobuf's wire format: a varint, or bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
