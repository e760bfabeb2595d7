"""Engine sets: defaults of several settings at once, chosen by ``ENGINE_SET``.

A set replaces defaults only: a variable that is set in the environment takes precedence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dub_assets.engines.model_options import ALIGNMENT_LANGUAGES

ENGINE_SETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "packaged": MappingProxyType({}),
        "gpu": MappingProxyType(
            {
                "SEPARATION_ENGINE": "demucs",
                "DEMUCS_MODEL": "htdemucs",
                "RECOGNITION_ENGINE": "whisperx",
                "WHISPER_MODEL": "large-v3",
                "SPEAKERS_ENGINE": "campplus",
                "TRANSLATION_ENGINE": "auto",
                "SYNTHESIS_ENGINE": "auto",
            }
        ),
    }
)
"""Variables and their defaults, by the name of the set.

``packaged``: the engines whose weights ship as packages. ``gpu``: engines on torch whose code and models permit
commercial use; docs/decisions/0011-images.md has the reasons.
"""

_ALIGNED = {"gpu"}
"""Sets that align words in the source language of the service."""


def engine_set_defaults(name: str, source_language: str) -> dict[str, str]:
    """Return the variables that an engine set gives a default, for jobs in ``source_language``.

    Raises KeyError if there is no such set.
    """
    defaults = dict(ENGINE_SETS[name])
    if name in _ALIGNED and source_language in ALIGNMENT_LANGUAGES:
        defaults["ALIGNMENT_LANGUAGES"] = source_language
    return defaults
