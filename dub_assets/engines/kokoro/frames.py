"""Kokoro's generator with its values as (1, frames, channels).

As packaged, its convolutions are of (1, channels, frames). onnxruntime runs integer convolutions far slower than
products of matrices; those want channels last, and to turn every value twice costs as much as the products. So values
stay turned from layer to layer, and each layer goes over them as few times as the operators that there are allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dub_assets.engines.kokoro.layers import Convolution, Layer, Stride, StyledNorm, is_full, stride_of
from dub_assets.engines.kokoro.onnx_writer import OnnxWriter
from dub_assets.engines.shared.onnx_messages import FLOAT

_CONTRIBUTED = "com.microsoft"
_EITHER_WAY = ("Add", "Div", "LeakyRelu", "DynamicQuantizeLinear")
"""Operators that do the same to turned values: with a number beside them, or several values of one shape."""


def _windows(writer: OnnxWriter, sound: str, zero: str, size: int, stride: Stride) -> str:
    """What a kernel sees of (1, frames, channels) at each of its places: (1, places, size x channels)."""
    if any(stride.pads):
        padding = writer.constant([0, stride.pads[0], 0, 0, stride.pads[1], 0])
        sound = writer.step("Pad", [sound, padding, zero])
    if size == stride.step == 1:
        return sound
    frames = writer.step("Shape", [sound], start=1, end=2)
    end = writer.step("Squeeze", [writer.step("Sub", [frames, writer.constant([(size - 1) * stride.dilation])])])
    starts = writer.step("Range", [writer.constant(0), end, writer.constant(stride.step)])
    column = writer.step("Unsqueeze", [starts, writer.constant([1])])
    offsets = writer.constant(np.arange(0, size * stride.dilation, stride.dilation))
    seen = writer.step("Gather", [sound, writer.step("Add", [column, offsets])], axis=1)
    return writer.step("Reshape", [seen, writer.constant([0, 0, -1])])


def _signed_matrix(writer: OnnxWriter, weight: str, zero: str) -> tuple[str, str]:
    """A convolution's unsigned weights (outputs, inputs, size) as signed (size x inputs, outputs), and their zero."""
    weights, zeros = writer.value(weight), writer.value(zero)
    matrix = (weights ^ 128).view(np.int8).transpose(2, 1, 0).reshape(-1, len(weights))
    return writer.constant(matrix), writer.constant((zeros ^ 128).view(np.int8))


class ChannelsLastRewriter:
    """Writes nodes anew, one after the other: layers, and what lies between them, for turned values."""

    def __init__(self, writer: OnnxWriter, layers: Mapping[str, Layer]) -> None:
        self._writer = writer
        self._layers = layers
        self._turned: dict[str, str] = {}
        """Values by name, and the names of their turned forms."""
        self._plain: set[str] = set()
        """Those of them that were turned back too."""

    def write(self, node: Any) -> None:
        """Write what gives the node's value, turned or as it was; nodes that a layer replaces lose their takers."""
        value = node.output[0]
        layer = self._layers.get(value)
        if isinstance(layer, Convolution):
            self._turned[value] = self._product(layer)
        elif isinstance(layer, StyledNorm):
            self._turned[value] = self._styled(layer)
        elif node.op_type in _EITHER_WAY and self._are_alike(node.input):
            self._write_turned(node)
        else:
            for name in node.input:
                self._turn_back(name)
            if node.op_type == "ConvInteger" and is_full(node):
                self._write_exactly(node)
            else:
                self._writer.nodes.append(node)

    def _are_alike(self, names: Sequence[str]) -> bool:
        """Whether these are turned values, and perhaps a number beside them."""
        others = [name for name in names if name not in self._turned]
        numbers = all(self._writer.is_constant(name) and self._writer.value(name).size == 1 for name in others)
        return numbers and len(others) < len(names)

    def _write_turned(self, node: Any) -> None:
        written = type(node)()
        written.CopyFrom(node)
        written.input[:] = [self._turned.get(name, name) for name in node.input]
        written.output[0] = self._turned[node.output[0]] = f"{node.output[0]}/turned"
        self._writer.nodes.append(written)

    def _turn_back(self, name: str) -> None:
        if name in self._turned and name not in self._plain:
            self._plain.add(name)
            self._writer.step("Transpose", [self._turned[name]], output=name, perm=[0, 2, 1])

    def _turn(self, name: str) -> str:
        if name not in self._turned:
            self._plain.add(name)
            self._turned[name] = self._writer.step("Transpose", [name], perm=[0, 2, 1])
        return self._turned[name]

    def _row(self, name: str) -> str:
        """A number for each channel, (1, channels, 1), as (1, 1, channels)."""
        if self._writer.is_constant(name):
            return self._writer.constant(self._writer.value(name).reshape(1, 1, -1))
        return self._writer.step("Reshape", [name, self._writer.constant([1, 1, -1])])

    def _product(self, layer: Convolution) -> str:
        writer, size = self._writer, self._writer.value(layer.weight).shape[2]
        seen = _windows(writer, self._turn(layer.sound), layer.sound_zero, size, layer.stride)
        matrix, zero = _signed_matrix(writer, layer.weight, layer.weight_zero)
        factors = [seen, matrix, layer.sound_scale, layer.weight_scale, layer.sound_zero, zero]
        bias = [layer.bias] if layer.bias else []
        return writer.step("MatMulIntegerToFloat", [*factors, *bias], domain=_CONTRIBUTED)

    def _write_exactly(self, node: Any) -> None:
        """A convolution outside the generator: the same integers in the same order."""
        sound, weight, sound_zero, weight_zero = node.input
        writer, size = self._writer, self._writer.value(weight).shape[2]
        turned = writer.step("Transpose", [sound], perm=[0, 2, 1])
        seen = _windows(writer, turned, sound_zero, size, stride_of(node))
        matrix, zero = _signed_matrix(writer, weight, weight_zero)
        product = writer.step("MatMulInteger", [seen, matrix, sound_zero, zero])
        writer.step("Transpose", [product], output=node.output[0], perm=[0, 2, 1])

    def _styled(self, layer: StyledNorm) -> str:
        """The norm as one gain and one shift of each channel, the snake's among them."""
        step, sound = self._writer.step, self._turn(layer.sound)
        gain, shift = self._row(layer.gain), self._row(layer.shift)
        if layer.snake:
            alpha = self._row(layer.snake.alpha)
            gain, shift = step("Mul", [gain, alpha]), step("Mul", [shift, alpha])
        mean, variance = self._moments(sound)
        deviation = step("Sqrt", [step("Add", [variance, layer.epsilon])])
        gain = step("Div", [gain, deviation])
        shift = step("Sub", [shift, step("Mul", [mean, gain])])
        styled = step("Add", [step("Mul", [sound, gain]), shift])
        if layer.snake is None:
            return styled
        sine = step("Sin", [styled])
        snake = step("Add", [styled, step("Mul", [sine, sine])])
        return step("Mul", [snake, self._row(layer.snake.inverse)])

    def _moments(self, sound: str) -> tuple[str, str]:
        """Mean and variance over frames. By products: onnxruntime's means over a middle axis take ten times as long."""
        step, constant = self._writer.step, self._writer.constant
        frames = step("Shape", [sound], start=1, end=2)
        shape = step("Concat", [constant([1, 1]), frames], axis=0)
        ones = step("Expand", [constant(np.ones((1, 1, 1), np.float32)), shape])
        count = step("Cast", [frames], to=FLOAT)
        mean = step("Div", [step("MatMul", [ones, sound]), count])
        mean_square = step("Div", [step("MatMul", [ones, step("Mul", [sound, sound])]), count])
        variance = step("Sub", [mean_square, step("Mul", [mean, mean])])
        return mean, step("Relu", [variance])  # rounding may leave less than nothing
