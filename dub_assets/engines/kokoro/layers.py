"""The layers of Kokoro's generator, each of several nodes of its graph.

The generator makes samples of phonemes, their lengths and their pitch, and takes most of the time. Its blocks are those
of StyleTTS 2 (Li et al. 2023): adaptive instance normalisation, the snake activation x + sin(ax)^2 / a (Ziyin et al.
2020), and a dilated convolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_GENERATOR = "/decoder/decoder/generator/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """How a convolution's kernel goes over the frames, in frames; ``pads`` are before the first and after the last."""

    step: int
    dilation: int
    pads: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """A convolution of integers over (1, channels, frames), its bias added and its output scaled back to float.

    All but ``stride`` are names of values; ``bias`` is empty where there is none.
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
    """x + sin(ax)^2 / a, with names of a and of its inverse, a number for each channel."""

    alpha: str
    inverse: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StyledNorm:
    """Instance normalisation over (1, channels, frames), a style's gain and shift of each channel, perhaps a snake."""

    sound: str
    epsilon: str
    gain: str
    shift: str
    snake: Snake | None


Layer = Convolution | StyledNorm


def is_full(node: Any) -> bool:
    """Whether every output of a convolution is of all its inputs."""
    return all(option.i == 1 for option in node.attribute if option.name == "group")


def stride_of(node: Any) -> Stride:
    """What a node of a convolution says of its kernel's way."""
    options = {option.name: list(option.ints) for option in node.attribute}
    return Stride(
        step=options["strides"][0], dilation=options["dilations"][0], pads=(options["pads"][0], options["pads"][1])
    )


def layers_of(nodes: Iterable[Any]) -> dict[str, Layer]:
    """The generator's layers by the value that each gives."""
    return dict(_Graph(list(nodes)).layers())


class _Graph:
    """Nodes, and who makes and who takes each value."""

    def __init__(self, nodes: list[Any]) -> None:
        self._nodes = nodes
        self._maker = {output: node for node in nodes for output in node.output}
        self._takers: dict[str, list[Any]] = defaultdict(list)
        for node in nodes:
            for name in node.input:
                self._takers[name].append(node)

    def layers(self) -> Iterable[tuple[str, Layer]]:
        for node in self._nodes:
            if node.name.startswith(_GENERATOR):
                if node.op_type == "ConvInteger" and is_full(node):
                    yield self._convolution(node)
                elif node.op_type == "Div" and self._made_by(node.input[1], "Sqrt"):
                    yield from self._styled_norms(node)

    def _convolution(self, node: Any) -> tuple[str, Convolution]:
        """A ``ConvInteger``, perhaps ``Add`` of a rounded bias, ``Cast``, and ``Mul`` by both scales."""
        sound, weight, sound_zero, weight_zero = node.input
        following, bias = self._only_taker(node.output[0]), ""
        if following.op_type == "Add":
            rounded = self._maker[_other(following, node.output[0])]
            while rounded.op_type != "Div":  # the bias over the scale, rounded down, cast and shaped
                rounded = self._maker[rounded.input[0]]
            bias, following = rounded.input[0], self._only_taker(following.output[0])
        scaled = self._only_taker(following.output[0])
        sound_scale, weight_scale = self._maker[_other(scaled, following.output[0])].input
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

    def _styled_norms(self, normal: Any) -> Iterable[tuple[str, StyledNorm]]:
        """(x - mean) / sqrt(variance + ε), which several styles may take, each with ``Mul`` and ``Add``."""
        sound = self._maker[normal.input[0]].input[0]
        epsilon = self._maker[self._maker[normal.input[1]].input[0]].input[1]
        for gained in self._takers[normal.output[0]]:
            shifted = self._only_taker(gained.output[0])
            gain, shift = _other(gained, normal.output[0]), _other(shifted, gained.output[0])
            output, snake = self._snake(shifted.output[0])
            yield output, StyledNorm(sound=sound, epsilon=epsilon, gain=gain, shift=shift, snake=snake)

    def _snake(self, value: str) -> tuple[str, Snake | None]:
        """What a value becomes by the snake that takes it, if one does."""
        for scaled in self._takers[value]:
            (sine,) = self._takers[scaled.output[0]][:1] or (None,)
            if scaled.op_type == "Mul" and sine is not None and sine.op_type == "Sin":
                squared = self._only_taker(sine.output[0])
                divided = self._only_taker(squared.output[0])
                added = self._only_taker(divided.output[0])
                inverse = _other(divided, squared.output[0])
                return added.output[0], Snake(alpha=_other(scaled, value), inverse=inverse)
        return value, None

    def _made_by(self, value: str, op_type: str) -> bool:
        return value in self._maker and self._maker[value].op_type == op_type

    def _only_taker(self, value: str) -> Any:
        (taker,) = self._takers[value]
        return taker


def _other(node: Any, value: str) -> str:
    """The input beside a value."""
    first, second = node.input
    return str(second if first == value else first)
