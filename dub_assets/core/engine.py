"""What an engine says about itself: identity, capabilities, weights, licence. Data, never behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VoiceSex = Literal["female", "male"]

EngineStage = Literal["separation", "recognition", "speakers", "translation", "synthesis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One file of model weights. ``origin`` says where it comes from: a pinned package, a folder, a hub revision."""

    name: str
    sha256: str
    licence: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineIdentity:
    """Everything about an engine that can change its output; part of every fingerprint.

    ``settings`` are the engine's options as (name, value) pairs, sorted by name.
    """

    name: str
    version: str
    licence: str
    weights: tuple[WeightFile, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatorCapabilities:
    """What a separator needs: the rate of its input in Hz. Any number of channels goes in and comes out."""

    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserCapabilities:
    """What a recogniser can do.

    ``languages`` are ISO 639-1 codes; chunks are mono at ``sample_rate_hz`` and at most ``max_chunk_ms`` long;
    ``batch_size`` chunks a call, and ``concurrency`` calls at once, are worth while.
    """

    languages: frozenset[str]
    detects_language: bool
    sample_rate_hz: int
    max_chunk_ms: int
    batch_size: int
    concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerEmbedderCapabilities:
    """What an embedder of voices needs: the rate of its mono input in Hz; from how many threads it may be called."""

    sample_rate_hz: int
    concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DiariserCapabilities:
    """What a diariser needs: the rate of its mono input in Hz."""

    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorCapabilities:
    """What a translator can do: pairs of (source, target) ISO 639-1 codes, and lines worth sending in one call.

    ``max_shorter`` is how many shorter renderings of a line it lists beside the full one; ``reads_context`` says that a
    line's neighbours help it, ``keeps_terms`` that it can be told how terms must read.
    """

    pairs: frozenset[tuple[str, str]]
    batch_size: int
    max_shorter: int = 0
    reads_context: bool = False
    keeps_terms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice that a synthesiser offers.

    ``languages`` are those it speaks. ``pitch_hz`` is its measured median pitch and ``sex`` how it sounds; None if
    unknown.
    """

    name: str
    languages: frozenset[str]
    pitch_hz: float | None = None
    sex: VoiceSex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesiserCapabilities:
    """What a synthesiser can do.

    ``min_speed`` and ``max_speed`` bound its own speed control (1.0 both where it has none); ``concurrency`` calls
    may run at the same time on different threads. ``voices`` are in order of preference. An engine that
    ``clones_voice`` takes cloned utterances too, whose references are mono at ``sample_rate_hz``.
    """

    voices: tuple[Voice, ...]
    sample_rate_hz: int
    min_speed: float
    max_speed: float
    concurrency: int
    clones_voice: bool = False

    @property
    def languages(self) -> frozenset[str]:
        """Every language that some voice speaks."""
        return frozenset(language for voice in self.voices for language in voice.languages)

    def voices_for(self, language: str) -> tuple[Voice, ...]:
        """The voices that speak ``language``, in order of preference."""
        return tuple(voice for voice in self.voices if language in voice.languages)


Capabilities = (
    SeparatorCapabilities
    | RecogniserCapabilities
    | SpeakerEmbedderCapabilities
    | DiariserCapabilities
    | TranslatorCapabilities
    | SynthesiserCapabilities
)
