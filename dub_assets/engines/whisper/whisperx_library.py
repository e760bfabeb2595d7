"""WhisperX, the library, made to keep to itself what it would say."""

from __future__ import annotations

import logging
from typing import Any


def whisperx() -> Any:
    """The library. Raises ImportError.

    By itself it writes its log to standard output, where results go, and into it every text that it cannot align.
    """
    log = logging.getLogger("whisperx")
    log.handlers = [logging.NullHandler()]  # it adds its own only where there is none
    log.propagate = False
    import whisperx as library

    return library
