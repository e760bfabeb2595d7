"""The engines of the stages as a Dagster resource."""

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Self

import dagster as dg

from dub_assets.core.ports import Engines
from dub_assets.core.request import EngineOverrides
from dub_assets.engines.accelerator import Accelerator, accelerator_for
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.options import DeviceOptions, EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.service_options import ServiceOptions
from dub_assets.settings import Paths, Settings


class EnginesResource(dg.ConfigurableResource):
    """The engine of each stage, chosen by the settings and by a job's own choices."""

    choices: dg.ResourceDependency[EngineChoices]
    voice_activity: dg.ResourceDependency[VoiceActivityOptions]
    models: dg.ResourceDependency[ModelOptions]
    services: dg.ResourceDependency[ServiceOptions]
    device: dg.ResourceDependency[DeviceOptions]
    paths: dg.ResourceDependency[Paths]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the engines that the settings name."""
        return cls(
            choices=settings.options.engines,
            voice_activity=settings.options.voice_activity,
            models=settings.models,
            services=settings.services,
            device=settings.options.device,
            paths=settings.paths,
        )

    def registry(self) -> EngineRegistry:
        """Return the registry of all engines, installed or not."""
        return _registry(self.settings())

    def settings(self) -> EngineSettings:
        """Return what engines are built with."""
        return EngineSettings(
            cache_dir=self.paths.cache / "weights",
            weights_dir=self.paths.weights,
            threads=os.cpu_count() or 1,
            models=self.models,
            services=self.services,
            accelerator=_accelerator(self.device.name, self.device.compute_type),
        )

    def engines(self, overrides: EngineOverrides | None = None) -> Engines:
        """Return the engines for a job with these overrides. None of them is loaded yet."""
        return ChosenEngines(
            registry=self.registry(),
            choices=self.choices.with_overrides(overrides) if overrides else self.choices,
            voice_activity=self.voice_activity,
            keep=self.device.keep,
        )


@cache
def _registry(settings: EngineSettings) -> EngineRegistry:
    """Return the registry of this process for these settings, so that the next run finds its engines loaded."""
    return EngineRegistry(settings)


@cache
def _accelerator(device: str, compute_type: str) -> Callable[[], Accelerator]:
    """Return the same function for the same choices, so that settings with it are equal too."""
    return partial(accelerator_for, device, compute_type)
