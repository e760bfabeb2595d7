"""Adapters to the engines, one a file; the heavy import lives inside the loader.

No engine tells its makers of its use. What libraries would send by themselves is turned off here, before any of them
is imported; a variable that someone has set stays as it is.
"""

import os

_KEEP_QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime: sessions and their errors, under an id of the machine
    "PYANNOTE_METRICS_ENABLED": "false",  # pyannote.audio: the length of every sound that it works on
    "HF_HUB_DISABLE_TELEMETRY": "1",  # the model hub's client: which libraries are installed
}

for variable, value in _KEEP_QUIET.items():
    os.environ.setdefault(variable, value)
