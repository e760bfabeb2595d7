"""Which engines run, and on which device."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from dub_assets.core.device import COMPUTE_TYPES
from dub_assets.core.option import option
from dub_assets.core.request import EngineOverrides


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoices:
    """The engine of each stage by name; ``auto`` takes the first one installed that serves the language."""

    separation: str = field(default="auto", metadata=option("SEPARATION_ENGINE", "engine that separates"))
    recognition: str = field(default="auto", metadata=option("RECOGNITION_ENGINE", "engine that recognises"))
    speakers: str = field(
        default="auto",
        metadata=option("SPEAKERS_ENGINE", "engine that tells speakers apart; auto: one speaker where none is there"),
    )
    translation: str = field(default="auto", metadata=option("TRANSLATION_ENGINE", "engine that translates"))
    synthesis: str = field(default="auto", metadata=option("SYNTHESIS_ENGINE", "engine that speaks"))
    voice: str | None = field(
        default=None, metadata=option("SYNTHESIS_VOICE", "voice that speaks; unset: the engine's first that fits")
    )

    def with_overrides(self, overrides: EngineOverrides) -> EngineChoices:
        """The choices for a job with these wishes; the configured voice is the configured synthesiser's."""
        named = {
            field.name: name for field in fields(overrides) if (name := getattr(overrides, field.name)) is not None
        }
        voice = self.voice if named.get("synthesis", self.synthesis) == self.synthesis else None
        return replace(self, **named, voice=voice)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """What the engines that can use a GPU run on."""

    name: str = field(
        default="auto",
        metadata=option("ENGINE_DEVICE", "auto (the first GPU, else the processor), cpu, cuda or cuda:N"),
    )
    compute_type: str = field(
        default="auto",
        metadata=option(
            "ENGINE_COMPUTE_TYPE", f"arithmetic of models that have a choice: auto, {', '.join(COMPUTE_TYPES)}"
        )
        | {"choices": ("auto", *COMPUTE_TYPES)},
    )
    keep: bool = field(
        default=True,
        metadata=option(
            "ENGINE_KEEP", "whether models stay loaded between stages and runs, or only while a stage uses them"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceActivityOptions:
    """Where speech is looked for."""

    aggressiveness: int = field(
        default=3, metadata=option("VAD_AGGR", "WebRTC VAD aggressiveness: 0 lets most through, 3 least", 0, 3)
    )
    frame_ms: int = field(
        default=30,
        metadata=option("VAD_FRAME_MS", "WebRTC VAD frame in milliseconds: 10, 20 or 30") | {"choices": (10, 20, 30)},
    )
    margin_ms: int = field(
        default=100,
        metadata=option("STT_INTERVAL_MARGIN", "seconds kept on both sides of a spoken interval", 0, 5) | {"unit": "s"},
    )
