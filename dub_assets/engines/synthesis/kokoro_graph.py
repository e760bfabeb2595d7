"""Kokoro's ONNX graph, rewritten on loading: the same samples in half the time, and the length of each phoneme.

The packaged model is quantised to 8 bits. onnxruntime runs its ``ConvInteger`` nodes without the processor's
8-bit matrix instructions; written as ``Gather`` (the windows under the kernel) and ``MatMulInteger`` with signed
weights, the same integers come out of instructions that are several times faster. ``tests/models`` compares the
samples bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.synthesis.onnx_messages import INT8, INT64, UINT8, keep, message_class, node_of, parsed


class KokoroGraph:
    """A Kokoro model as packaged, to be taken in two forms: to speak, and to tell how long speaking would take."""

    def __init__(self, model: bytes, *, signed_products: bool) -> None:
        """Take ``signed_products_are_exact()`` for the last one: where they are not, convolutions stay as they are.

        Raises ValueError where this is no Kokoro model.
        """
        self._model = parsed(model)
        self._graph = self._model.graph
        self._constants = {tensor.name: tensor for tensor in self._graph.initializer}
        self._durations = self._find_durations()
        if signed_products:
            self._rewrite_convolutions()

    def speech(self) -> bytes:
        """The whole model: tokens, style and speed go in, samples come out."""
        return bytes(self._model.SerializeToString())

    def durations(self) -> bytes:
        """A fiftieth of the model, with the same inputs; out come frames of 25 ms for each token, float32 (1, n)."""
        reduced = message_class("Model")()
        reduced.CopyFrom(self._model)
        graph = reduced.graph
        makers = {output: node for node in graph.node for output in node.output}
        needed: set[str] = set()
        waiting = [self._durations]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += makers[name].input if name in makers else []
        keep(graph.node, [node for node in graph.node if needed.intersection(node.output)])
        keep(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])
        keep(graph.output, [message_class("Value")(name=self._durations)])
        return bytes(reduced.SerializeToString())

    def _find_durations(self) -> str:
        """The value that the model rounds to whole frames and clips to at least one."""
        rounded = [node.output[0] for node in self._graph.node if node.op_type == "Round"]
        clipped = [node.output[0] for node in self._graph.node if node.op_type == "Clip" and node.input[0] in rounded]
        if len(clipped) != 1:
            raise ValueError("this is not the graph of a Kokoro model")
        return str(clipped[0])

    def _rewrite_convolutions(self) -> None:
        nodes: list[Any] = []
        for node in self._graph.node:
            nodes += self._as_matrix_product(node) if node.op_type == "ConvInteger" else [node]
        keep(self._graph.node, nodes)
        used = {name for node in nodes for name in node.input}
        kept = [tensor for tensor in self._constants.values() if tensor.name in used]
        keep(self._graph.initializer, kept)

    def _as_matrix_product(self, node: Any) -> list[Any]:
        """A convolution over (1, channels, frames) as windows (1, frames, kernel x channels) times a matrix."""
        options = {option.name: list(option.ints) or option.i for option in node.attribute}
        (stride,), (dilation,), pads = options["strides"], options["dilations"], options["pads"]
        if options["group"] != 1:
            return [node]
        sound, weight, sound_zero, weight_zero = node.input
        weights = _bytes_of(self._constants[weight])
        kernel, name = weights.shape[2], node.name
        matrix = (weights ^ 128).view(np.int8).transpose(2, 1, 0).reshape(-1, len(weights))
        matrix_zero = (_bytes_of(self._constants[weight_zero]) ^ 128).view(np.int8)

        def step(op_type: str, inputs: list[str], **attributes: int | list[int]) -> str:
            steps.append(node_of(op_type, inputs, f"{name}/{len(steps)}_{op_type}", **attributes))
            return str(steps[-1].output[0])

        steps: list[Any] = []
        rows = step("Transpose", [sound], perm=[0, 2, 1])
        rows = step("Pad", [rows, self._constant([0, pads[0], 0, 0, pads[1], 0]), sound_zero])
        frames = step("Shape", [rows], start=1, end=2)
        end = step("Sub", [frames, self._constant([(kernel - 1) * dilation])])
        starts = step("Range", [self._constant([0]), end, self._constant([stride])])
        column = step("Unsqueeze", [starts, self._constant([1])])
        places = step("Add", [column, self._constant(range(0, kernel * dilation, dilation))])
        windows = step("Gather", [rows, places], axis=1)
        windows = step("Reshape", [windows, self._constant([0, 0, -1])])
        factors = [self._add(f"{weight}/matrix", matrix), sound_zero, self._add(f"{weight_zero}/signed", matrix_zero)]
        product = step("MatMulInteger", [windows, *factors])
        return [*steps, node_of("Transpose", [product], node.output[0], perm=[0, 2, 1])]

    def _constant(self, values: Iterable[int]) -> str:
        array = np.fromiter(values, np.int64)
        return self._add(f"int64/{','.join(map(str, array))}", array)

    def _add(self, name: str, array: NDArray[Any]) -> str:
        if name not in self._constants:
            kind = INT8 if array.dtype == np.int8 else INT64
            tensor = message_class("Tensor")(name=name, dims=array.shape, data_type=kind, raw_data=array.tobytes())
            self._constants[name] = tensor
        return name


def signed_products_are_exact() -> bool:
    """Whether this processor multiplies unsigned by signed bytes without overflow.

    x86-64 processors without VNNI add pairs of products in 16 bits, in onnxruntime's kernels as elsewhere.
    """
    import onnxruntime

    model = message_class("Model")(ir_version=9)
    model.opset_import.add(version=20)
    model.graph.name = "probe"
    for name, kind, value in (("a", UINT8, 255), ("b", INT8, 127)):
        model.graph.initializer.add(name=name, dims=[64, 64], data_type=kind, raw_data=bytes([value]) * 64 * 64)
    model.graph.node.append(node_of("MatMulInteger", ["a", "b"], "products"))
    model.graph.output.add(name="products")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return bool((session.run(None, {})[0] == 64 * 255 * 127).all())


def _bytes_of(tensor: Any) -> NDArray[np.uint8]:
    """An 8-bit tensor's values; ONNX keeps them as bytes or, where they are few, as a list of int32."""
    values = np.frombuffer(tensor.raw_data, np.uint8) if tensor.raw_data else np.array(tensor.int32_data, np.uint8)
    return values.reshape(tuple(tensor.dims))
