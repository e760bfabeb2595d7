"""Kokoro's ONNX graph, rewritten on loading: the same speech in less than half the time, and phonemes' lengths.

The packaged model is quantised to 8 bits. onnxruntime runs its ``ConvInteger`` nodes without the processor's
8-bit matrix instructions; written as ``Gather`` (the windows under the kernel) and a product of matrices with signed
weights, the same integers come out of instructions that are several times faster. The generator is rewritten further
(``kokoro_frames.py``); what decides over lengths and pitch stays exact.
"""

from __future__ import annotations

from typing import Any

from dub_assets.engines.kokoro.frames import ChannelsLastRewriter
from dub_assets.engines.kokoro.layers import layers_of
from dub_assets.engines.kokoro.onnx_writer import OnnxWriter
from dub_assets.engines.shared.onnx_messages import INT8, UINT8, keep, message_class, node_of, parsed


class KokoroGraph:
    """A Kokoro model as packaged, to be taken in two forms: to speak, and to tell how long speaking would take."""

    def __init__(self, model: bytes, *, signed_products: bool) -> None:
        """Take ``signed_products_are_exact()`` for the last one: where they are not, convolutions stay as they are.

        Raises ValueError where this is no Kokoro model.
        """
        self._model = parsed(model)
        self._durations = self._find_durations()
        if signed_products:
            self._rewrite()

    def speech(self) -> bytes:
        """The whole model: tokens, style and speed go in, samples come out."""
        return bytes(self._model.SerializeToString())

    def durations(self) -> bytes:
        """A fiftieth of the model, with the same inputs; out come frames of 25 ms for each token, float32 (1, n)."""
        reduced = message_class("Model")()
        reduced.CopyFrom(self._model)
        keep(reduced.graph.output, [message_class("Value")(name=self._durations)])
        _prune(reduced.graph)
        return bytes(reduced.SerializeToString())

    def _find_durations(self) -> str:
        """The value that the model rounds to whole frames and clips to at least one."""
        nodes = self._model.graph.node
        rounded = [node.output[0] for node in nodes if node.op_type == "Round"]
        clipped = [node.output[0] for node in nodes if node.op_type == "Clip" and node.input[0] in rounded]
        if len(clipped) != 1:
            raise ValueError("this is not the graph of a Kokoro model")
        return str(clipped[0])

    def _rewrite(self) -> None:
        graph = self._model.graph
        writer = OnnxWriter(graph)
        frames = ChannelsLastRewriter(writer, layers_of(graph.node))
        for node in graph.node:
            frames.write(node)
        keep(graph.node, writer.nodes)
        keep(graph.initializer, writer.constants)
        _prune(graph)


def _prune(graph: Any) -> None:
    """Leave nodes and constants that the graph's outputs need."""
    needed = {output.name for output in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    keep(graph.node, nodes[::-1])
    keep(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])


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
