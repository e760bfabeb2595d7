"""The options of a dub. ``core/option.py`` says how an option is declared."""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.core.consent import ConsentOptions
from dub_assets.engines.options import DeviceOptions, EngineChoices, VoiceActivityOptions
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.transcript.options import SegmentationRules, SpeakerOptions
from dub_assets.stages.tts_segments.options import FitOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class DubOptions:
    """All options of a dub."""

    engines: EngineChoices = field(default_factory=EngineChoices)
    device: DeviceOptions = field(default_factory=DeviceOptions)
    voice_activity: VoiceActivityOptions = field(default_factory=VoiceActivityOptions)
    segmentation: SegmentationRules = field(default_factory=SegmentationRules)
    speakers: SpeakerOptions = field(default_factory=SpeakerOptions)
    consent: ConsentOptions = field(default_factory=ConsentOptions)
    fit: FitOptions = field(default_factory=FitOptions)
    mix: MixOptions = field(default_factory=MixOptions)
    checks: CheckOptions = field(default_factory=CheckOptions)
