"""Base classes of engines that hold a model: loaded at its first use, dropped by ``close()``."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from importlib import metadata
from typing import Generic, TypeVar

from dub_assets.core.engine import EngineIdentity, WeightFile
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import weights
from dub_assets.engines.models.weights import PackagedFile, Weights
from dub_assets.engines.telemetry import disable_telemetry

ModelT = TypeVar("ModelT")


class Engine(ABC, Generic[ModelT]):
    """An engine with one model, which it loads at its first use. Methods may be called from several threads.

    A subclass sets ``name``, ``licence`` and ``distribution``, whose version is the engine's, and implements ``_load``.
    It overrides ``_weights`` unless all its weights are ``packaged_files``.

        class Hibari(Engine[hibari.Hibari]):
            name, licence, distribution = "hibari", "Apache-2.0", "hibari-tts"
            packaged_files = (MODEL,)

            def _load(self) -> hibari.Hibari:
                import hibari

                return hibari.Hibari(model=self._weights[MODEL.name])

            def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
                return [_sound(self._model()(utterance.text)) for utterance in utterances]
    """

    name: str
    licence: str
    distribution: str
    packaged_files: Sequence[PackagedFile] = ()

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        """Held while the model is loaded or dropped; engines that run one call at a time hold it during a call too."""
        self._loaded: ModelT | None = None

    @cached_property
    def identity(self) -> EngineIdentity:
        """The engine with its version, the hashes of its weights, and the settings that change its results."""
        return EngineIdentity(
            name=self.name,
            version=self._version,
            licence=self.licence,
            weights=self._weight_files,
            settings=self._identity_settings,
        )

    def load(self) -> None:
        """Load the model unless it is loaded."""
        self._model()

    def close(self) -> None:
        """Drop the model; the next call loads it again."""
        with self._lock:
            self._loaded = None

    @abstractmethod
    def _load(self) -> ModelT:
        """Return the model. Import the engine's library here, not at the top of the module.

        Raises EngineUnavailableError if the library is not installed or a file is not what it should be.
        """

    def _model(self) -> ModelT:
        """Return the model, loading it at the first call."""
        with self._lock:
            if self._loaded is None:
                disable_telemetry()
                self._loaded = self._load()
            return self._loaded

    @cached_property
    def _weights(self) -> Weights:
        """The files of the engine's weights, verified."""
        settings = self._settings
        return weights.find(self.name, self.packaged_files, cache_dir=settings.cache_dir, folder=settings.weights_dir)

    @property
    def _version(self) -> str:
        return metadata.version(self.distribution)

    @property
    def _weight_files(self) -> tuple[WeightFile, ...]:
        """The weights that are part of the identity."""
        return self._weights.weight_files

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        """The settings that are part of the identity, sorted by name."""
        return ()


class AcceleratedEngine(Engine[ModelT]):
    """An engine whose model is on the accelerator, where models that are not in use make room for it.

    Calls run inside ``with self._in_use():``. Hold ``_lock`` inside of that block only: the accelerator closes other
    engines while it enters the block, and closing waits for their locks.
    """

    def load(self) -> None:
        """Load the model on the processor. On a GPU the first call loads it, because it has to make room first."""
        if self._accelerator.kind == "cpu":
            super().load()

    def close(self) -> None:
        """Drop the model and free its memory; the next call loads it again."""
        super().close()
        self._accelerator.unloaded(self)

    @abstractmethod
    def _need_mib(self) -> int:
        """Return an estimate of the memory that the model takes, in MiB."""

    def _in_use(self) -> AbstractContextManager[None]:
        """Make room for the model and keep it on the device inside the block.

        Raises DeviceMemoryError if the device's memory runs out inside.
        """
        return self._accelerator.in_use(self.name, self, self._need_mib())

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()
