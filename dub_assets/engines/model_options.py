"""Which models the engines use, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LICENCE_PROFILES = ("any", "commercial")

_ALIGNED = "ar cs de en es fi fr hu id ja ko nl pl pt ru sv tr zh"
ALIGNMENT_LANGUAGES = tuple(_ALIGNED.split())
"""Languages that there is a pinned model of forced alignment for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The models of the engines that have several."""

    engine_set: str = field(
        default="packaged",
        metadata={
            "env": "ENGINE_SET",
            "help": "defaults of engines and models: packaged, or gpu (the image gpu sets it; docs/engines.md)",
            "choices": ("packaged", "gpu"),
        },
    )
    licence_profile: str = field(
        default="any",
        metadata={
            "env": "LICENCE_PROFILE",
            "help": "any, or commercial: refuses models whose licence forbids commercial use",
            "choices": LICENCE_PROFILES,
        },
    )
    lock: Path | None = field(
        default=None,
        metadata={
            "env": "MODELS_LOCK",
            "help": "file in which `dub-assets models pull` writes down what it fetched; unset: in the cache",
        },
    )
    whisper: str = field(
        default="base",
        metadata={"env": "WHISPER_MODEL", "help": "size of Whisper, or the name of a folder of your own weights"},
    )
    alignment_languages: tuple[str, ...] = field(
        default=(),
        metadata={
            "env": "ALIGNMENT_LANGUAGES",
            "help": "languages, comma-separated, whose words WhisperX places by a fetched model of their sounds",
            "choices": ALIGNMENT_LANGUAGES,
        },
    )
    nllb: str = field(
        default="600M",
        metadata={"env": "NLLB_MODEL", "help": "size of NLLB-200: 600M or 1.3B", "choices": ("600M", "1.3B")},
    )
    firefox_registry: str = field(
        default="https://firefox.settings.services.mozilla.com/v1/buckets/main/collections/translations-models-v2/records",
        metadata={
            "env": "FIREFOX_MODELS_REGISTRY",
            "help": "address of the list of Firefox's translation models, Mozilla's own or a mirror's",
        },
    )
    firefox_files: str = field(
        default="https://firefox-settings-attachments.cdn.mozilla.net",
        metadata={"env": "FIREFOX_MODELS_FILES", "help": "address under which the files of that list lie"},
    )
    piper_voices: str = field(
        default="",
        metadata={
            "env": "PIPER_VOICES",
            "help": "voices of Piper, comma-separated, such as de_DE-thorsten-medium, in order of preference",
        },
    )
    demucs: str = field(
        default="htdemucs",
        metadata={"env": "DEMUCS_MODEL", "help": "htdemucs, htdemucs_ft, or the name of a folder of your own weights"},
    )
