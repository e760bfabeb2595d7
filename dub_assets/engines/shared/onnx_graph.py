"""Building and rewriting ONNX graphs. The ``onnx`` package is imported only when a graph is built."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dub_assets.core.files import write_atomic

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto


_OPSET, _IR_VERSION = 17, 8


def cached_graph(path: Path, build: Callable[[], bytes]) -> Path:
    """Return the path of a graph, building and writing the graph if it is not there."""
    if not path.is_file():
        write_atomic(path, build())
    return path


def read_model(path: Path) -> ModelProto:
    """Return the model in a file. Raises ValueError if it is not an ONNX file."""
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        return onnx.load_model_from_string(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path.name} is not an ONNX file") from error


def replace_nodes(graph: GraphProto, nodes: Iterable[NodeProto], constants: Iterable[TensorProto]) -> None:
    """Give a graph other nodes and constants, leaving out those that its outputs do not need."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(list(nodes)):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    tensors = [tensor for tensor in constants if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept[::-1])
    graph.initializer.extend(tensors)


class GraphWriter:
    """Writes the nodes of a graph in order, and its constants; equal constants are stored once.

    >>> writer = GraphWriter()
    >>> doubled = writer.node("Mul", "sound", writer.constant(2.0))
    """

    def __init__(self, constants: Iterable[TensorProto] = ()) -> None:
        self.nodes: list[NodeProto] = []
        self._constants = {tensor.name: tensor for tensor in constants}

    @property
    def constants(self) -> list[TensorProto]:
        """The constants given at the start, and those added."""
        return list(self._constants.values())

    def node(self, op_type: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        from onnx import helper

        output = output or f"{op_type}:{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def constant(self, values: ArrayLike) -> str:
        """Return the name of a constant; numpy arrays keep their type, Python's integers become int64."""
        from onnx import numpy_helper

        array = np.asarray(values)
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        name = f"{array.dtype}:{'x'.join(map(str, array.shape))}:{digest}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def is_constant(self, name: str) -> bool:
        """Return whether a value is a constant."""
        return name in self._constants

    def value(self, name: str) -> NDArray[Any]:
        """Return a constant's values."""
        from onnx import numpy_helper

        array: NDArray[Any] = numpy_helper.to_array(self._constants[name])
        return array

    def model(
        self,
        output: str,
        *,
        inputs: Mapping[str, tuple[int | str, ...]] | None = None,
        output_type: DTypeLike = np.float32,
    ) -> bytes:
        """Return a model of the nodes with one output.

        ``inputs`` are the shapes of its float32 inputs by name; a dimension that is a word may have any length.
        """
        from onnx import TensorProto, helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(output_type))
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (inputs or {}).items()],
            [helper.make_tensor_value_info(output, kind, None)],
            self.constants,
        )
        opset = helper.make_opsetid("", _OPSET)
        content: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION).SerializeToString()
        return content
