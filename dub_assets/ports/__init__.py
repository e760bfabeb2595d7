"""The ports: one small protocol a capability. The pipeline speaks to the world through these and nothing else."""

from dub_assets.ports.callbacks import CallbackSender, DispatchBook
from dub_assets.ports.engines import (
    Engines,
    Metered,
    Model,
    Preloadable,
    Recogniser,
    Separator,
    Synthesiser,
    Translator,
    VoiceActivityDetector,
)
from dub_assets.ports.language import LanguageIdentifier
from dub_assets.ports.media import MediaTool, SoundFiles, SoundWriter
from dub_assets.ports.queue import Queue
from dub_assets.ports.speakers import Diariser, SpeakerEmbedder, SpeakerTeller
from dub_assets.ports.storage import ObjectStore, Workspace
from dub_assets.ports.workbench import Measurement, Meter, Progress, Workbench

__all__ = [
    "CallbackSender",
    "Diariser",
    "DispatchBook",
    "Engines",
    "LanguageIdentifier",
    "Measurement",
    "MediaTool",
    "Meter",
    "Metered",
    "Model",
    "ObjectStore",
    "Preloadable",
    "Progress",
    "Queue",
    "Recogniser",
    "Separator",
    "SoundFiles",
    "SoundWriter",
    "SpeakerEmbedder",
    "SpeakerTeller",
    "Synthesiser",
    "Translator",
    "VoiceActivityDetector",
    "Workbench",
    "Workspace",
]
