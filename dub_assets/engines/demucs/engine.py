"""Demucs, the hybrid transformer: separates voices from music and everything else."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dub_assets.core.device import FittingBatches
from dub_assets.core.engine import SeparatorCapabilities
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.demucs import weights as demucs_weights
from dub_assets.engines.demucs.weights import LICENCE, MODEL_MIB, NAME
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.checked_sound import checked_samples
from dub_assets.engines.shared.overlap import overlapped

CAPABILITIES = SeparatorCapabilities(sample_rate_hz=44_100)

OVERLAP = 0.25
SEGMENT_MIB = 1500
"""Memory of a segment of two channels: an estimate."""
_MAX_SEGMENTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _VocalModel:
    """The models of a bag that contribute to vocals, with their weights, on a device.

    They take segments of ``frames`` frames; ``vocals_index`` is the index of vocals among their sources.
    """

    models: tuple[tuple[Any, float], ...]
    vocals_index: int
    frames: int
    device: str

    def vocals(self, pairs: Sequence[Samples]) -> list[Samples]:
        """Return the vocals of segments with two channels."""
        import torch

        batch = torch.from_numpy(np.stack([pair.T for pair in pairs])).to(self.device)
        total = sum(weight for _, weight in self.models)
        with torch.inference_mode():
            vocals = sum(model(batch)[:, self.vocals_index] * (weight / total) for model, weight in self.models)
        return [samples.T for samples in vocals.float().cpu().numpy()]


class Demucs(AcceleratedEngine[_VocalModel]):
    """A separator over Demucs: its vocals are vocals; drums, bass and everything else are background.

    A programme is processed in overlapping segments of the length that the model was trained on (7.8 s). Channels are
    processed in pairs; a single channel is paired with itself. Without random shifts, results are repeatable.
    """

    name, licence, distribution = NAME, LICENCE, "demucs"

    def __init__(self, settings: EngineSettings, *, overlap: float = OVERLAP) -> None:
        super().__init__(settings)
        self._overlap = overlap

    @property
    def capabilities(self) -> SeparatorCapabilities:
        """44.1 kHz, any number of channels."""
        return CAPABILITIES

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        """Yield ``(mixture, vocals)`` in blocks of some seconds.

        Raises InputError if samples are not finite, DeviceMemoryError if not even two channels fit.
        """
        batch_size = self._accelerator.batch_size(
            self, MODEL_MIB, item_mib=SEGMENT_MIB, most=_MAX_SEGMENTS, otherwise=1
        )
        batches = FittingBatches(batch_size)
        with self._in_use():
            model = self._model()

            def vocals_of_pairs(pairs: Sequence[Samples]) -> list[Samples]:
                with self._accelerator.memory_errors(NAME):
                    return model.vocals(pairs)

            def vocals_of_segments(segments: Sequence[Samples]) -> list[Samples]:
                pairs = [pair for segment in segments for pair in _channel_pairs(segment)]
                vocals = iter(batches.results(vocals_of_pairs, pairs))
                return [_join_channels(segment.shape[1], vocals) for segment in segments]

            blocks = (checked_samples(sound, rate_hz=CAPABILITIES.sample_rate_hz, engine=NAME) for sound in mixture)
            for mixed, vocals in overlapped(
                blocks, vocals_of_segments, window=model.frames, overlap=self._overlap, batch=_MAX_SEGMENTS // 4
            ):
                yield _sound(mixed), _sound(vocals)

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return ("model", self._settings.models.demucs), ("overlap", f"{self._overlap:g}")

    @cached_property
    def _weights(self) -> Weights:
        return demucs_weights.find(self._settings)

    def _need_mib(self) -> int:
        return MODEL_MIB

    def _load(self) -> _VocalModel:
        try:
            from demucs.apply import BagOfModels
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
        folder = next(iter(self._weights.values())).parent
        loaded = _read_model(self._settings.models.demucs, self._weights, folder)
        bag = loaded if isinstance(loaded, BagOfModels) else BagOfModels([loaded])
        if "vocals" not in bag.sources:
            raise EngineUnavailableError(f"the model in {folder} has no vocals: choose another with DEMUCS_MODEL")
        index, device = bag.sources.index("vocals"), self._accelerator.device
        models = [
            (model, float(weights[index]))
            for model, weights in zip(bag.models, bag.weights, strict=True)
            if weights[index]
        ]
        return _VocalModel(
            models=tuple((model.to(device).eval(), weight) for model, weight in models),
            vocals_index=index,
            frames=int(bag.samplerate * float(models[0][0].segment)),
            device=device,
        )


def _read_model(name: str, files: Weights, folder: Path) -> Any:
    """Return the model or bag of models of this name. Raises EngineUnavailableError if a file is invalid."""
    import demucs
    from demucs.repo import AnyModelRepo, BagOnlyRepo, LocalRepo, ModelLoadingError

    bags = folder if f"{name}.yaml" in files else Path(demucs.__file__).parent / "remote"
    repository = LocalRepo(folder)
    try:
        return AnyModelRepo(repository, BagOnlyRepo(bags, repository)).get_model(name)
    except (ModelLoadingError, pickle.UnpicklingError, RuntimeError, EOFError, KeyError, OSError) as error:
        raise EngineUnavailableError(f"{NAME} cannot read the model in {folder}: replace it") from error


def _channel_pairs(segment: Samples) -> list[Samples]:
    """Return the channels in pairs; the last one of an odd number is paired with itself."""
    channels = segment.shape[1]
    return [segment[:, [first, min(first + 1, channels - 1)]] for first in range(0, channels, 2)]


def _join_channels(channels: int, pairs: Iterator[Samples]) -> Samples:
    """Return a segment of ``channels`` from its pairs; a channel that was paired with itself is the mean of its two."""
    columns: list[Samples] = []
    for first in range(0, channels, 2):
        pair = next(pairs)
        columns.append(pair if first + 1 < channels else pair.mean(axis=1, keepdims=True))
    return np.concatenate(columns, axis=1)


def _sound(samples: Samples) -> Sound:
    return Sound(samples=samples, rate_hz=CAPABILITIES.sample_rate_hz)


ENTRY: EngineEntry[Separator] = EngineEntry(
    stage="separation",
    name=NAME,
    summary="Demucs, the hybrid transformer: htdemucs, htdemucs_ft, or your own model",
    licence=LICENCE,
    build=Demucs,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=("demucs", "torch"), extra="gpu"),
    models=ModelSources(pulled=demucs_weights.models),
    auto="if_pulled",
    extension=f"put *.th and a bag's yaml into {NAME}/<DEMUCS_MODEL>/ of the weights folder",
)
