"""pyannote.audio, the library, made to keep to itself what it would tell others."""

from __future__ import annotations

import os


def keep_quiet() -> None:
    """Turn its telemetry off, unless someone turned it on; to be called before it is imported.

    By itself it sends its makers the length of every sound that it works on.
    """
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")
