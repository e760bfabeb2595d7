"""A reference implementation of CAM++ in numpy, for sound of any length."""

from __future__ import annotations

import numpy as np

SEGMENT = 100


class CampPlusReference:
    def __init__(self, tensors):
        self._tensors = tensors

    def voice(self, features):
        """Return the voice of features of shape ``(frames, bins)``."""
        x = self._norm(self._plane(features.T[None], "head.conv1"), "head.bn1", relu=True)
        for layer in ("head.layer1", "head.layer2"):
            x = self._residual(self._residual(x, f"{layer}.0", 2), f"{layer}.1", 1)
        x = self._norm(self._plane(x, "head.conv2", 2), "head.bn2", relu=True)
        x = self._line(x.reshape(-1, x.shape[2]), "xvector.tdnn.linear.weight", stride=2)
        x = self._norm(x, "xvector.tdnn.nonlinear.batchnorm", relu=True)
        for block, (layers, dilation) in enumerate(((12, 1), (24, 2), (16, 2)), start=1):
            for layer in range(1, layers + 1):
                x = np.concatenate([x, self._dense(x, f"xvector.block{block}.tdnnd{layer}", dilation)])
            x = self._norm(x, f"xvector.transit{block}.nonlinear.batchnorm", relu=True)
            x = self._line(x, f"xvector.transit{block}.linear.weight")
        x = self._norm(x, "xvector.out_nonlinear.batchnorm", relu=True)
        statistics = np.concatenate([x.mean(axis=1), x.std(axis=1, ddof=1)])[:, None]
        return self._norm(self._line(statistics, "xvector.dense.linear.weight"), "xvector.dense.nonlinear.batchnorm")[
            :, 0
        ]

    def _dense(self, x, name, dilation):
        x = self._line(self._norm(x, f"{name}.nonlinear1.batchnorm", relu=True), f"{name}.linear1.weight")
        x = self._norm(x, f"{name}.nonlinear2.batchnorm", relu=True)
        local = self._line(x, f"{name}.cam_layer.linear_local.weight", dilation=dilation)
        parts = [x[:, at : at + SEGMENT] for at in range(0, x.shape[1], SEGMENT)]
        segments = np.concatenate([np.broadcast_to(p.mean(axis=1, keepdims=True), p.shape) for p in parts], axis=1)
        mask = self._line(segments + x.mean(axis=1, keepdims=True), f"{name}.cam_layer.linear1.weight")
        mask = np.maximum(mask + self._tensors[f"{name}.cam_layer.linear1.bias"][:, None], 0)
        mask = self._line(mask, f"{name}.cam_layer.linear2.weight")
        mask = mask + self._tensors[f"{name}.cam_layer.linear2.bias"][:, None]
        return local / (1 + np.exp(-mask))

    def _residual(self, x, name, stride):
        y = self._norm(self._plane(x, f"{name}.conv1", stride), f"{name}.bn1", relu=True)
        y = self._norm(self._plane(y, f"{name}.conv2"), f"{name}.bn2")
        if f"{name}.shortcut.0.weight" in self._tensors:
            x = self._norm(self._plane(x, f"{name}.shortcut.0", stride), f"{name}.shortcut.1")
        return np.maximum(x + y, 0)

    def _norm(self, x, name, *, relu=False):
        shape = (-1, *[1] * (x.ndim - 1))
        mean, variance = (self._tensors[f"{name}.running_{part}"].reshape(shape) for part in ("mean", "var"))
        y = (x - mean) / np.sqrt(variance + 1e-5)
        if f"{name}.weight" in self._tensors:
            y = y * self._tensors[f"{name}.weight"].reshape(shape) + self._tensors[f"{name}.bias"].reshape(shape)
        return np.maximum(y, 0) if relu else y

    def _plane(self, x, name, stride=1):
        """Return a convolution over (channels, bins, frames) with a stride over the bins."""
        weight = self._tensors[f"{name}.weight"]
        pad = weight.shape[2] // 2
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(x, ((0, 0), (pad, pad), (pad, pad))), weight.shape[2:], (1, 2)
        )
        return np.einsum("cbfij,ocij->obf", windows[:, ::stride], weight, optimize=True)

    def _line(self, x, name, *, dilation=1, stride=1):
        """Return a convolution over (channels, frames)."""
        weight = self._tensors[name]
        pad = weight.shape[2] // 2 * dilation
        padded = np.pad(x, ((0, 0), (pad, pad)))
        frames = (x.shape[1] - 1) // stride + 1
        taps = [padded[:, k * dilation :][:, : (frames - 1) * stride + 1 : stride] for k in range(weight.shape[2])]
        return sum(weight[:, :, k] @ tap for k, tap in enumerate(taps))
