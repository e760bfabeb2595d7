"""pyannote.audio, the library, made to keep to itself what it would tell others."""

from __future__ import annotations

import os


def keep_quiet() -> None:
    """Turn its telemetry off: by itself it sends its makers the length of every sound that it works on."""
    os.environ["PYANNOTE_METRICS_ENABLED"] = "false"
