"""New nodes of an ONNX graph, and the constants that they take."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dub_assets.engines.shared.onnx_messages import FLOAT, INT8, INT64, message_class, node_of

_KINDS = {np.dtype(np.float32): FLOAT, np.dtype(np.int8): INT8, np.dtype(np.int64): INT64}


class OnnxWriter:
    """Writes the nodes of a graph anew, in order, beside the constants it has."""

    def __init__(self, graph: Any) -> None:
        self.nodes: list[Any] = []
        self._constants = {tensor.name: tensor for tensor in graph.initializer}

    @property
    def constants(self) -> list[Any]:
        """The graph's constants, and those added."""
        return list(self._constants.values())

    def step(
        self, op_type: str, inputs: Sequence[str], *, output: str = "", domain: str = "", **attributes: int | list[int]
    ) -> str:
        """Write a node with one output, and give the output's name."""
        output = output or f"{op_type}:{len(self.nodes)}"
        self.nodes.append(node_of(op_type, list(inputs), output, domain=domain, **attributes))
        return output

    def constant(self, values: ArrayLike) -> str:
        """The name of a constant: 8 bits, float32, or else int64; equal ones are one."""
        array = np.ascontiguousarray(values)
        if array.dtype not in _KINDS:
            array = array.astype(np.int64)
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        name = f"{array.dtype}:{'x'.join(map(str, np.shape(values)))}:{digest}"
        if name not in self._constants:
            self._constants[name] = message_class("Tensor")(
                name=name, dims=np.shape(values), data_type=_KINDS[array.dtype], raw_data=array.tobytes()
            )
        return name

    def is_constant(self, name: str) -> bool:
        """Whether a value is the same in every run."""
        return name in self._constants

    def value(self, name: str) -> NDArray[Any]:
        """A constant's values: 8-bit ones as they are stored, without sign; ONNX keeps few as a list of int32."""
        tensor = self._constants[name]
        kind = np.float32 if tensor.data_type == FLOAT else np.int64 if tensor.data_type == INT64 else np.uint8
        if tensor.raw_data:
            array = np.frombuffer(tensor.raw_data, kind)
        else:
            array = np.array([*tensor.float_data, *tensor.int32_data, *tensor.int64_data], kind)
        return array.reshape(tuple(tensor.dims))
