"""Options of the engines: which engine each stage uses, on which device, and how speech is found."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated

from dub_assets.core.device import COMPUTE_TYPES
from dub_assets.core.option import Seconds, one_of, option
from dub_assets.core.request import EngineOverrides


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoices:
    """The engine of each stage by name; ``auto`` takes the first installed engine that serves the language."""

    separation: Annotated[str, option("SEPARATION_ENGINE", "engine that separates speech from background")] = "auto"
    recognition: Annotated[str, option("RECOGNITION_ENGINE", "engine that recognises speech")] = "auto"
    speakers: Annotated[
        str, option("SPEAKERS_ENGINE", "engine that diarises; auto: a single speaker if no diariser is installed")
    ] = "auto"
    translation: Annotated[str, option("TRANSLATION_ENGINE", "engine that translates")] = "auto"
    synthesis: Annotated[str, option("SYNTHESIS_ENGINE", "engine that synthesises speech")] = "auto"
    voice: Annotated[str | None, option("SYNTHESIS_VOICE", "voice of the dub; unset: the engine's first that fits")] = (
        None
    )

    def with_overrides(self, overrides: EngineOverrides) -> EngineChoices:
        """Return the choices of a job with these overrides.

        The configured voice is kept only if the configured synthesiser is.
        """
        names = {
            field.name: name for field in fields(overrides) if (name := getattr(overrides, field.name)) is not None
        }
        voice = self.voice if names.get("synthesis", self.synthesis) == self.synthesis else None
        return replace(self, **names, voice=voice)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """The device of the engines that can use a GPU."""

    name: Annotated[str, option("ENGINE_DEVICE", "auto (the first GPU, else the processor), cpu, cuda or cuda:N")] = (
        "auto"
    )
    compute_type: Annotated[
        str,
        one_of("auto", *COMPUTE_TYPES),
        option("ENGINE_COMPUTE_TYPE", f"arithmetic of models that have a choice: auto, {', '.join(COMPUTE_TYPES)}"),
    ] = "auto"
    pools: Annotated[
        str,
        option(
            "STAGE_POOLS",
            "concurrency pools of assets, such as stems=gpu,tts_segments=gpu; others are chosen by engine and device "
            "(docs/operations.md#pools)",
        ),
    ] = ""
    keep: Annotated[
        bool,
        option("ENGINE_KEEP", "whether models stay loaded between stages and runs, or only while a stage uses them"),
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceActivityOptions:
    """How regions of speech are found."""

    aggressiveness: Annotated[
        int, option("VAD_AGGR", "WebRTC VAD aggressiveness: 0 lets most through, 3 least", ge=0, le=3)
    ] = 3
    frame_ms: Annotated[
        int, one_of(10, 20, 30), option("VAD_FRAME_MS", "WebRTC VAD frame in milliseconds: 10, 20 or 30")
    ] = 30
    margin_ms: Annotated[
        int, Seconds(0, 5), option("STT_INTERVAL_MARGIN", "seconds kept on both sides of a spoken interval")
    ] = 100
