"""Engine sets: defaults for several settings at once, chosen by ``ENGINE_SET``.

A set only replaces defaults. A variable that the environment sets goes before it.
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
"""Variables and their values, by the name of the set.

``packaged``: the engines whose weights ship as packages. ``gpu``: engines on torch whose code and models permit
commercial use; docs/decisions/0011-images.md has the reasons.
"""

_ALIGNED = {"gpu"}
"""Sets that place words by the model of the service's source language."""


def engine_set_defaults(name: str, source_language: str) -> dict[str, str]:
    """Return the variables that an engine set stands for, in a service whose jobs are in ``source_language``.

    Raises KeyError if there is no such set.
    """
    defaults = dict(ENGINE_SETS[name])
    if name in _ALIGNED and source_language in ALIGNMENT_LANGUAGES:
        defaults["ALIGNMENT_LANGUAGES"] = source_language
    return defaults
