"""A Piper voice's graph, rewritten so that the same text gives the same samples.

The voices draw their noise from ``RandomNormalLike``, whose state continues from call to call. The rewritten graph
takes its noise from a table of normal numbers in the graph, repeated as often as the shape requires.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dub_assets.engines.shared.onnx_graph import GraphWriter, read_model, replace_nodes

if TYPE_CHECKING:
    from onnx import NodeProto

VERSION = 1
"""Part of the name of the cached graphs. Raise it when the rewriter's result changes."""

_NUMBERS = 1 << 20
_SEED = 20_260_101


def repeatable(path: Path) -> bytes:
    """Return the model in a file with its noise from a table. Raises ValueError if it is not an ONNX file."""
    model = read_model(path)
    writer = GraphWriter(model.graph.initializer)
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            _write_noise(writer, node)
        else:
            writer.nodes.append(node)
    replace_nodes(model.graph, writer.nodes, writer.constants)
    content: bytes = model.SerializeToString()
    return content


def _write_noise(writer: GraphWriter, node: NodeProto) -> None:
    """Write nodes that give as many numbers as the input of ``RandomNormalLike`` has, in its shape."""
    table = writer.constant(np.random.default_rng(_SEED).standard_normal(_NUMBERS, dtype=np.float32))
    shape, count = writer.node("Shape", node.input[0]), writer.node("Size", node.input[0])
    places = writer.node("Range", writer.constant(0), count, writer.constant(1))
    noise = writer.node("Gather", table, writer.node("Mod", places, writer.constant(_NUMBERS)))
    writer.node("Reshape", noise, shape, output=node.output[0])
