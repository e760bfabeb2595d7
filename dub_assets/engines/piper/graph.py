"""A Piper voice's graph, rewritten on loading so that the same text gives the same samples.

The voices draw their noise from ``RandomNormalLike``, whose state goes on from call to call. Here the noise comes from
a table of normal numbers that is part of the graph, taken as often as the shape asks for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.shared.onnx_messages import FLOAT, INT64, keep, message_class, node_of, parsed

_NUMBERS = 1 << 20
_SEED = 20_260_101
_TABLE = "noise/table"


def repeatable(model: bytes) -> bytes:
    """The model with its noise from a table. Raises ValueError where this is no ONNX file."""
    message = parsed(model)
    graph = message.graph
    nodes: list[Any] = []
    for node in graph.node:
        nodes += _from_table(node) if node.op_type == "RandomNormalLike" else [node]
    if len(nodes) > len(graph.node):
        table = np.random.default_rng(_SEED).standard_normal(_NUMBERS, dtype=np.float32)
        graph.initializer.extend(
            [
                _tensor(_TABLE, table, FLOAT),
                _tensor(f"{_TABLE}/0", np.array(0, np.int64), INT64),
                _tensor(f"{_TABLE}/1", np.array(1, np.int64), INT64),
                _tensor(f"{_TABLE}/size", np.array(_NUMBERS, np.int64), INT64),
            ]
        )
        keep(graph.node, nodes)
    return bytes(message.SerializeToString())


def _from_table(node: Any) -> list[Any]:
    """Nodes that give as many numbers as the node's input has, in its shape."""
    like, name = node.input[0], f"noise/{node.output[0]}"
    return [
        node_of("Shape", [like], f"{name}/shape"),
        node_of("Size", [like], f"{name}/count"),
        node_of("Range", [f"{_TABLE}/0", f"{name}/count", f"{_TABLE}/1"], f"{name}/places"),
        node_of("Mod", [f"{name}/places", f"{_TABLE}/size"], f"{name}/wrapped"),
        node_of("Gather", [_TABLE, f"{name}/wrapped"], f"{name}/flat"),
        node_of("Reshape", [f"{name}/flat", f"{name}/shape"], node.output[0]),
    ]


def _tensor(name: str, array: NDArray[Any], kind: int) -> Any:
    return message_class("Tensor")(name=name, dims=array.shape, data_type=kind, raw_data=array.tobytes())
