"""CAM++ (Wang et al. 2023, "CAM++: a fast and efficient network for speaker verification") as an ONNX graph.

The network's masks look at segments of ``SEGMENT_FRAMES`` frames and at the whole; sound so short that it is one
segment sees the same mean twice. The graph is for such sound only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.engines.campplus.onnx_writer import OnnxWriter
from dub_assets.engines.shared.torch_file import Tensors

SEGMENT_FRAMES = 100
"""Frames of 20 ms after the network's one stride in time."""

_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of the three blocks."""
_EPSILON = 1e-5


def campplus(tensors: Tensors, bins: int) -> bytes:
    """The graph: ``features`` (1, 1, bins, frames) and ``unbiased`` (1,), n / (n - 1) for n frames of 20 ms, go in.

    Out comes the voice, (1, 192), not normalised. Raises KeyError where the tensors are those of another network.
    """
    network = _Network(OnnxWriter({"features": (1, 1, bins, "frames"), "unbiased": (1,)}), tensors)
    sound = network.head("features")
    sound = network.convolved(sound, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", strides=[2])
    for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
        for layer in range(1, layers + 1):
            added = network.dense_layer(sound, f"xvector.block{number}.tdnnd{layer}", dilation)
            sound = network.graph.step("Concat", sound, added, axis=1)
        sound = network.activated(sound, f"xvector.transit{number}.nonlinear.batchnorm")
        sound = network.weighted(sound, f"xvector.transit{number}.linear.weight")
    sound = network.activated(sound, "xvector.out_nonlinear.batchnorm")
    return network.graph.model(network.voice(sound, "unbiased"))


class _Network:
    """Writes the parts of the network; batch normalisation goes into the convolution before it."""

    def __init__(self, graph: OnnxWriter, tensors: Tensors) -> None:
        self.graph = graph
        self._tensors = tensors

    def head(self, features: str) -> str:
        """Two-dimensional convolutions that divide the number of bins by eight."""
        sound = self.convolved(features, "head.conv1", "head.bn1")
        for layer in ("head.layer1", "head.layer2"):
            sound = self._residual(self._residual(sound, f"{layer}.0", strides=[2, 1]), f"{layer}.1", strides=[1, 1])
        sound = self.convolved(sound, "head.conv2", "head.bn2", strides=[2, 1])
        channels = self._tensors["xvector.tdnn.linear.weight"].shape[1]
        return self.graph.step("Reshape", sound, self.graph.constant(np.array([1, channels, -1], np.int64)))

    def _residual(self, sound: str, name: str, strides: list[int]) -> str:
        inner = self.convolved(sound, f"{name}.conv1", f"{name}.bn1", strides=strides)
        inner = self.convolved(inner, f"{name}.conv2", f"{name}.bn2", rectified=False)
        around = sound
        if f"{name}.shortcut.0.weight" in self._tensors:
            around = self.convolved(sound, f"{name}.shortcut.0", f"{name}.shortcut.1", strides=strides, rectified=False)
        return self.graph.step("Relu", self.graph.step("Add", inner, around))

    def convolved(
        self, sound: str, layer: str, norm: str, *, strides: list[int] | None = None, rectified: bool = True
    ) -> str:
        """A convolution with the normalisation after it."""
        weight = self._tensors[f"{layer}.weight"]
        scale, shift = self._normalisation(norm)
        scaled = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        made = self._convolution(sound, scaled, shift, strides=strides)
        return self.graph.step("Relu", made) if rectified else made

    def activated(self, sound: str, norm: str) -> str:
        """A normalisation and a rectifier."""
        scale, shift = (self.graph.constant(values[:, np.newaxis]) for values in self._normalisation(norm))
        return self.graph.step("Relu", self.graph.step("Add", self.graph.step("Mul", sound, scale), shift))

    def weighted(self, sound: str, weight: str, bias: str | None = None, dilation: int = 1) -> str:
        """A convolution as it stands."""
        return self._convolution(sound, self._tensors[weight], self._tensors[bias] if bias else None, dilation=dilation)

    def dense_layer(self, sound: str, name: str, dilation: int) -> str:
        """The channels that a layer adds, under a mask that the whole stretch of sound decides."""
        sound = self.activated(sound, f"{name}.nonlinear1.batchnorm")
        sound = self.convolved(sound, f"{name}.linear1", f"{name}.nonlinear2.batchnorm")
        local = self.weighted(sound, f"{name}.cam_layer.linear_local.weight", dilation=dilation)
        mean = self.graph.step("ReduceMean", sound, axes=[2])
        mask = self.graph.step("Add", mean, mean)
        mask = self.weighted(mask, f"{name}.cam_layer.linear1.weight", f"{name}.cam_layer.linear1.bias")
        mask = self.graph.step("Relu", mask)
        mask = self.weighted(mask, f"{name}.cam_layer.linear2.weight", f"{name}.cam_layer.linear2.bias")
        return self.graph.step("Mul", local, self.graph.step("Sigmoid", mask))

    def voice(self, sound: str, unbiased: str) -> str:
        """Mean and standard deviation over time, projected."""
        step = self.graph.step
        mean = step("ReduceMean", sound, axes=[2])
        away = step("Sub", sound, mean)
        variance = step("Mul", step("ReduceMean", step("Mul", away, away), axes=[2]), unbiased)
        statistics = step("Concat", mean, step("Sqrt", variance), axis=1)
        scale, shift = self._normalisation("xvector.dense.nonlinear.batchnorm")
        weight = self._tensors["xvector.dense.linear.weight"] * scale[:, np.newaxis, np.newaxis]
        return step("Flatten", self._convolution(statistics, weight, shift))

    def _normalisation(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Factor and offset of each channel; the last normalisation of the network has none of its own."""
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
        parts = [self.graph.constant(part) for part in (weight, bias) if part is not None]
        return self.graph.step(
            "Conv",
            sound,
            *parts,
            kernel_shape=kernel,
            strides=strides or [1] * len(kernel),
            dilations=[dilation] * len(kernel),
            pads=[size // 2 * dilation for size in kernel] * 2,
        )
