"""The errors of onnxruntime, which have no base of their own."""

from __future__ import annotations

_NAMES = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented RuntimeException"


def onnx_errors() -> tuple[type[Exception], ...]:
    """What opening a model file raises where the file is not what it should be."""
    from onnxruntime.capi import onnxruntime_pybind11_state

    return tuple(getattr(onnxruntime_pybind11_state, name) for name in _NAMES.split())
