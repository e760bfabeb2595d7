"""Ports: the protocols through which stages reach engines, media tools and storage."""

from dub_assets.core.ports.consents import Consents
from dub_assets.core.ports.credentials import CredentialSigner
from dub_assets.core.ports.engines import (
    Engines,
    Metered,
    Model,
    Preloadable,
    Recogniser,
    Separator,
    SpeechDetectors,
    Spelling,
    Synthesiser,
    Translator,
    VoiceActivityDetector,
    WordAligner,
)
from dub_assets.core.ports.language import LanguageIdentifier
from dub_assets.core.ports.media import DubbedVideo, MediaTool, PacketWriter, SoundFiles, SoundWriter
from dub_assets.core.ports.speakers import Diariser, SexClassifier, SpeakerEmbedder, TurnDiariser
from dub_assets.core.ports.stage_context import Measurement, Meter, Progress, StageContext
from dub_assets.core.ports.storage import ObjectStore, Workspace

__all__ = [
    "Consents",
    "CredentialSigner",
    "Diariser",
    "DubbedVideo",
    "Engines",
    "LanguageIdentifier",
    "Measurement",
    "MediaTool",
    "Meter",
    "Metered",
    "Model",
    "ObjectStore",
    "PacketWriter",
    "Preloadable",
    "Progress",
    "Recogniser",
    "Separator",
    "SexClassifier",
    "SoundFiles",
    "SoundWriter",
    "SpeakerEmbedder",
    "SpeechDetectors",
    "Spelling",
    "StageContext",
    "Synthesiser",
    "Translator",
    "TurnDiariser",
    "VoiceActivityDetector",
    "WordAligner",
    "Workspace",
]
