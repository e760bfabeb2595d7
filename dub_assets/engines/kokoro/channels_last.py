"""Kokoro's generator with its values as (1, frames, channels) instead of (1, channels, frames).

onnxruntime runs integer convolutions far slower than matrix products. Matrix products need the channels last, and
transposing every value twice takes as long as the products. So values stay transposed from layer to layer, and each
layer passes over them as few times as ONNX's operators allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dub_assets.engines.kokoro.layers import Convolution, Layer, Stride, StyledNorm, is_full, stride_of
from dub_assets.engines.shared.onnx_graph import GraphWriter

if TYPE_CHECKING:
    from onnx import NodeProto

_CONTRIBUTED = "com.microsoft"
_POINTWISE = ("Add", "Div", "LeakyRelu", "DynamicQuantizeLinear")
"""Operators that also work on transposed values, with a number or other values of the same shape."""


class ChannelsLastRewriter:
    """Writes nodes one after the other, replacing layers and what lies between them by nodes for transposed values."""

    def __init__(self, writer: GraphWriter, layers: Mapping[str, Layer]) -> None:
        self._writer = writer
        self._layers = layers
        self._transposed: dict[str, str] = {}
        """Names of transposed values, by the name of the value."""
        self._plain: set[str] = set()
        """The values among them that exist untransposed too."""

    def write(self, node: NodeProto) -> None:
        """Write the node's output, transposed or as it was. Nodes that a layer replaces lose their consumers."""
        value = node.output[0]
        layer = self._layers.get(value)
        if isinstance(layer, Convolution):
            self._transposed[value] = self._product(layer)
        elif isinstance(layer, StyledNorm):
            self._transposed[value] = self._styled(layer)
        elif node.op_type in _POINTWISE and self._are_transposed(node.input):
            self._write_transposed(node)
        else:
            for name in node.input:
                self._transpose_back(name)
            if node.op_type == "ConvInteger" and is_full(node):
                self._write_exact_product(node)
            else:
                self._writer.nodes.append(node)

    def _are_transposed(self, names: Sequence[str]) -> bool:
        """Return whether these are transposed values, possibly with single numbers beside them."""
        others = [name for name in names if name not in self._transposed]
        numbers = all(self._writer.is_constant(name) and self._writer.value(name).size == 1 for name in others)
        return numbers and len(others) < len(names)

    def _write_transposed(self, node: NodeProto) -> None:
        copy = type(node)()
        copy.CopyFrom(node)
        copy.input[:] = [self._transposed.get(name, name) for name in node.input]
        copy.output[0] = self._transposed[node.output[0]] = f"{node.output[0]}/transposed"
        self._writer.nodes.append(copy)

    def _transpose_back(self, name: str) -> None:
        if name in self._transposed and name not in self._plain:
            self._plain.add(name)
            self._writer.node("Transpose", self._transposed[name], output=name, perm=[0, 2, 1])

    def _transpose(self, name: str) -> str:
        if name not in self._transposed:
            self._plain.add(name)
            self._transposed[name] = self._writer.node("Transpose", name, perm=[0, 2, 1])
        return self._transposed[name]

    def _row(self, name: str) -> str:
        """Return a number for each channel, (1, channels, 1), as (1, 1, channels)."""
        if self._writer.is_constant(name):
            return self._writer.constant(self._writer.value(name).reshape(1, 1, -1))
        return self._writer.node("Reshape", name, self._writer.constant([1, 1, -1]))

    def _product(self, layer: Convolution) -> str:
        writer, size = self._writer, self._writer.value(layer.weight).shape[2]
        windows = _windows(writer, self._transpose(layer.sound), layer.sound_zero, size, layer.stride)
        matrix, zero = _signed_matrix(writer, layer.weight, layer.weight_zero)
        factors = [windows, matrix, layer.sound_scale, layer.weight_scale, layer.sound_zero, zero]
        bias = [layer.bias] if layer.bias else []
        return writer.node("MatMulIntegerToFloat", *factors, *bias, domain=_CONTRIBUTED)

    def _write_exact_product(self, node: NodeProto) -> None:
        """Write a convolution outside the generator: the same integers in the same order."""
        sound, weight, sound_zero, weight_zero = node.input
        writer, size = self._writer, self._writer.value(weight).shape[2]
        transposed = writer.node("Transpose", sound, perm=[0, 2, 1])
        windows = _windows(writer, transposed, sound_zero, size, stride_of(node))
        matrix, zero = _signed_matrix(writer, weight, weight_zero)
        product = writer.node("MatMulInteger", windows, matrix, sound_zero, zero)
        writer.node("Transpose", product, output=node.output[0], perm=[0, 2, 1])

    def _styled(self, layer: StyledNorm) -> str:
        """Return the norm as one gain and one shift of each channel, those of the snake included."""
        node, sound = self._writer.node, self._transpose(layer.sound)
        gain, shift = self._row(layer.gain), self._row(layer.shift)
        if layer.snake:
            alpha = self._row(layer.snake.alpha)
            gain, shift = node("Mul", gain, alpha), node("Mul", shift, alpha)
        mean, variance = self._moments(sound)
        deviation = node("Sqrt", node("Add", variance, layer.epsilon))
        gain = node("Div", gain, deviation)
        shift = node("Sub", shift, node("Mul", mean, gain))
        styled = node("Add", node("Mul", sound, gain), shift)
        if layer.snake is None:
            return styled
        sine = node("Sin", styled)
        snake = node("Add", styled, node("Mul", sine, sine))
        return node("Mul", snake, self._row(layer.snake.inverse))

    def _moments(self, sound: str) -> tuple[str, str]:
        """Return mean and variance over frames, as matrix products.

        onnxruntime takes ten times as long for a mean over a middle axis.
        """
        from onnx import TensorProto

        node, constant = self._writer.node, self._writer.constant
        frames = node("Shape", sound, start=1, end=2)
        shape = node("Concat", constant([1, 1]), frames, axis=0)
        ones = node("Expand", constant(np.ones((1, 1, 1), np.float32)), shape)
        count = node("Cast", frames, to=TensorProto.FLOAT)
        mean = node("Div", node("MatMul", ones, sound), count)
        mean_square = node("Div", node("MatMul", ones, node("Mul", sound, sound)), count)
        variance = node("Sub", mean_square, node("Mul", mean, mean))
        return mean, node("Relu", variance)  # rounding may make it negative


def _windows(writer: GraphWriter, sound: str, zero: str, size: int, stride: Stride) -> str:
    """Return the windows of (1, frames, channels) under a kernel: (1, windows, size x channels)."""
    if any(stride.pads):
        padding = writer.constant([0, stride.pads[0], 0, 0, stride.pads[1], 0])
        sound = writer.node("Pad", sound, padding, zero)
    if size == stride.step == 1:
        return sound
    frames = writer.node("Shape", sound, start=1, end=2)
    end = writer.node("Squeeze", writer.node("Sub", frames, writer.constant([(size - 1) * stride.dilation])))
    starts = writer.node("Range", writer.constant(0), end, writer.constant(stride.step))
    column = writer.node("Unsqueeze", starts, writer.constant([1]))
    offsets = writer.constant(np.arange(0, size * stride.dilation, stride.dilation))
    windows = writer.node("Gather", sound, writer.node("Add", column, offsets), axis=1)
    return writer.node("Reshape", windows, writer.constant([0, 0, -1]))


def _signed_matrix(writer: GraphWriter, weight: str, zero: str) -> tuple[str, str]:
    """Return unsigned weights (outputs, inputs, size) as signed (size x inputs, outputs), and their zero point."""
    weights, zeros = writer.value(weight), writer.value(zero)
    matrix = (weights ^ 128).view(np.int8).transpose(2, 1, 0).reshape(-1, len(weights))
    return writer.constant(matrix), writer.constant((zeros ^ 128).view(np.int8))
