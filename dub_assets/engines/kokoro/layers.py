"""The layers of Kokoro's generator, each made of several nodes of its graph.

The generator turns phonemes, their lengths and their pitch into samples, and takes most of the time. Its blocks are
those of StyleTTS 2 (Li et al. 2023): adaptive instance normalisation, the snake activation x + sin(ax)^2 / a (Ziyin
et al. 2020), and a dilated convolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

_GENERATOR = "/decoder/decoder/generator/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """How a convolution's kernel moves over the frames, in frames; ``pads`` are before the first and after the last."""

    step: int
    dilation: int
    pads: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """A convolution of integers over (1, channels, frames), its bias added and its output scaled back to float.

    All fields but ``stride`` are names of values; ``bias`` is empty if there is none.
    """

    sound: str
    sound_scale: str
    sound_zero: str
    weight: str
    weight_scale: str
    weight_zero: str
    bias: str
    stride: Stride


@dataclass(frozen=True, slots=True, kw_only=True)
class Snake:
    """x + sin(ax)^2 / a, with the names of a and of its inverse, one number a channel each."""

    alpha: str
    inverse: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StyledNorm:
    """Instance normalisation over (1, channels, frames), a style's gain and shift a channel, and possibly a snake."""

    sound: str
    epsilon: str
    gain: str
    shift: str
    snake: Snake | None


Layer = Convolution | StyledNorm


def is_full(node: NodeProto) -> bool:
    """Return whether every output channel of a convolution is computed from all input channels."""
    return all(attribute.i == 1 for attribute in node.attribute if attribute.name == "group")


def stride_of(node: NodeProto) -> Stride:
    """Return the stride of a convolution's node."""
    attributes = {attribute.name: list(attribute.ints) for attribute in node.attribute}
    (step,), (dilation,), (before, after) = (attributes[name] for name in ("strides", "dilations", "pads"))
    return Stride(step=step, dilation=dilation, pads=(before, after))


def layers_of(nodes: Iterable[NodeProto]) -> dict[str, Layer]:
    """Return the generator's layers by the name of their output."""
    return dict(_Graph(list(nodes)).layers())


class _Graph:
    """Nodes, with the producer and the consumers of each value."""

    def __init__(self, nodes: list[NodeProto]) -> None:
        self._nodes = nodes
        self._producer = {output: node for node in nodes for output in node.output}
        self._consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in nodes:
            for name in node.input:
                self._consumers[name].append(node)

    def layers(self) -> Iterator[tuple[str, Layer]]:
        for node in self._nodes:
            if node.name.startswith(_GENERATOR):
                if node.op_type == "ConvInteger" and is_full(node):
                    yield self._convolution(node)
                elif node.op_type == "Div" and self._is_produced_by(node.input[1], "Sqrt"):
                    yield from self._styled_norms(node)

    def _convolution(self, node: NodeProto) -> tuple[str, Convolution]:
        """Match ``ConvInteger``, possibly ``Add`` of a rounded bias, ``Cast``, and ``Mul`` by both scales."""
        sound, weight, sound_zero, weight_zero = node.input
        following, bias = self._only_consumer(node.output[0]), ""
        if following.op_type == "Add":
            rounded = self._producer[_other_input(following, node.output[0])]
            while rounded.op_type != "Div":  # the bias divided by the scale, then rounded down, cast and reshaped
                rounded = self._producer[rounded.input[0]]
            bias, following = rounded.input[0], self._only_consumer(following.output[0])
        scaled = self._only_consumer(following.output[0])
        sound_scale, weight_scale = self._producer[_other_input(scaled, following.output[0])].input
        return scaled.output[0], Convolution(
            sound=sound,
            sound_scale=sound_scale,
            sound_zero=sound_zero,
            weight=weight,
            weight_scale=weight_scale,
            weight_zero=weight_zero,
            bias=bias,
            stride=stride_of(node),
        )

    def _styled_norms(self, normal: NodeProto) -> Iterator[tuple[str, StyledNorm]]:
        """Match (x - mean) / sqrt(variance + epsilon), and ``Mul`` and ``Add`` of each style that consumes it."""
        sound = self._producer[normal.input[0]].input[0]
        epsilon = self._producer[self._producer[normal.input[1]].input[0]].input[1]
        for gained in self._consumers[normal.output[0]]:
            shifted = self._only_consumer(gained.output[0])
            gain, shift = _other_input(gained, normal.output[0]), _other_input(shifted, gained.output[0])
            output, snake = self._snake(shifted.output[0])
            yield output, StyledNorm(sound=sound, epsilon=epsilon, gain=gain, shift=shift, snake=snake)

    def _snake(self, value: str) -> tuple[str, Snake | None]:
        """Return the output of the snake that consumes a value, and the snake; the value and None without a snake."""
        for scaled in self._consumers[value]:
            sine = next(iter(self._consumers[scaled.output[0]]), None)
            if scaled.op_type == "Mul" and sine is not None and sine.op_type == "Sin":
                squared = self._only_consumer(sine.output[0])
                divided = self._only_consumer(squared.output[0])
                added = self._only_consumer(divided.output[0])
                inverse = _other_input(divided, squared.output[0])
                return added.output[0], Snake(alpha=_other_input(scaled, value), inverse=inverse)
        return value, None

    def _is_produced_by(self, value: str, op_type: str) -> bool:
        return value in self._producer and self._producer[value].op_type == op_type

    def _only_consumer(self, value: str) -> NodeProto:
        (consumer,) = self._consumers[value]
        return consumer


def _other_input(node: NodeProto, value: str) -> str:
    """Return the input beside a value of a node with two inputs."""
    first, second = node.input
    return str(second if first == value else first)
