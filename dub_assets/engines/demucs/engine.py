"""Demucs: the hybrid transformer that tells voices from music and everything else."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from dub_assets.core.device import FittingBatches
from dub_assets.core.engine import EngineIdentity, SeparatorCapabilities
from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.ports import Separator
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.demucs import weights as demucs_weights
from dub_assets.engines.demucs.weights import LICENCE, MODEL_MIB, NAME
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.overlap import overlapped

CAPABILITIES = SeparatorCapabilities(sample_rate_hz=44_100)

OVERLAP = 0.25
SEGMENT_MIB = 1500
"""Of a segment of two channels at work: an estimate."""
_MOST_SEGMENTS = 16


class Demucs:
    """A separator over Demucs: what it hears as the voice is vocals; drums, bass and the rest are background.

    A programme is worked through in segments of the length that the model was trained on (7.8 s), which overlap.
    Channels go in by twos; a single one goes in twice. No random shifts: the same sound gives the same vocals.
    """

    def __init__(self, settings: EngineSettings, *, overlap: float = OVERLAP) -> None:
        self._settings = settings
        self._overlap = overlap
        self._model: _VocalModel | None = None

    @property
    def capabilities(self) -> SeparatorCapabilities:
        """44.1 kHz, any number of channels."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """Demucs by the package's version and the hashes of the model's files."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version("demucs"),
            licence=LICENCE,
            weights=self._weights.weight_files,
            settings=(("model", self._settings.models.demucs), ("overlap", f"{self._overlap:g}")),
        )

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        """Yield ``(mixture, vocals)`` in blocks of some seconds.

        Raises InputError where samples are not finite, and DeviceMemoryError where not even two channels fit.
        """
        plan = {"item_mib": SEGMENT_MIB, "most": _MOST_SEGMENTS, "otherwise": 1}
        fitting = FittingBatches(self._accelerator.batch_size(self, MODEL_MIB, **plan))
        with self._accelerator.in_use(NAME, self, MODEL_MIB):
            model = self._loaded()

            def work(pairs: Sequence[Samples]) -> list[Samples]:
                with self._accelerator.memory_errors(NAME):
                    return model.vocals(pairs)

            def vocals_of(segments: Sequence[Samples]) -> list[Samples]:
                pairs = [pair for segment in segments for pair in _pairs(segment)]
                heard = iter(fitting.results(work, pairs))
                return [_joined(segment.shape[1], heard) for segment in segments]

            blocks = (_checked(sound) for sound in mixture)
            for known, vocals in overlapped(
                blocks, vocals_of, segment=model.frames, overlap=self._overlap, at_once=_MOST_SEGMENTS // 4
            ):
                yield _sound(known), _sound(vocals)

    def close(self) -> None:
        """Drop the model and give its memory back; a later call loads it again."""
        self._model = None
        self._accelerator.unloaded(self)

    @cached_property
    def _weights(self) -> Weights:
        return demucs_weights.find(self._settings)

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()

    def _loaded(self) -> _VocalModel:
        if self._model is None:
            self._model = _load(self._settings.models.demucs, self._weights, self._accelerator.device)
        return self._model


@dataclass(frozen=True, slots=True, kw_only=True)
class _VocalModel:
    """The models of a bag that say something about vocals, with their weights, on a device.

    They take segments of ``frames`` frames; ``vocals_at`` is the place of the vocals among their sources.
    """

    models: tuple[tuple[Any, float], ...]
    vocals_at: int
    frames: int
    device: str

    def vocals(self, pairs: Sequence[Samples]) -> list[Samples]:
        """The vocals of segments of two channels."""
        import torch

        batch = torch.from_numpy(np.stack([pair.T for pair in pairs])).to(self.device)
        total = sum(weight for _, weight in self.models)
        with torch.inference_mode():
            heard = sum(model(batch)[:, self.vocals_at] * (weight / total) for model, weight in self.models)
        return [samples.T for samples in heard.float().cpu().numpy()]


def _load(name: str, found: Weights, device: str) -> _VocalModel:
    try:
        import demucs
        from demucs.apply import BagOfModels
        from demucs.repo import AnyModelRepo, BagOnlyRepo, LocalRepo, ModelLoadingError
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
    folder = next(iter(found.values())).parent
    bags = folder if f"{name}.yaml" in found else Path(demucs.__file__).parent / "remote"
    repo = LocalRepo(folder)
    try:
        loaded = AnyModelRepo(repo, BagOnlyRepo(bags, repo)).get_model(name)
    except (ModelLoadingError, pickle.UnpicklingError, RuntimeError, EOFError, KeyError, OSError) as error:
        raise EngineUnavailableError(f"{NAME} cannot read the model in {folder}: put it there anew") from error
    bag = loaded if isinstance(loaded, BagOfModels) else BagOfModels([loaded])
    if "vocals" not in bag.sources:
        raise EngineUnavailableError(f"the model in {folder} knows no vocals: choose another with DEMUCS_MODEL")
    at = bag.sources.index("vocals")
    telling = [(model, float(weight[at])) for model, weight in zip(bag.models, bag.weights, strict=True) if weight[at]]
    return _VocalModel(
        models=tuple((model.to(device).eval(), weight) for model, weight in telling),
        vocals_at=at,
        frames=int(bag.samplerate * float(telling[0][0].segment)),
        device=device,
    )


def _pairs(segment: Samples) -> list[Samples]:
    """The channels by twos; one that is left over goes with itself."""
    channels = segment.shape[1]
    return [segment[:, [first, min(first + 1, channels - 1)]] for first in range(0, channels, 2)]


def _joined(channels: int, heard: Iterator[Samples]) -> Samples:
    """The channels of one segment again, from its pairs; of a channel that went in twice, the mean."""
    columns: list[Samples] = []
    for first in range(0, channels, 2):
        pair = next(heard)
        columns.append(pair if first + 1 < channels else pair.mean(axis=1, keepdims=True))
    return np.concatenate(columns, axis=1)


def _checked(sound: Sound) -> Samples:
    if sound.rate_hz != CAPABILITIES.sample_rate_hz:
        raise ValueError(f"{NAME} takes sound at {CAPABILITIES.sample_rate_hz} Hz, not at {sound.rate_hz} Hz")
    if not np.isfinite(sound.samples).all():
        raise InputError("the sound holds samples that are no numbers: decode or repair the file first")
    return sound.samples


def _sound(samples: Samples) -> Sound:
    return Sound(samples=samples, rate_hz=CAPABILITIES.sample_rate_hz)


ENTRY: EngineEntry[Separator] = EngineEntry(
    stage="separation",
    name=NAME,
    summary="Demucs, the hybrid transformer: htdemucs, htdemucs_ft, or a model of your own",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=("demucs", "torch"),
    extra="gpu",
    build=Demucs,
    models=demucs_weights.models,
    extension=f"put *.th and a bag's yaml into {NAME}/<DEMUCS_MODEL>/ of the weights folder",
    automatic=False,
)
