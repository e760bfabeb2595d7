"""CAM++ (Wang et al. 2023, "CAM++: a fast and efficient network for speaker verification") as an ONNX graph.

The network computes its masks from segments of ``SEGMENT_FRAMES`` frames and from the whole sound. For a sound of at
most one segment both means are the same. The graph is for such sounds only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.shared.onnx_graph import GraphWriter
from dub_assets.engines.shared.torch_file import Tensors

VERSION = 1
"""Part of the name of the cached graph. Raise it when the graph changes."""

SEGMENT_FRAMES = 100
"""Frames of 20 ms after the network's one stride in time."""

_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of the three blocks."""
_EPSILON = 1e-5


def campplus(tensors: Tensors, bins: int) -> bytes:
    """Return the network as an ONNX model.

    Its inputs are ``features`` (1, 1, bins, frames) and ``unbiased`` (1,), which is n / (n - 1) for n frames of 20 ms.
    Its output is the voice, (1, 192), not normalised. Raises KeyError if the tensors are those of another network.
    """
    network = _Network(tensors)
    sound = network.head("features")
    sound = network.convolved(sound, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", strides=[2])
    for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
        for layer in range(1, layers + 1):
            added = network.dense_layer(sound, f"xvector.block{number}.tdnnd{layer}", dilation)
            sound = network.node("Concat", sound, added, axis=1)
        sound = network.activated(sound, f"xvector.transit{number}.nonlinear.batchnorm")
        sound = network.convolution(sound, f"xvector.transit{number}.linear.weight")
    sound = network.activated(sound, "xvector.out_nonlinear.batchnorm")
    voice = network.voice(sound, "unbiased")
    return network.writer.model(voice, inputs={"features": (1, 1, bins, "frames"), "unbiased": (1,)})


class _Network:
    """Writes the parts of the network; batch normalisation is merged into the convolution before it."""

    def __init__(self, tensors: Tensors) -> None:
        self.writer = GraphWriter()
        self.node = self.writer.node
        self._tensors = tensors

    def head(self, features: str) -> str:
        """Write two-dimensional convolutions that divide the number of bins by eight."""
        sound = self.convolved(features, "head.conv1", "head.bn1")
        for layer in ("head.layer1", "head.layer2"):
            sound = self._residual(self._residual(sound, f"{layer}.0", strides=[2, 1]), f"{layer}.1", strides=[1, 1])
        sound = self.convolved(sound, "head.conv2", "head.bn2", strides=[2, 1])
        channels = self._tensors["xvector.tdnn.linear.weight"].shape[1]
        return self.node("Reshape", sound, self.writer.constant([1, channels, -1]))

    def _residual(self, sound: str, name: str, strides: list[int]) -> str:
        inner = self.convolved(sound, f"{name}.conv1", f"{name}.bn1", strides=strides)
        inner = self.convolved(inner, f"{name}.conv2", f"{name}.bn2", rectified=False)
        shortcut = sound
        if f"{name}.shortcut.0.weight" in self._tensors:
            shortcut = self.convolved(
                sound, f"{name}.shortcut.0", f"{name}.shortcut.1", strides=strides, rectified=False
            )
        return self.node("Relu", self.node("Add", inner, shortcut))

    def convolved(
        self, sound: str, layer: str, norm: str, *, strides: list[int] | None = None, rectified: bool = True
    ) -> str:
        """Write a convolution and the normalisation after it."""
        weight = self._tensors[f"{layer}.weight"]
        scale, shift = self._normalisation(norm)
        scaled = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        output = self._convolution(sound, scaled, shift, strides=strides)
        return self.node("Relu", output) if rectified else output

    def activated(self, sound: str, norm: str) -> str:
        """Write a normalisation and a rectifier."""
        scale, shift = (self.writer.constant(values[:, np.newaxis]) for values in self._normalisation(norm))
        return self.node("Relu", self.node("Add", self.node("Mul", sound, scale), shift))

    def convolution(self, sound: str, weight: str, bias: str | None = None, dilation: int = 1) -> str:
        """Write a convolution without a normalisation."""
        return self._convolution(sound, self._tensors[weight], self._tensors[bias] if bias else None, dilation=dilation)

    def dense_layer(self, sound: str, name: str, dilation: int) -> str:
        """Write the channels that a layer adds, under a mask that depends on the whole sound."""
        sound = self.activated(sound, f"{name}.nonlinear1.batchnorm")
        sound = self.convolved(sound, f"{name}.linear1", f"{name}.nonlinear2.batchnorm")
        local = self.convolution(sound, f"{name}.cam_layer.linear_local.weight", dilation=dilation)
        mean = self.node("ReduceMean", sound, axes=[2])
        mask = self.node("Add", mean, mean)
        mask = self.convolution(mask, f"{name}.cam_layer.linear1.weight", f"{name}.cam_layer.linear1.bias")
        mask = self.node("Relu", mask)
        mask = self.convolution(mask, f"{name}.cam_layer.linear2.weight", f"{name}.cam_layer.linear2.bias")
        return self.node("Mul", local, self.node("Sigmoid", mask))

    def voice(self, sound: str, unbiased: str) -> str:
        """Write mean and standard deviation over time, projected."""
        node = self.node
        mean = node("ReduceMean", sound, axes=[2])
        deviation = node("Sub", sound, mean)
        variance = node("Mul", node("ReduceMean", node("Mul", deviation, deviation), axes=[2]), unbiased)
        statistics = node("Concat", mean, node("Sqrt", variance), axis=1)
        scale, shift = self._normalisation("xvector.dense.nonlinear.batchnorm")
        weight = self._tensors["xvector.dense.linear.weight"] * scale[:, np.newaxis, np.newaxis]
        return node("Flatten", self._convolution(statistics, weight, shift))

    def _normalisation(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return factor and offset of each channel. The network's last normalisation has no weight and bias."""
        scale = 1.0 / np.sqrt(self._tensors[f"{name}.running_var"] + _EPSILON)
        scale = scale * self._tensors.get(f"{name}.weight", np.float32(1.0))
        shift = self._tensors.get(f"{name}.bias", np.float32(0.0)) - self._tensors[f"{name}.running_mean"] * scale
        return scale.astype(np.float32), shift.astype(np.float32)

    def _convolution(
        self,
        sound: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None,
        *,
        strides: list[int] | None = None,
        dilation: int = 1,
    ) -> str:
        kernel = list(weight.shape[2:])
        parts = [self.writer.constant(part) for part in (weight, bias) if part is not None]
        return self.node(
            "Conv",
            sound,
            *parts,
            kernel_shape=kernel,
            strides=strides or [1] * len(kernel),
            dilations=[dilation] * len(kernel),
            pads=[size // 2 * dilation for size in kernel] * 2,
        )
