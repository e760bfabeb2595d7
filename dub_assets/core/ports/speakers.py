"""Engines that tell speakers apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from dub_assets.core.engine import DiariserCapabilities, EngineIdentity, SpeakerEmbedderCapabilities
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.speech import SpeakerTurn


class SpeakerEmbedder(Protocol):
    """Tells voices apart."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> SpeakerEmbedderCapabilities:
        """What this engine needs."""
        ...

    def embed(self, sounds: Sequence[Sound]) -> list[Voiceprint]:
        """The voice of each mono sound, none of them empty, as a vector of length 1; alike where the speaker is one."""
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


@runtime_checkable
class Diariser(Protocol):
    """Tells who speaks when, by itself."""

    @property
    def identity(self) -> EngineIdentity:
        """What this engine is."""
        ...

    @property
    def capabilities(self) -> DiariserCapabilities:
        """What this engine needs."""
        ...

    def turns(self, sound: Iterable[Sound], count: int | None = None) -> list[SpeakerTurn]:
        """Disjoint, sorted turns of ``count`` speakers, or of as many as are heard, in a mono programme.

        The programme comes block by block at ``capabilities.sample_rate_hz``; it may be held in memory as a whole. The
        same programme has the same turns.
        """
        ...

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        ...


TurnDiariser = SpeakerEmbedder | Diariser
"""What tells speakers apart, in one of two ways: by the voices of given phrases, or by its own idea of turns."""
