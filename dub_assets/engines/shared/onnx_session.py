"""Sessions of onnxruntime on the processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.models.install import install_command
from dub_assets.engines.telemetry import disable_telemetry

_ERRORS = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented RuntimeException"
"""onnxruntime's errors, which have no base class of their own."""


def open_session(engine: str, model: Path | bytes, *, threads: int = 1) -> Any:
    """Return an ``InferenceSession`` of an ONNX model that runs each call on ``threads`` threads.

    Raises EngineUnavailableError if onnxruntime is not installed, and onnxruntime's own errors if the model cannot be
    used; see ``readable_model``.
    """
    disable_telemetry()
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineUnavailableError(f"{engine} needs onnxruntime: {install_command('onnxruntime')}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # A memory plan for every input length takes 120 MB with Kokoro, and saves no time.
    options.enable_mem_pattern = False
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


@contextmanager
def readable_model(engine: str, path: Path, remedy: str = "put the right file there") -> Iterator[None]:
    """Turn the errors of reading ``path``, by onnxruntime or by a rewriter, into an EngineUnavailableError."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (ValueError, KeyError, *_onnx_errors())):
            raise
        raise EngineUnavailableError(f"{engine} cannot use {path}: {remedy}") from error


def _onnx_errors() -> tuple[type[Exception], ...]:
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as errors
    except ImportError:
        return ()
    return tuple(getattr(errors, name) for name in _ERRORS.split())
