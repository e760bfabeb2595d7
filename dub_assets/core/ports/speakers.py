"""Protocols of engines that find out who speaks when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from dub_assets.core.engine import DiariserCapabilities, EngineIdentity, SpeakerEmbedderCapabilities, VoiceSex
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.speech import SpeakerTurn


class SpeakerEmbedder(Protocol):
    """Embeds voices as vectors."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> SpeakerEmbedderCapabilities:
        """Capabilities of the engine."""
        ...

    def embed(self, sounds: Sequence[Sound]) -> list[Voiceprint]:
        """Return the voiceprint of each mono sound, of length 1. Voiceprints of one speaker are similar.

        No sound is empty.
        """
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


@runtime_checkable
class SexClassifier(Protocol):
    """A speaker embedder that knows whether a voice sounds like a woman's or a man's."""

    def sex(self, voice: Voiceprint) -> VoiceSex | None:
        """Return how a voice sounds, whatever its pitch; None if it is uncertain."""
        ...


@runtime_checkable
class Diariser(Protocol):
    """Finds the speaker turns of a programme."""

    @property
    def identity(self) -> EngineIdentity:
        """Name, version, weights and settings of the engine."""
        ...

    @property
    def capabilities(self) -> DiariserCapabilities:
        """Capabilities of the engine."""
        ...

    def turns(self, sound: Iterable[Sound], count: int | None = None) -> list[SpeakerTurn]:
        """Return disjoint, sorted turns of ``count`` speakers, or of as many as it finds, in a mono programme.

        The programme is given block by block at ``capabilities.sample_rate_hz``, and may be held in memory as a whole.
        The result is deterministic.
        """
        ...

    def close(self) -> None:
        """Unload the model; a later call loads it again."""
        ...


TurnDiariser = SpeakerEmbedder | Diariser
"""An engine that finds out who speaks when: by embedding given phrases, or by finding speaker turns itself."""
