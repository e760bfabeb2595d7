"""What the registry knows of an engine before it is built: data, and one function that builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Generic, TypeVar

from dub_assets.core.engine import Capabilities, EngineStage
from dub_assets.engines.accelerator import Accelerator, processor
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.install import install_command, install_extra_command
from dub_assets.engines.models.remote import ModelsLock, RemoteModel
from dub_assets.engines.models.weights import PackagedFile
from dub_assets.engines.service_options import ServiceOptions

Engine_co = TypeVar("Engine_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What every engine is built with.

    ``cache_dir`` takes joined and fetched weights; ``weights_dir`` is the user's own folder
    (``<weights_dir>/<engine>/<file>``); ``threads`` is the number of cores that an engine may use;
    ``accelerator`` gives the device that it computes on.
    """

    cache_dir: Path
    weights_dir: Path | None
    threads: int
    models: ModelOptions = field(default_factory=ModelOptions)
    services: ServiceOptions = field(default_factory=ServiceOptions)
    accelerator: Callable[[], Accelerator] = processor

    @property
    def lock(self) -> ModelsLock:
        """What was fetched, written down."""
        return ModelsLock(path=self.models.lock or self.cache_dir / "models.lock.json")


def nothing_unset(settings: EngineSettings) -> str:
    """The variables that an engine without any lacks."""
    del settings
    return ""


def no_pair_remedy(source: str, target: str) -> str:
    """The command of an engine that has none to add a pair of languages."""
    del source, target
    return ""


def no_models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """The models of an engine that is complete with its packages."""
    del settings
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry(Generic[Engine_co]):
    """An engine that can be asked for by name.

    ``requires`` are the distributions that must be installed. They come with ``extra``, an extra of this project, or
    with ``packages``, as arguments of ``uv pip install``.
    ``capabilities`` is what the engine serves with its packaged weights; ``model_capabilities`` what it serves with the
    model that the settings name, installed or not, where models differ; ``own_capabilities`` reads what it serves
    with what is installed and in the user's weights folder, where that differs; ``extension`` is one line that says
    how to add languages. ``models`` are those to fetch ahead of time for these settings in the place of the packaged
    weights, ``further_models`` those beside them, of which one at a time is loaded; ``memory_mib`` is an estimate of
    what the engine takes with its packaged weights. ``unset`` names the variables that have to be set and are not. A
    ``last_resort`` is taken only where nothing else serves. The models of an ``automatic`` engine belong to every
    configuration that leaves its stage at ``auto``; ``auto`` takes any other engine once its models are there, except
    one that is ``by_name_only``, because it costs money, sends text to a service or clones voices. ``build`` imports
    nothing heavy and loads no model: engines do so at their first use.
    """

    stage: EngineStage
    name: str
    summary: str
    licence: str
    capabilities: Capabilities
    requires: tuple[str, ...]
    build: Callable[[EngineSettings], Engine_co]
    packages: str = ""
    extra: str = ""
    weights: tuple[PackagedFile, ...] = ()
    model_capabilities: Callable[[EngineSettings], Capabilities] | None = None
    own_capabilities: Callable[[EngineSettings], Capabilities] | None = None
    extension: str = ""
    pair_remedy: Callable[[str, str], str] = no_pair_remedy
    models: Callable[[EngineSettings], tuple[RemoteModel, ...]] = no_models
    further_models: Callable[[EngineSettings], tuple[RemoteModel, ...]] = no_models
    memory_mib: int = 0
    unset: Callable[[EngineSettings], str] = nothing_unset
    automatic: bool = True
    by_name_only: bool = False
    last_resort: bool = False

    @property
    def install(self) -> str:
        """A command that installs the engine's packages."""
        return install_extra_command(self.extra) if self.extra else install_command(self.packages)

    def is_installed(self, settings: EngineSettings) -> bool:
        """Whether the engine's packages and the weights that it is to use are there."""
        return not (self.unset(settings) or self.lacks_packages(settings) or self.missing_models(settings))

    def lacks_models_only(self, settings: EngineSettings) -> bool:
        """Whether models are missing, and pulling them is all that is left to do."""
        return bool(self.missing_models(settings)) and not (self.unset(settings) or self.lacks_packages(settings))

    def lacks_packages(self, settings: EngineSettings) -> bool:
        """Whether a package is missing, be it a library or one that ships weights."""
        return self._lacks_libraries() or self._lacks_weights(settings)

    def all_models(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """Every model that is to be fetched ahead of time."""
        return (*self.models(settings), *self.further_models(settings))

    def missing_models(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """The models that have not been fetched."""
        return tuple(model for model in self.all_models(settings) if not remote.is_present(model, settings.cache_dir))

    def barred_models(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """The models whose licence forbids what the licence profile is about."""
        commercial = settings.models.licence_profile == "commercial"
        return tuple(model for model in self.all_models(settings) if commercial and not model.commercial_use)

    def remedy(self, settings: EngineSettings) -> str:
        """One line that says how to get what is missing."""
        if self._lacks_libraries():
            return self.install
        if self._lacks_weights(settings):  # they are for their files alone: what they depend on may be large
            return install_command(f"--no-deps {weights.missing_pins(self.weights)}")
        unset = self.unset(settings)
        return f"set {unset}" if unset else f"dub-assets models pull {self.name}"

    def needs_mib(self, settings: EngineSettings) -> int:
        """An estimate of the memory that the engine takes, 0 where there is none."""
        further_mib = max((model.memory_mib for model in self.further_models(settings)), default=0)
        return (sum(model.memory_mib for model in self.models(settings)) or self.memory_mib) + further_mib

    def serves(self, settings: EngineSettings) -> Capabilities:
        """What the engine can do with what is installed here."""
        return self.own_capabilities(settings) if self.own_capabilities else self.could_serve(settings)

    def _lacks_libraries(self) -> bool:
        return not all(_is_distribution(name) for name in self.requires)

    def _lacks_weights(self, settings: EngineSettings) -> bool:
        packaged = () if self.models(settings) else self.weights
        return not weights.are_present(self.name, packaged, settings.weights_dir)

    def could_serve(self, settings: EngineSettings) -> Capabilities:
        """What the engine can do once everything that it needs is installed."""
        return self.model_capabilities(settings) if self.model_capabilities else self.capabilities


def _is_distribution(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
