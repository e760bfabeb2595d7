"""Engines: what separates, recognises, translates and speaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from dub_assets.core.engine import (
    EngineIdentity,
    RecogniserCapabilities,
    SeparatorCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
    Voice,
)
from dub_assets.core.ports.language import LanguageIdentifier
from dub_assets.core.ports.speakers import TurnDiariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk, Utterance
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.core.timing import Interval


class Separator(Protocol):
    """Tells speech from everything else."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> SeparatorCapabilities:
        """What this engine needs."""
        ...

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        """Yield ``(mixture, vocals)`` blocks of equal shape, aligned to the sample.

        The mixture comes in blocks of any length at ``capabilities.sample_rate_hz``; the mixtures yielded, joined,
        are the input, joined. Memory does not grow with the programme.
        """
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


class VoiceActivityDetector(Protocol):
    """Finds where someone speaks."""

    @property
    def identity(self) -> EngineIdentity:
        """What this detector is, its options included."""
        ...

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the mono sound that ``regions`` takes."""
        ...

    def regions(self, sound: Iterable[Sound]) -> list[Interval]:
        """Disjoint, sorted intervals of speech, without any margin, in a mono programme given block by block."""
        ...


class Recogniser(Protocol):
    """Turns speech into words."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What this engine can do."""
        ...

    def detect_language(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        """The language that these chunks, taken together, are most likely in."""
        ...

    def recognise(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        """The words of each chunk, in input order; an empty tuple where nothing is said."""
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


class Translator(Protocol):
    """Turns lines of one language into lines of another."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> TranslatorCapabilities:
        """What this engine can do."""
        ...

    def translate(
        self, lines: Sequence[SourceLine], source_language: str, target_language: str, terms: Sequence[Term] = ()
    ) -> list[Rendering]:
        """One rendering for each line, in input order; its text is empty only where the line's is.

        At most ``capabilities.max_shorter`` shorter ones come with it. ``terms`` are given only where
        ``capabilities.keeps_terms``, and neighbours change nothing unless ``capabilities.reads_context``.
        """
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


class Synthesiser(Protocol):
    """Speaks."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> SynthesiserCapabilities:
        """What this engine can do."""
        ...

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """The expected length of each utterance at its speed, without synthesising it."""
        ...

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Mono speech at ``capabilities.sample_rate_hz`` for each utterance, silence at both ends trimmed.

        Safe to call from ``capabilities.concurrency`` threads at once.
        """
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


@runtime_checkable
class Metered(Protocol):
    """An engine whose service counts what it is asked: tokens, characters, what they cost."""

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """What was counted since this was asked last, as (name, amount) pairs sorted by name."""
        ...


@runtime_checkable
class Preloadable(Protocol):
    """An engine whose model can be loaded ahead of its first call, on any thread."""

    def load(self) -> None:
        """Load the model, unless it is loaded; without this the first call does.

        A model for a GPU is left to the first call, which makes room for it.
        """
        ...


class Model(Protocol):
    """What all engines with a model have in common."""

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


class Engines(Protocol):
    """Gives the engine of each stage, as configuration and the language want it."""

    def separator(self) -> Separator:
        """The engine that separates."""
        ...

    def voice_activity_detector(self) -> VoiceActivityDetector:
        """The detector that finds speech."""
        ...

    def recogniser(self, language: str) -> Recogniser:
        """The engine for a language (ISO 639-1), or for ``"auto"`` one that detects it.

        Raises UnsupportedLanguageError, as do the two below.
        """
        ...

    def language_identifier(self) -> LanguageIdentifier:
        """What tells the language of a text."""
        ...

    def turn_diariser(self) -> TurnDiariser | None:
        """The engine that tells speakers apart; None where none is installed and none is named."""
        ...

    def translator(self, source_language: str, target_language: str) -> Translator:
        """The engine for a pair of languages."""
        ...

    def synthesiser(self, language: str) -> Synthesiser:
        """The engine that speaks a language."""
        ...

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The voices to cast from, in order of preference; the configured one alone where there is one."""
        ...

    def voice(self, language: str) -> str:
        """The name of the voice to speak a language with, one that the language's synthesiser has."""
        ...

    def clones(self, language: str) -> bool:
        """Whether speakers are to keep their own voices: the language's synthesiser can, and no voice is configured."""
        ...

    def prepare(self, *engines: object) -> None:
        """Load the models of those that can be loaded ahead, in this order and in the background.

        Only where models are kept. What fails is left to the stage that uses the engine, which says so.
        """
        ...

    def release(self, engine: Model) -> None:
        """A stage is done with an engine: close it, or keep its model for the process's next run."""
        ...
