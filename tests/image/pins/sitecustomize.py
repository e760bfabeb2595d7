"""Replaces the pins of models that are too large for tests, in every process of the service under test.

``TEST_MODEL_PINS`` is JSON: the home of Demucs' weights and the name of its file. The homes on the hub, the commits and
the names of files stay as they are; hashes are those that the first pull locks.
"""

import json
import os
from dataclasses import replace

if pins := os.environ.get("TEST_MODEL_PINS"):
    from dub_assets.engines.demucs import weights as demucs_weights
    from dub_assets.engines.models.remote import RemoteFile
    from dub_assets.engines.whisper import whisper_models

    _demucs = json.loads(pins)
    demucs_weights.MODELS["htdemucs"] = replace(
        demucs_weights.MODELS["htdemucs"], home=_demucs["home"], files=(RemoteFile(name=_demucs["file"]),)
    )
    _whisper = whisper_models.MODELS["large-v3"]
    whisper_models.MODELS["large-v3"] = replace(
        _whisper, files=tuple(RemoteFile(name=file.name) for file in _whisper.files)
    )
