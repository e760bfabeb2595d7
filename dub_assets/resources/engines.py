"""The engines of the stages."""

import dataclasses
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import Field

from dub_assets.core.ports import Engines
from dub_assets.core.request import EngineOverrides
from dub_assets.engines.accelerator import Accelerator, accelerator_for
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.service_options import ServiceOptions
from dub_assets.settings import Settings


class EnginesResource(dg.ConfigurableResource):
    """The engine of each stage by name; `auto` takes the first one installed that serves the language."""

    separation: str = Field(default="auto", description="Engine that tells speech from background.")
    recognition: str = Field(default="auto", description="Engine that turns speech into words.")
    speakers: str = Field(default="auto", description="Engine that tells speakers apart.")
    translation: str = Field(default="auto", description="Engine that translates.")
    synthesis: str = Field(default="auto", description="Engine that speaks.")
    voice: str | None = Field(default=None, description="Voice that speaks; unset: the engine's first that fits.")
    vad_aggressiveness: int = Field(default=3, ge=0, le=3, description="WebRTC VAD: 0 lets most through, 3 least.")
    vad_frame_ms: int = Field(default=30, description="WebRTC VAD frame in milliseconds: 10, 20 or 30.")
    models: dg.ResourceDependency[ModelOptions]
    services: dg.ResourceDependency[ServiceOptions]
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N.")
    compute_type: str = Field(default="auto", description="Arithmetic of models that have a choice.")
    keep: bool = Field(default=True, description="Keep models loaded between stages and runs.")
    cache: str = Field(description="Folder of joined weights.")
    weights: str | None = Field(default=None, description="Folder of your own weights: {engine}/{file}.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The engines that the settings name."""
        voice_activity = settings.options.voice_activity
        weights = settings.paths.weights
        return cls(
            **dataclasses.asdict(settings.options.engines),
            vad_aggressiveness=voice_activity.aggressiveness,
            vad_frame_ms=voice_activity.frame_ms,
            models=settings.models,
            services=settings.services,
            device=settings.options.device.name,
            compute_type=settings.options.device.compute_type,
            keep=settings.options.device.keep,
            cache=str(settings.paths.cache / "weights"),
            weights=str(weights) if weights else None,
        )

    def registry(self) -> EngineRegistry:
        """Every engine there is, installed or not."""
        return _registry(self.settings())

    def settings(self) -> EngineSettings:
        """What the engines are built with."""
        return EngineSettings(
            cache_dir=Path(self.cache),
            weights_dir=Path(self.weights) if self.weights else None,
            threads=os.cpu_count() or 1,
            models=self.models,
            services=self.services,
            accelerator=_accelerator(self.device, self.compute_type),
        )

    def engines(self, overrides: EngineOverrides | None = None) -> Engines:
        """The engines chosen, for a job with these wishes, none of them loaded yet."""
        choices = EngineChoices(
            separation=self.separation,
            recognition=self.recognition,
            speakers=self.speakers,
            translation=self.translation,
            synthesis=self.synthesis,
            voice=self.voice,
        )
        return ChosenEngines(
            registry=self.registry(),
            choices=choices.with_overrides(overrides) if overrides else choices,
            voice_activity=VoiceActivityOptions(aggressiveness=self.vad_aggressiveness, frame_ms=self.vad_frame_ms),
            keep=self.keep,
        )


@cache
def _registry(settings: EngineSettings) -> EngineRegistry:
    """One registry a process and configuration: the next run in a process finds its engines loaded."""
    return EngineRegistry(settings)


@cache
def _accelerator(device: str, compute_type: str) -> Callable[[], Accelerator]:
    """One function for equal choices, so that settings with it are equal too."""
    return partial(accelerator_for, device, compute_type)
