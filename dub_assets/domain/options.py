"""Every option of a dub, with its one default and the environment variable that sets it.

A field's metadata says how it is set and shown: ``env`` (the variable), ``help`` (what it does), ``minimum`` and
``maximum`` (bounds), ``choices``, ``unit`` (``"s"`` where the variable counts seconds, the field whole milliseconds).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from dub_assets.domain.check_options import CheckOptions
from dub_assets.domain.device import COMPUTE_TYPES
from dub_assets.domain.mix_options import MixOptions
from dub_assets.domain.request import EngineWishes
from dub_assets.domain.segmentation import SegmentationRules

_Metadata = dict[str, Any]


def _option(env: str, help_: str, minimum: float | None = None, maximum: float | None = None) -> _Metadata:
    return {"env": env, "help": help_, "minimum": minimum, "maximum": maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceActivityOptions:
    """Where speech is looked for."""

    aggressiveness: int = field(
        default=3, metadata=_option("VAD_AGGR", "WebRTC VAD aggressiveness: 0 lets most through, 3 least", 0, 3)
    )
    frame_ms: int = field(
        default=30,
        metadata=_option("VAD_FRAME_MS", "WebRTC VAD frame in milliseconds: 10, 20 or 30") | {"choices": (10, 20, 30)},
    )
    margin_ms: int = field(
        default=100,
        metadata=_option("STT_INTERVAL_MARGIN", "seconds kept on both sides of a spoken interval", 0, 5)
        | {"unit": "s"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerOptions:
    """Who is told apart."""

    count: int | None = field(
        default=None, metadata=_option("SPEAKERS", "how many people speak; unset: as many as are heard", 1, 100)
    )
    voices: str | None = field(
        default=None,
        metadata=_option(
            "SPEAKER_VOICES", "voices of speakers, such as A=jm_kumo,B=jf_nezumi; unset: by pitch, or cloned"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """How speech is fitted to its slot. Tempo is a factor over the language's ordinary rate (``domain/pace.py``)."""

    pause_ms: int = field(
        default=80, metadata=_option("FIT_PAUSE", "seconds kept between two lines", 0, 2) | {"unit": "s"}
    )
    free_tempo: float = field(
        default=1.25,
        metadata=_option(
            "FIT_FREE_TEMPO", "tempo over the language's ordinary rate up to which a line is not flagged", 1.0, 2.0
        ),
    )
    max_tempo: float = field(
        default=1.35,
        metadata=_option("FIT_MAX_TEMPO", "highest tempo; what does not fit starts the next line late", 1, 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoices:
    """The engine of each stage by name; ``auto`` takes the first one installed that serves the language."""

    separation: str = field(default="auto", metadata=_option("SEPARATION_ENGINE", "engine that separates"))
    recognition: str = field(default="auto", metadata=_option("RECOGNITION_ENGINE", "engine that recognises"))
    speakers: str = field(
        default="auto",
        metadata=_option("SPEAKERS_ENGINE", "engine that tells speakers apart; auto: one speaker where none is there"),
    )
    translation: str = field(default="auto", metadata=_option("TRANSLATION_ENGINE", "engine that translates"))
    synthesis: str = field(default="auto", metadata=_option("SYNTHESIS_ENGINE", "engine that speaks"))
    voice: str | None = field(
        default=None, metadata=_option("SYNTHESIS_VOICE", "voice that speaks; unset: the engine's first that fits")
    )

    def granting(self, wishes: EngineWishes) -> EngineChoices:
        """The choices for a job with these wishes; the configured voice is the configured synthesiser's."""
        named = {field.name: name for field in fields(wishes) if (name := getattr(wishes, field.name)) is not None}
        voice = self.voice if named.get("synthesis", self.synthesis) == self.synthesis else None
        return replace(self, **named, voice=voice)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """What the engines that can use a GPU run on."""

    name: str = field(
        default="auto",
        metadata=_option("ENGINE_DEVICE", "auto (the first GPU, else the processor), cpu, cuda or cuda:N"),
    )
    compute_type: str = field(
        default="auto",
        metadata=_option(
            "ENGINE_COMPUTE_TYPE", f"arithmetic of models that have a choice: auto, {', '.join(COMPUTE_TYPES)}"
        )
        | {"choices": ("auto", *COMPUTE_TYPES)},
    )
    keep: bool = field(
        default=True,
        metadata=_option(
            "ENGINE_KEEP", "whether models stay loaded between stages and runs, or only while a stage uses them"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DubOptions:
    """All options of a dub."""

    engines: EngineChoices = EngineChoices()
    device: DeviceOptions = DeviceOptions()
    voice_activity: VoiceActivityOptions = VoiceActivityOptions()
    segmentation: SegmentationRules = field(default_factory=SegmentationRules)
    speakers: SpeakerOptions = SpeakerOptions()
    fit: FitOptions = FitOptions()
    mix: MixOptions = field(default_factory=MixOptions)
    checks: CheckOptions = field(default_factory=CheckOptions)
