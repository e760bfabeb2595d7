"""The engines that a configuration asks for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Thread

from dub_assets.core.engine import Voice
from dub_assets.core.errors import ConfigurationError
from dub_assets.core.ports import (
    LanguageIdentifier,
    Model,
    Preloadable,
    Recogniser,
    Separator,
    Synthesiser,
    Translator,
    TurnDiariser,
    VoiceActivityDetector,
)
from dub_assets.engines.language.py3langid import Py3LangId
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.voice_activity.webrtc import WebRtcVoiceActivityDetector

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenEngines:
    """Gives the engine of each stage by configured name, ``auto`` taking the first that serves. See ports.Engines.

    ``keep``: models stay loaded between stages and runs; on a GPU they make room for others (``core/device.py``).
    """

    registry: EngineRegistry
    choices: EngineChoices
    voice_activity: VoiceActivityOptions
    keep: bool = True

    def separator(self) -> Separator:
        """The engine that separates."""
        return self.registry.separator(self.choices.separation)

    def voice_activity_detector(self) -> VoiceActivityDetector:
        """The detector that finds speech."""
        return WebRtcVoiceActivityDetector(
            aggressiveness=self.voice_activity.aggressiveness, frame_ms=self.voice_activity.frame_ms
        )

    def recogniser(self, language: str) -> Recogniser:
        """The engine for a language, or for ``"auto"`` one that detects it."""
        return self.registry.recogniser(self.choices.recognition, None if language == "auto" else language)

    def language_identifier(self) -> LanguageIdentifier:
        """What tells the language of a text."""
        return _language_identifier()

    def turn_diariser(self) -> TurnDiariser | None:
        """The engine that tells speakers apart, where one is installed or named."""
        return self.registry.turn_diariser(self.choices.speakers)

    def translator(self, source_language: str, target_language: str) -> Translator:
        """The engine for a pair of languages."""
        return self.registry.translator(self.choices.translation, source=source_language, target=target_language)

    def synthesiser(self, language: str) -> Synthesiser:
        """The engine that speaks a language."""
        return self.registry.synthesiser(self.choices.synthesis, language=language)

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The configured voice, or all that speak the language."""
        voices = self.synthesiser(language).capabilities.voices_for(language)
        wanted = self.choices.voice
        if wanted is None:
            return voices
        found = tuple(voice for voice in voices if voice.name == wanted)
        if not found:
            names = ", ".join(voice.name for voice in voices)
            raise ConfigurationError(f"SYNTHESIS_VOICE={wanted!r} does not speak {language!r}; these do: {names}")
        return found

    def voice(self, language: str) -> str:
        """The configured voice, or the first that speaks the language."""
        return self.voices(language)[0].name

    def clones(self, language: str) -> bool:
        """Whether the synthesiser clones voices, and none is configured."""
        return self.choices.voice is None and self.synthesiser(language).capabilities.clones_voice

    def release(self, engine: Model) -> None:
        """A stage is done with an engine: close it, or keep its model for the process's next run."""
        if not self.keep:
            engine.close()

    def prepare(self, *engines: object) -> None:
        """Load the models of those that can be loaded ahead, in this order and in the background."""
        if self.keep:
            Thread(target=_load, args=(engines,), name="models").start()


def _load(engines: Sequence[object]) -> None:
    for engine in engines:
        if isinstance(engine, Preloadable):
            try:
                engine.load()
            except Exception as error:  # noqa: BLE001 - whatever a library raises: the stage that uses it meets it again
                _LOG.info("a model could not be loaded ahead: %s", error)


@cache
def _language_identifier() -> Py3LangId:
    """One a process: its model, which has no settings, takes half a second to unpack."""
    return Py3LangId()
