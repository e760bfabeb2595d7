"""Options of the models: which ones the engines use, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dub_assets.core.option import COMMA_SEPARATED, UserPath, one_of, option

LICENCE_PROFILES = ("any", "commercial")

_ALIGNED = "ar cs de en es fi fr hu id ja ko nl pl pt ru sv tr zh"
ALIGNMENT_LANGUAGES = tuple(_ALIGNED.split())
"""Languages with a pinned model for forced alignment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The models of the engines that have several."""

    engine_set: Annotated[
        str,
        one_of("packaged", "gpu"),
        option(
            "ENGINE_SET", "defaults of engines and models: packaged, or gpu (the image gpu sets it; docs/engines.md)"
        ),
    ] = "packaged"
    licence_profile: Annotated[
        str,
        one_of(*LICENCE_PROFILES),
        option("LICENCE_PROFILE", "any, or commercial: refuses models whose licence forbids commercial use"),
    ] = "any"
    lock: Annotated[
        UserPath | None,
        option("MODELS_LOCK", "file in which `dub-assets models pull` records hashes; unset: in the cache"),
    ] = None
    whisper: Annotated[str, option("WHISPER_MODEL", "size of Whisper, or the name of a folder of your own weights")] = (
        "base"
    )
    alignment_languages: Annotated[
        tuple[Annotated[str, one_of(*ALIGNMENT_LANGUAGES)], ...],
        COMMA_SEPARATED,
        option(
            "ALIGNMENT_LANGUAGES",
            "languages, comma-separated, in which WhisperX aligns words with a pulled model",
        ),
    ] = ()
    nllb: Annotated[str, one_of("600M", "1.3B"), option("NLLB_MODEL", "size of NLLB-200: 600M or 1.3B")] = "600M"
    firefox_registry: Annotated[
        str,
        option("FIREFOX_MODELS_REGISTRY", "address of the list of Firefox's translation models, or of a mirror's list"),
    ] = "https://firefox.settings.services.mozilla.com/v1/buckets/main/collections/translations-models-v2/records"
    firefox_files: Annotated[str, option("FIREFOX_MODELS_FILES", "base address of the files of that list")] = (
        "https://firefox-settings-attachments.cdn.mozilla.net"
    )
    piper_voices: Annotated[
        str,
        option(
            "PIPER_VOICES", "voices of Piper, comma-separated, such as de_DE-thorsten-medium, in order of preference"
        ),
    ] = ""
    demucs: Annotated[
        str, option("DEMUCS_MODEL", "htdemucs, htdemucs_ft, or the name of a folder of your own weights")
    ] = "htdemucs"
