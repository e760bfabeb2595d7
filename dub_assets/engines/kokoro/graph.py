"""Kokoro's ONNX graph, rewritten once: the same speech in less than half the time, and the phonemes' lengths.

The packaged model is quantised to 8 bits. onnxruntime runs its ``ConvInteger`` nodes without the processor's 8-bit
matrix instructions. Written as ``Gather`` (the windows under the kernel) and a matrix product with signed weights, the
same integers come out several times faster. ``channels_last.py`` rewrites the generator further; the parts that decide
lengths and pitch stay exact.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.engines.kokoro.channels_last import ChannelsLastRewriter
from dub_assets.engines.kokoro.layers import layers_of
from dub_assets.engines.shared.onnx_graph import GraphWriter, read_model, replace_nodes

if TYPE_CHECKING:
    from onnx import ModelProto

VERSION = 2
"""Part of the name of the cached graphs. Raise it when the rewriter's result changes."""


class KokoroGraph:
    """A Kokoro model as packaged, to be written in two forms: one speaks, one predicts durations.

    Without ``signed_products`` its convolutions stay as they are. The first call raises ValueError if the file is not
    a Kokoro model.
    """

    def __init__(self, path: Path, *, signed_products: bool) -> None:
        self._path = path
        self._signed_products = signed_products

    def speech(self) -> bytes:
        """Return the whole model: tokens, style and speed in, samples out."""
        content: bytes = self._rewritten[0].SerializeToString()
        return content

    def durations(self) -> bytes:
        """Return a fiftieth of the model, with the same inputs.

        Its output is the length of each token in frames of 25 ms, float32 of shape (1, tokens).
        """
        from onnx import ModelProto, ValueInfoProto

        model, durations = self._rewritten
        reduced = ModelProto()
        reduced.CopyFrom(model)
        del reduced.graph.output[:]
        reduced.graph.output.append(ValueInfoProto(name=durations))
        replace_nodes(reduced.graph, list(reduced.graph.node), list(reduced.graph.initializer))
        content: bytes = reduced.SerializeToString()
        return content

    @cached_property
    def _rewritten(self) -> tuple[ModelProto, str]:
        """The model, and the name of the durations in it."""
        model = read_model(self._path)
        graph, durations = model.graph, _durations_in(model)
        if self._signed_products:
            writer = GraphWriter(graph.initializer)
            rewriter = ChannelsLastRewriter(writer, layers_of(graph.node))
            for node in graph.node:
                rewriter.write(node)
            replace_nodes(graph, writer.nodes, writer.constants)
        return model, durations


def _durations_in(model: ModelProto) -> str:
    """Return the value that the model rounds to whole frames and clips to at least one."""
    nodes = model.graph.node
    rounded = [node.output[0] for node in nodes if node.op_type == "Round"]
    clipped = [node.output[0] for node in nodes if node.op_type == "Clip" and node.input[0] in rounded]
    if len(clipped) != 1:
        raise ValueError("this is not the graph of a Kokoro model")
    return str(clipped[0])
