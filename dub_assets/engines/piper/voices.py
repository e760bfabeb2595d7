"""Piper's voices: a voice's configuration, and the voices of the model hub, pinned to a commit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.language import parse_language
from dub_assets.engines.models.remote import RemoteFile, RemoteModel

HOME = "rhasspy/piper-voices"
REVISION = "c10ece1aade47bb51c153c893d14e5bf8e5b7117"
MEMORY_MIB = 250

_NAME = re.compile(r"(?P<locale>(?P<family>[a-z]{2,3})_[A-Z]{2})-(?P<voice>[^-/]+)-(?P<quality>x_low|low|medium|high)")

_UNKNOWN_LICENCE = "see its MODEL_CARD"

_FREE = {
    "de_DE-thorsten-high": "CC0-1.0",
    "de_DE-thorsten-medium": "CC0-1.0",
    "en_GB-alba-medium": "CC-BY-4.0",
    "en_US-ljspeech-medium": "public domain",
    "fr_FR-siwis-medium": "CC-BY-4.0",
}
"""Voices whose model cards permit commercial use. The terms of each other voice are in its model card."""

_SHA256 = {
    "ar_JO-kareem-medium": "9e95cab07b679da603bba17c4dec7ab3111320571964ee95c0379603c086491e",
    "de_DE-thorsten-high": "9df1c43c61149ef9b39e618e2b861fbe41e1fcea9390b2dac62e8761573ea4f1",
    "de_DE-thorsten-medium": "7e64762d8e5118bb578f2eea6207e1a35a8e0c30595010b666f983fc87bb7819",
    "en_US-lessac-medium": "5efe09e69902187827af646e1a6e9d269dee769f9877d17b16b1b46eeaaf019f",
    "es_ES-davefx-medium": "6658b03b1a6c316ee4c265a9896abc1393353c2d9e1bca7d66c2c442e222a917",
    "fr_FR-siwis-medium": "641d1ab097da2b81128c076810edb052b385decc8be3381814802a64a73baf99",
    "it_IT-paola-medium": "6fc918b5a0ea6137382833dddfa567bffbe6a5060c02043c87192ee59c04210c",
    "ja_JP-hi_fi_captain-medium": "5eafa1610fc7a0ff2e7fde9cbe0972d876266e23d8db331727eb2466f19460eb",
    "ko_KR-kss-medium": "624fd774e26895f24bebae1bd9a3379e3394baeade4b584924f83e414096e2c9",
    "nl_NL-mls-medium": "88312e0fbf505b87caf2373d94c1384892e86b1bf2ee482cf65dc8ba179cc7d3",
    "pl_PL-darkman-medium": "db505438a5364e8e2e0242c4324130a873ed660dfbe8d9689cef428ffb1b645f",
    "pt_BR-faber-medium": "858555e3a064209c57088fe6bd70c4c3dc54d03eaa00c45d5ecaf43a33f95aa7",
    "ru_RU-irina-medium": "8ff38212d23da300bbe3705c645e6e5b9475f0bfde01558eb17813e22acaaaaa",
    "tr_TR-dfki-medium": "2844717f524ab965d3fe86e60562cbb601d3e456836efcc2196cc3a14112a8fb",
    "uk_UA-ukrainian_tts-medium": "7920419ac5f6fd8b6450520f24b52ed5a319cb53dd018fbcd71c9e079cbac84f",
    "zh_CN-huayan-medium": "9929917bf8cabb26fd528ea44d3a6699c11e87317a14765312420be230be0f3d",
}
"""Known hashes of models; those of other voices are written into the lock at the first pull."""


def hub_voice(name: str) -> RemoteModel:
    """Return a voice of the hub by its name, such as ``de_DE-thorsten-medium``. Raises ConfigurationError."""
    parts = _NAME.fullmatch(name)
    if not parts:
        raise ConfigurationError(
            f"PIPER_VOICES: {name!r} is neither the name of a voice, such as de_DE-thorsten-medium, nor a file "
            f"piper/{name}.onnx of the weights folder"
        )
    place = f"{parts['family']}/{parts['locale']}/{parts['voice']}/{parts['quality']}/{name}.onnx"
    return RemoteModel(
        name=name,
        home=HOME,
        revision=REVISION,
        files=(RemoteFile(name=place, sha256=_SHA256.get(name, "")), RemoteFile(name=f"{place}.json")),
        licence=_FREE.get(name, _UNKNOWN_LICENCE),
        commercial_use=name in _FREE,
        memory_mib=MEMORY_MIB,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceConfig:
    """A voice's configuration: rate in Hz, espeak-ng's voice, and the numbers of phonemes and speakers."""

    language: str
    espeak_voice: str
    rate_hz: int
    noise_scale: float
    length_scale: float
    noise_w: float
    phonemes: Mapping[str, tuple[int, ...]]
    speakers: Mapping[str, int]

    @classmethod
    def read(cls, path: Path) -> VoiceConfig:
        """Read a voice's ``.onnx.json``. Raises EngineUnavailableError if it is not a voice of espeak-ng's."""
        try:
            content: dict[str, Any] = json.loads(path.read_bytes())
            espeak_voice = str(content["espeak"]["voice"])
            family = (content.get("language") or {}).get("family") or espeak_voice.partition("-")[0]
            inference = content.get("inference") or {}
            config = cls(
                language=parse_language(str(family)),
                espeak_voice=espeak_voice,
                rate_hz=int(content["audio"]["sample_rate"]),
                noise_scale=float(inference.get("noise_scale", 0.667)),
                length_scale=float(inference.get("length_scale", 1.0)),
                noise_w=float(inference.get("noise_w", 0.8)),
                phonemes={sign: tuple(map(int, ids)) for sign, ids in content["phoneme_id_map"].items()},
                speakers={str(name): int(number) for name, number in (content.get("speaker_id_map") or {}).items()}
                if int(content.get("num_speakers") or 1) > 1
                else {},
            )
            usable = content.get("phoneme_type", "espeak") == "espeak" and {"_", "^", "$"} <= config.phonemes.keys()
        except (OSError, ValueError, LookupError, TypeError, AttributeError, UnsupportedLanguageError) as error:
            raise EngineUnavailableError(f"piper cannot read {path}: put the voice's own .onnx.json there") from error
        if not usable:
            raise EngineUnavailableError(f"piper cannot speak with {path}: its phonemes are not espeak-ng's")
        return config
