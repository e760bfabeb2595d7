"""Protocols of engines: separators, recognisers, translators, synthesisers, and the provider of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dub_assets.core.engine import (
    EngineIdentity,
    RecogniserCapabilities,
    SeparatorCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
    Voice,
    VoiceSex,
)
from dub_assets.core.ports.language import LanguageIdentifier
from dub_assets.core.ports.speakers import TurnDiariser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import LanguageGuess, RecognisedWord, SpeechChunk, Utterance
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.core.timing import Interval


class Separator(Protocol):
    """Separates speech from all other sound."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> SeparatorCapabilities:
        """Capabilities of the engine."""
        ...

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        """Yield ``(mixture, vocals)`` blocks of equal shape, aligned to the sample.

        The input has blocks of any length at ``capabilities.sample_rate_hz``. The yielded mixtures have the same
        samples as the input, in blocks of other lengths. Memory does not grow with the programme.
        """
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


class VoiceActivityDetector(Protocol):
    """Finds intervals of speech."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version and options of the detector."""
        ...

    @property
    def sample_rate_hz(self) -> int:
        """Sample rate of the sound that ``regions`` takes."""
        ...

    def regions(self, sound: Iterable[Sound]) -> list[Interval]:
        """Return disjoint, sorted intervals of speech, without margins, in a mono programme given block by block."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechDetectors:
    """The detectors of speech: each finds some of what the others miss.

    ``precise`` and ``sensitive`` listen to the separated vocals, ``original`` to the original sound. The edges that
    ``precise`` finds are the most exact.
    """

    precise: VoiceActivityDetector
    sensitive: VoiceActivityDetector
    original: VoiceActivityDetector

    @property
    def identities(self) -> tuple[EngineIdentity, ...]:
        """The identity of each detector."""
        return (self.precise.identity, self.sensitive.identity, self.original.identity)


class Recogniser(Protocol):
    """Recognises speech."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """Capabilities of the engine."""
        ...

    def detect_language(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        """Return the most likely language of these chunks together."""
        ...

    def recognise(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        """Return the words of each chunk, in input order; an empty tuple for a chunk without speech."""
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


@runtime_checkable
class WordAligner(Recogniser, Protocol):
    """A recogniser that also times the words of a known text."""

    def align(
        self, chunks: Sequence[SpeechChunk], texts: Sequence[str], language: str
    ) -> list[tuple[RecognisedWord, ...]]:
        """Return the words of each text, as it is divided by spaces, with their times in its chunk.

        A word that cannot be placed has no times. Empty for a text that cannot be aligned.
        """
        ...


class Translator(Protocol):
    """Translates lines."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> TranslatorCapabilities:
        """Capabilities of the engine."""
        ...

    def translate(
        self, lines: Sequence[SourceLine], source_language: str, target_language: str, terms: Sequence[Term] = ()
    ) -> list[Rendering]:
        """Return a rendering of each line, in input order; its text is empty only if the line is.

        It has at most ``capabilities.max_shorter`` shorter renderings. ``terms`` are given only to engines that
        have ``keeps_terms``. A line's neighbours change nothing without ``reads_context``.
        """
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


class Synthesiser(Protocol):
    """Synthesises speech."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> SynthesiserCapabilities:
        """Capabilities of the engine."""
        ...

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the expected length of each utterance at its speed, without synthesising it."""
        ...

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at ``capabilities.sample_rate_hz`` for each utterance, without silence at both ends.

        May be called from ``capabilities.concurrency`` threads at a time.
        """
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


@runtime_checkable
class Spelling(Protocol):
    """A translator whose models do not know all letters."""

    def alphabet(self, source_language: str, target_language: str) -> frozenset[str] | None:
        """Return the characters that the models of a pair know, and None if they know all."""
        ...


@runtime_checkable
class Metered(Protocol):
    """An engine whose service counts usage: tokens, characters, cost."""

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """Return the usage since the last call, as (name, amount) pairs sorted by name, and reset it."""
        ...


@runtime_checkable
class Preloadable(Protocol):
    """An engine whose model can be loaded ahead of its first call, on any thread."""

    def load(self) -> None:
        """Load the model if it is not loaded.

        A model on a GPU is loaded by the first call instead, which makes room for it.
        """
        ...


class Model(Protocol):
    """An engine with a model that can be unloaded."""

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


class Engines(Protocol):
    """Provides the engine of each stage, by configuration and language."""

    def separator(self) -> Separator:
        """Return the separator."""
        ...

    def speech_detectors(self) -> SpeechDetectors:
        """Return the detectors of speech."""
        ...

    def recogniser(self, language: str) -> Recogniser:
        """Return the recogniser of a language (ISO 639-1); for ``"auto"``, one that detects the language.

        Raises UnsupportedLanguageError, as do ``translator`` and ``synthesiser``.
        """
        ...

    def language_identifier(self) -> LanguageIdentifier:
        """Return the language identifier of texts."""
        ...

    def turn_diariser(self) -> TurnDiariser | None:
        """Return the engine that finds out who speaks when; None if none is installed and none is configured."""
        ...

    def translator(self, source_language: str, target_language: str) -> Translator:
        """Return the translator of a pair of languages."""
        ...

    def synthesiser(self, language: str) -> Synthesiser:
        """Return the synthesiser of a language."""
        ...

    def for_speakers(self, language: str, sexes: Sequence[VoiceSex | None]) -> Engines:
        """Return the engines for a programme whose speakers sound like these sexes.

        If the configuration leaves the choice, its synthesiser has fitting voices for as many of them as possible.
        """
        ...

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Return the voices to cast from, in order of preference; only the configured voice if there is one."""
        ...

    def voice(self, language: str) -> str:
        """Return the name of the default voice of a language's synthesiser."""
        ...

    def clones(self, language: str) -> bool:
        """Return whether voices are cloned: the language's synthesiser can, and no voice is configured."""
        ...

    def prepare(self, *engines: object) -> None:
        """Load the models of these engines in the background, in this order, if models are kept between stages.

        Failures are ignored here: the stage that uses the engine meets and reports them.
        """
        ...

    def release(self, engine: Model) -> None:
        """Release an engine after a stage: close it, or keep its model for the next run of the process."""
        ...
