"""pyannote's diarisation: speaker turns by segmentation and clustering of voices, in any language."""

from __future__ import annotations

import io
import pickle
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import DiariserCapabilities
from dub_assets.core.errors import DeviceMemoryError, EngineUnavailableError
from dub_assets.core.ports import Diariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import SpeakerTurn
from dub_assets.core.timing import Interval
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.pyannote import weights as pyannote_weights
from dub_assets.engines.pyannote.weights import CONFIG, LICENCE, MODEL_MIB, NAME
from dub_assets.engines.shared.checked_sound import checked_samples

DISTRIBUTION = "pyannote.audio"
CAPABILITIES = DiariserCapabilities(sample_rate_hz=16_000)

WINDOW_MIB = 60
"""Memory of ten seconds in the embedding, whose layers are the widest: an estimate."""
_MAX_WINDOWS = 32
_WINDOWS_ON_PROCESSOR = 8


class Pyannote(AcceleratedEngine[Any]):
    """A diariser over pyannote.audio and a pipeline with the layout of community-1.

    The programme is held in memory (230 MB an hour). Where voices overlap, the turn belongs to the most probable one.
    """

    name, licence, distribution = NAME, f"MIT; models: {LICENCE}", DISTRIBUTION

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._one_call = threading.Lock()  # batch sizes are set on the pipeline

    @property
    def capabilities(self) -> DiariserCapabilities:
        """Mono sound at 16 kHz."""
        return CAPABILITIES

    def turns(self, sound: Iterable[Sound], count: int | None = None) -> list[SpeakerTurn]:
        """Return the turns of ``count`` speakers, or of as many as are found; batches are halved if memory runs out.

        Raises InputError if samples are not finite, DeviceMemoryError if not even one window fits.
        """
        samples = _joined_samples(sound)
        if not len(samples):
            return []
        with self._one_call:
            size = self._batch_size()
            while True:
                try:
                    with self._in_use(), _silenced():
                        return self._turns(samples, count, size)
                except DeviceMemoryError:
                    if size == 1:
                        raise
                    size //= 2

    @cached_property
    def _weights(self) -> Weights:
        return pyannote_weights.find(self._settings)

    def _need_mib(self) -> int:
        return MODEL_MIB

    def _batch_size(self) -> int:
        return self._accelerator.batch_size(
            self, MODEL_MIB, item_mib=WINDOW_MIB, most=_MAX_WINDOWS, otherwise=_WINDOWS_ON_PROCESSOR
        )

    def _turns(self, samples: NDArray[np.float32], count: int | None, batch_size: int) -> list[SpeakerTurn]:
        pipeline = self._model()
        import torch

        pipeline.segmentation_batch_size = pipeline.embedding_batch_size = batch_size
        programme = {"waveform": torch.from_numpy(samples[np.newaxis]), "sample_rate": CAPABILITIES.sample_rate_hz}
        diarisation = _diarise(pipeline, programme, count).exclusive_speaker_diarization
        speakers = {label: number for number, label in enumerate(diarisation.labels())}
        turns: list[SpeakerTurn] = []
        earliest_ms, end_ms = 0, len(samples) * 1000 // CAPABILITIES.sample_rate_hz
        for segment, _, label in diarisation.itertracks(yield_label=True):
            interval = _clipped(segment, earliest_ms, end_ms)
            if interval.duration_ms:
                turns.append(SpeakerTurn(interval=interval, speaker=speakers[label]))
                earliest_ms = interval.end_ms
        return turns

    def _load(self) -> Any:
        try:
            import torch
            import yaml
            from pyannote.audio import Pipeline
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
        path = self._weights[CONFIG]
        unreadable = (
            pickle.UnpicklingError,
            RuntimeError,
            EOFError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
        )
        try:
            pyannote_weights.check_config(path, yaml.safe_load(path.read_text(encoding="utf-8")))
            pipeline = Pipeline.from_pretrained(path.parent)
        except (*unreadable, ImportError, OSError, yaml.YAMLError) as error:
            raise EngineUnavailableError(f"{NAME} cannot read the models in {path.parent}: replace them") from error
        return pipeline.to(torch.device(self._accelerator.device))


def _diarise(pipeline: Any, programme: dict[str, Any], count: int | None) -> Any:
    """Run the pipeline for ``count`` speakers, or for at most as many if it finds fewer voices (k-means fails then)."""
    try:
        return pipeline(programme, num_speakers=count)
    except ValueError as error:
        if "n_clusters" not in str(error):
            raise
        return pipeline(programme, max_speakers=count)


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep the library from printing to standard output, where commands print results, and from warning."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _joined_samples(sound: Iterable[Sound]) -> NDArray[np.float32]:
    blocks = []
    for block in sound:
        if block.rate_hz != CAPABILITIES.sample_rate_hz or block.channels != 1:
            raise ValueError(f"{NAME} takes mono sound at {CAPABILITIES.sample_rate_hz} Hz")
        blocks.append(checked_samples(block, rate_hz=block.rate_hz, engine=NAME)[:, 0])
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _clipped(segment: Any, earliest_ms: int, latest_ms: int) -> Interval:
    """Return a segment, given in seconds, clipped to these times: windows reach beyond the programme's end."""
    start_ms, end_ms = (
        min(max(earliest_ms, round(seconds * 1000)), latest_ms) for seconds in (segment.start, segment.end)
    )
    return Interval(start_ms=start_ms, end_ms=end_ms)


ENTRY: EngineEntry[Diariser] = EngineEntry(
    stage="speakers",
    name=NAME,
    summary="pyannote's diarisation: speaker turns by segmentation and clustering; models behind a gate",
    licence=f"MIT; models: {LICENCE}",
    build=Pyannote,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=(DISTRIBUTION, "torch"), extra="gpu"),
    models=ModelSources(pulled=pyannote_weights.models, memory_mib=MODEL_MIB),
    auto="if_pulled",
    extension=f"put a pipeline with the layout of community-1 into {NAME}/ of the weights folder",
)
