"""Switches that keep the engines' libraries from reporting their use to their makers."""

from __future__ import annotations

import os

_SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime: sessions and their errors, under an id of the machine
    "PYANNOTE_METRICS_ENABLED": "false",  # pyannote.audio: the length of every sound that it processes
    "HF_HUB_DISABLE_TELEMETRY": "1",  # the model hub's client: which libraries are installed
}


def disable_telemetry() -> None:
    """Turn off the telemetry of the engines' libraries; variables that the user has set are kept.

    The libraries read the variables when they are imported, so call this before importing one of them.
    """
    for variable, value in _SWITCHES.items():
        os.environ.setdefault(variable, value)
