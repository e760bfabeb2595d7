"""pyannote's diarisation: who speaks when, by short-time segmentation and clustering of voices, in any language."""

from __future__ import annotations

import io
import pickle
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import DiariserCapabilities, EngineIdentity
from dub_assets.core.errors import DeviceMemoryError, EngineUnavailableError, InputError
from dub_assets.core.ports import Diariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeakerTurn
from dub_assets.core.timing import Interval
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.pyannote import weights as pyannote_weights
from dub_assets.engines.pyannote.weights import CONFIG, LICENCE, MODEL_MIB, NAME

DISTRIBUTION = "pyannote.audio"
CAPABILITIES = DiariserCapabilities(sample_rate_hz=16_000)

WINDOW_MIB = 60
"""Of ten seconds at work in the embedding, its widest layers: an estimate."""
_MOST_WINDOWS = 32
_WINDOWS_ON_PROCESSOR = 8


class Pyannote:
    """A diariser over pyannote.audio and a pipeline laid out like community-1.

    The programme is held in memory (230 MB an hour). Where voices overlap, the one that pyannote hears best has the
    turn.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pipeline: Any = None

    @property
    def capabilities(self) -> DiariserCapabilities:
        """Mono sound at 16 kHz."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """The pipeline by the hashes of its files, the rest by pyannote.audio's version."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=f"MIT; models: {LICENCE}",
            weights=self._weights.weight_files,
        )

    def turns(self, sound: Iterable[Sound], count: int | None = None) -> list[SpeakerTurn]:
        """Who speaks when; batches are halved where memory runs out.

        Raises InputError where samples are not finite, and DeviceMemoryError where not even one window fits.
        """
        samples = _whole(sound)
        if not len(samples):
            return []
        with self._lock:
            size = self._batch_size()
            while True:
                try:
                    with self._accelerator.in_use(NAME, self, MODEL_MIB), _silenced():
                        return self._turns(samples, count, size)
                except DeviceMemoryError:
                    if size == 1:
                        raise
                    size //= 2

    def close(self) -> None:
        """Free the models' memory; a later call loads them again."""
        self._pipeline = None
        self._accelerator.unloaded(self)

    @cached_property
    def _weights(self) -> Weights:
        return pyannote_weights.find(self._settings)

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()

    def _batch_size(self) -> int:
        plan = {"item_mib": WINDOW_MIB, "most": _MOST_WINDOWS, "otherwise": _WINDOWS_ON_PROCESSOR}
        return self._accelerator.batch_size(self, MODEL_MIB, **plan)

    def _turns(self, samples: NDArray[np.float32], count: int | None, size: int) -> list[SpeakerTurn]:
        pipeline = self._loaded()
        import torch

        pipeline.segmentation_batch_size = pipeline.embedding_batch_size = size
        programme = {"waveform": torch.from_numpy(samples[np.newaxis]), "sample_rate": CAPABILITIES.sample_rate_hz}
        told = _diarised(pipeline, programme, count).exclusive_speaker_diarization
        numbers = {label: number for number, label in enumerate(told.labels())}
        turns: list[SpeakerTurn] = []
        at_ms, end_ms = 0, len(samples) * 1000 // CAPABILITIES.sample_rate_hz
        for segment, _, label in told.itertracks(yield_label=True):
            interval = _between(segment, at_ms, end_ms)
            if interval.duration_ms:
                turns.append(SpeakerTurn(interval=interval, speaker=numbers[label]))
                at_ms = interval.end_ms
        return turns

    def _loaded(self) -> Any:
        if self._pipeline is None:
            self._pipeline = _load(self._weights, self._accelerator.device)
        return self._pipeline


def _load(found: Weights, device: str) -> Any:
    try:
        import torch
        import yaml
        from pyannote.audio import Pipeline
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
    path = found[CONFIG]
    unreadable = (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError)
    try:
        pyannote_weights.check_config(path, yaml.safe_load(path.read_text(encoding="utf-8")))
        pipeline = Pipeline.from_pretrained(path.parent)
    except (*unreadable, ImportError, OSError, yaml.YAMLError) as error:
        raise EngineUnavailableError(f"{NAME} cannot read the models in {path.parent}: put them there anew") from error
    return pipeline.to(torch.device(device))


def _diarised(pipeline: Any, programme: dict[str, Any], count: int | None) -> Any:
    """What the pipeline tells of ``count`` speakers, or of fewer: its k-means fails where it hears fewer voices."""
    try:
        return pipeline(programme, num_speakers=count)
    except ValueError as error:
        if "n_clusters" not in str(error):
            raise
        return pipeline(programme, max_speakers=count)


@contextmanager
def _silenced() -> Iterator[None]:
    """Inside, the library neither prints to standard output, where results go, nor warns of few speakers."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _whole(sound: Iterable[Sound]) -> NDArray[np.float32]:
    blocks = []
    for block in sound:
        if block.rate_hz != CAPABILITIES.sample_rate_hz or block.channels != 1:
            raise ValueError(f"{NAME} takes mono sound at {CAPABILITIES.sample_rate_hz} Hz")
        if not np.isfinite(block.samples).all():
            raise InputError("the sound holds samples that are no numbers: decode or repair the file first")
        blocks.append(block.samples[:, 0])
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _between(segment: Any, first_ms: int, last_ms: int) -> Interval:
    """A segment of seconds, kept behind the turn before it and inside the programme: windows reach beyond its end."""
    start_ms, end_ms = (min(max(first_ms, round(at_s * 1000)), last_ms) for at_s in (segment.start, segment.end))
    return Interval(start_ms=start_ms, end_ms=end_ms)


ENTRY: EngineEntry[Diariser] = EngineEntry(
    stage="speakers",
    name=NAME,
    summary="pyannote's diarisation: turns by segmentation and clustering, behind a gate",
    licence=f"MIT; models: {LICENCE}",
    capabilities=CAPABILITIES,
    requires=(DISTRIBUTION, "torch"),
    extra="gpu",
    build=Pyannote,
    models=pyannote_weights.models,
    extension=f"put a pipeline laid out like community-1 into {NAME}/ of the weights folder",
    memory_mib=MODEL_MIB,
    automatic=False,
)
