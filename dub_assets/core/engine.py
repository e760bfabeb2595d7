"""Descriptions of engines: identity, capabilities, weights and licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VoiceSex = Literal["female", "male"]

EngineStage = Literal["separation", "recognition", "speakers", "translation", "synthesis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """A file of model weights. ``origin`` is a pinned package, a folder or a revision on a hub."""

    name: str
    sha256: str
    licence: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineIdentity:
    """Everything about an engine that can change its output. It is part of every fingerprint.

    ``settings`` are the engine's options as (name, value) pairs, sorted by name.
    """

    name: str
    version: str
    licence: str
    weights: tuple[WeightFile, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatorCapabilities:
    """Capabilities of a separator: the sample rate of its input. It takes any number of channels."""

    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserCapabilities:
    """Capabilities of a recogniser.

    ``languages`` are ISO 639-1 codes. Chunks are mono at ``sample_rate_hz`` and at most ``max_chunk_ms`` long.
    It is fastest with ``batch_size`` chunks a call and ``concurrency`` calls at a time.
    """

    languages: frozenset[str]
    detects_language: bool
    sample_rate_hz: int
    max_chunk_ms: int
    batch_size: int
    concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerEmbedderCapabilities:
    """Capabilities of an embedder of voices: the rate of its mono input, and calls that may run at the same time."""

    sample_rate_hz: int
    concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DiariserCapabilities:
    """Capabilities of a diariser: the sample rate of its mono input."""

    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorCapabilities:
    """Capabilities of a translator: pairs of (source, target) ISO 639-1 codes, and the best number of lines a call.

    ``max_shorter`` is the most shorter renderings it returns beside the full one. ``reads_context`` says that it uses a
    line's neighbours, ``keeps_terms`` that it applies a glossary.
    """

    pairs: frozenset[tuple[str, str]]
    batch_size: int
    max_shorter: int = 0
    reads_context: bool = False
    keeps_terms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice that a synthesiser offers.

    ``pitch_hz`` is its measured median pitch and ``sex`` how it sounds; None if unknown.
    """

    name: str
    languages: frozenset[str]
    pitch_hz: float | None = None
    sex: VoiceSex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesiserCapabilities:
    """Capabilities of a synthesiser.

    ``min_speed`` and ``max_speed`` bound its speed control, both 1.0 if it has none. ``concurrency`` calls may run at
    the same time on different threads. ``voices`` are in order of preference. An engine that ``clones_voice`` also
    takes ``ClonedUtterance``, with references in mono at ``sample_rate_hz``. One that ``reads_ipa`` speaks phonemes
    between the marks of ``core/text.py``.
    """

    voices: tuple[Voice, ...]
    sample_rate_hz: int
    min_speed: float
    max_speed: float
    concurrency: int
    clones_voice: bool = False
    reads_ipa: bool = False

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all voices."""
        return frozenset(language for voice in self.voices for language in voice.languages)

    def voices_for(self, language: str) -> tuple[Voice, ...]:
        """Return the voices that speak ``language``, in order of preference."""
        return tuple(voice for voice in self.voices if language in voice.languages)


Capabilities = (
    SeparatorCapabilities
    | RecogniserCapabilities
    | SpeakerEmbedderCapabilities
    | DiariserCapabilities
    | TranslatorCapabilities
    | SynthesiserCapabilities
)
