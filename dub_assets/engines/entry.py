"""What is known of an engine before it is built: what it can do, what it needs, and the function that builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from dub_assets.core.engine import Capabilities, EngineStage
from dub_assets.engines.accelerator import Accelerator, processor
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.install import install_command, install_extra_command
from dub_assets.engines.models.remote import ModelsLock, RemoteModel
from dub_assets.engines.models.weights import PackagedFile
from dub_assets.engines.service_options import ServiceOptions

Engine_co = TypeVar("Engine_co", covariant=True)

Auto = Literal["default", "last_resort", "if_pulled", "never"]
"""How ``auto`` treats an engine.

``default``: takes it, and ``dub-assets models pull`` pulls its models for every configuration with ``auto``.
``last_resort``: like ``default``, after all other engines. ``if_pulled``: takes it once its models are there.
``never``: the engine must be named, because it costs money, sends text to a service, or clones voices.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What every engine is built with.

    ``cache_dir`` is the folder of joined and pulled weights; ``weights_dir`` is the user's own folder
    (``<weights_dir>/<engine>/<file>``); ``threads`` is the number of cores that an engine may use;
    ``accelerator`` returns the device that it computes on.
    """

    cache_dir: Path
    weights_dir: Path | None
    threads: int
    models: ModelOptions = field(default_factory=ModelOptions)
    services: ServiceOptions = field(default_factory=ServiceOptions)
    accelerator: Callable[[], Accelerator] = processor

    @property
    def lock(self) -> ModelsLock:
        """The lock of pulled models."""
        return ModelsLock(path=self.models.lock or self.cache_dir / "models.lock.json")


def _no_models(_: EngineSettings) -> tuple[RemoteModel, ...]:
    return ()


def _no_variables(_: EngineSettings) -> str:
    return ""


def _no_pair_remedy(_source: str, _target: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What an engine needs besides models.

    ``distributions`` must be installed. They come with ``extra``, an extra of this project, or with ``packages``,
    arguments of ``uv pip install``. ``unset`` returns the variables that have to be set and are not.
    """

    distributions: tuple[str, ...]
    extra: str = ""
    packages: str = ""
    unset: Callable[[EngineSettings], str] = _no_variables

    @property
    def install(self) -> str:
        """A command that installs the distributions."""
        return install_extra_command(self.extra) if self.extra else install_command(self.packages)

    def are_installed(self) -> bool:
        """Return whether all distributions are installed."""
        return all(_is_installed(name) for name in self.distributions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSources:
    """Where an engine's models come from.

    ``packaged`` files ship as packages. ``pulled`` returns the models that the settings name instead of them, and
    ``pulled_besides`` further models, of which one at a time is loaded. ``memory_mib`` is an estimate of what the
    engine takes with its packaged files.
    """

    packaged: tuple[PackagedFile, ...] = ()
    pulled: Callable[[EngineSettings], tuple[RemoteModel, ...]] = _no_models
    pulled_besides: Callable[[EngineSettings], tuple[RemoteModel, ...]] = _no_models
    memory_mib: int = 0

    def remote(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """Return every model that is to be pulled."""
        return (*self.pulled(settings), *self.pulled_besides(settings))

    def packaged_for(self, settings: EngineSettings) -> tuple[PackagedFile, ...]:
        """Return the packaged files that are used with these settings."""
        return () if self.pulled(settings) else self.packaged

    def needs_mib(self, settings: EngineSettings) -> int:
        """Return an estimate of the memory that the engine takes, 0 if there is none."""
        besides_mib = max((model.memory_mib for model in self.pulled_besides(settings)), default=0)
        return (sum(model.memory_mib for model in self.pulled(settings)) or self.memory_mib) + besides_mib


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry(Generic[Engine_co]):
    """An engine that can be chosen by name.

        ENTRY: EngineEntry[Synthesiser] = EngineEntry(
            stage="synthesis",
            name="hibari",
            summary="Hibari, a small network for one English voice",
            licence="Apache-2.0",
            build=Hibari,
            capabilities=CAPABILITIES,
            requirements=Requirements(distributions=("hibari-tts",), packages=MODEL.pins),
            models=ModelSources(packaged=(MODEL,)),
        )

    ``build`` imports no library and loads no model; engines do so at their first use. ``capabilities`` are those of the
    engine with everything installed, a function if they depend on the settings. ``installed_capabilities`` returns
    those with what is installed here, if that differs. ``extension`` is one line that says how to add languages, and
    ``pair_remedy`` returns the command that adds a pair of languages, if there is one. ``is_service`` engines call a
    service that is paid by use.
    """

    stage: EngineStage
    name: str
    summary: str
    licence: str
    build: Callable[[EngineSettings], Engine_co]
    capabilities: Capabilities | Callable[[EngineSettings], Capabilities]
    installed_capabilities: Callable[[EngineSettings], Capabilities] | None = None
    requirements: Requirements
    models: ModelSources = field(default_factory=ModelSources)
    auto: Auto = "default"
    extension: str = ""
    pair_remedy: Callable[[str, str], str] = _no_pair_remedy
    is_service: bool = False

    @property
    def is_default(self) -> bool:
        """Whether the engine belongs to every configuration that leaves its stage at ``auto``."""
        return self.auto in {"default", "last_resort"}

    def is_installed(self, settings: EngineSettings) -> bool:
        """Return whether the engine's packages, variables and models are there."""
        return not (self._lacks_more_than_models(settings) or self.missing_models(settings))

    def lacks_models_only(self, settings: EngineSettings) -> bool:
        """Return whether pulling models is all that is left to do."""
        return bool(self.missing_models(settings)) and not self._lacks_more_than_models(settings)

    def lacks_packages(self, settings: EngineSettings) -> bool:
        """Return whether a package is missing, either a library or one that ships weights."""
        return not self.requirements.are_installed() or self._lacks_packaged_files(settings)

    def missing_models(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """Return the models that have not been pulled."""
        models = self.models.remote(settings)
        return tuple(model for model in models if not remote.is_present(model, settings.cache_dir))

    def barred_models(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """Return the models that the licence profile refuses."""
        commercial = settings.models.licence_profile == "commercial"
        return tuple(model for model in self.models.remote(settings) if commercial and not model.commercial_use)

    def remedy(self, settings: EngineSettings) -> str:
        """Return one line that says how to get what is missing."""
        if not self.requirements.are_installed():
            return self.requirements.install
        if self._lacks_packaged_files(
            settings
        ):  # without dependencies, which are not needed for files and may be large
            return install_command(f"--no-deps {weights.missing_pins(self.models.packaged)}")
        unset = self.requirements.unset(settings)
        return f"set {unset}" if unset else f"dub-assets models pull {self.name}"

    def serves(self, settings: EngineSettings) -> Capabilities:
        """Return what the engine can do with what is installed here."""
        return self.installed_capabilities(settings) if self.installed_capabilities else self.could_serve(settings)

    def could_serve(self, settings: EngineSettings) -> Capabilities:
        """Return what the engine can do once everything that it needs is installed."""
        return self.capabilities(settings) if callable(self.capabilities) else self.capabilities

    def _lacks_more_than_models(self, settings: EngineSettings) -> bool:
        return bool(self.requirements.unset(settings)) or self.lacks_packages(settings)

    def _lacks_packaged_files(self, settings: EngineSettings) -> bool:
        return not weights.are_present(self.name, self.models.packaged_for(settings), settings.weights_dir)


AnyEntry = EngineEntry[Any]


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
