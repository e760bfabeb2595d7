"""Every option of a dub, with its one default and the environment variable that sets it.

A field's metadata says how it is set and shown: ``env`` (the variable), ``help`` (what it does), ``minimum`` and
``maximum`` (bounds), ``choices``, ``unit`` (``"s"`` where the variable counts seconds, the field whole milliseconds).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dub_assets.engines.options import DeviceOptions, EngineChoices, VoiceActivityOptions
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.transcript.options import SpeakerOptions
from dub_assets.stages.transcript.segmentation import SegmentationRules
from dub_assets.stages.tts_segments.options import FitOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class DubOptions:
    """All options of a dub."""

    engines: EngineChoices = field(default_factory=EngineChoices)
    device: DeviceOptions = field(default_factory=DeviceOptions)
    voice_activity: VoiceActivityOptions = field(default_factory=VoiceActivityOptions)
    segmentation: SegmentationRules = field(default_factory=SegmentationRules)
    speakers: SpeakerOptions = field(default_factory=SpeakerOptions)
    fit: FitOptions = field(default_factory=FitOptions)
    mix: MixOptions = field(default_factory=MixOptions)
    checks: CheckOptions = field(default_factory=CheckOptions)
