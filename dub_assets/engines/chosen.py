"""The engines that a configuration asks for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from threading import Thread

from dub_assets.core.engine import Voice, VoiceSex
from dub_assets.core.errors import ConfigurationError
from dub_assets.core.ports import (
    LanguageIdentifier,
    Model,
    Preloadable,
    Recogniser,
    Separator,
    SpeechDetectors,
    Synthesiser,
    Translator,
    TurnDiariser,
)
from dub_assets.engines.language.py3langid import Py3LangId
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry
from dub_assets.engines.selection import AUTO
from dub_assets.engines.voice_activity.silero import SileroVoiceActivityDetector
from dub_assets.engines.voice_activity.webrtc import WebRtcVoiceActivityDetector

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenEngines:
    """Returns the configured engine of each stage; ``auto`` is the first that serves the need. See ``ports.Engines``.

    With ``keep`` models stay loaded between stages and runs; on a GPU they make room for others (``core/device.py``).
    """

    registry: EngineRegistry
    choices: EngineChoices
    voice_activity: VoiceActivityOptions
    keep: bool = True

    def separator(self) -> Separator:
        """Return the separator."""
        return self.registry.separator(self.choices.separation)

    def speech_detectors(self) -> SpeechDetectors:
        """Return WebRTC's detector as configured and one step more sensitive, and Silero's."""
        aggressiveness, frame_ms = self.voice_activity.aggressiveness, self.voice_activity.frame_ms
        return SpeechDetectors(
            precise=WebRtcVoiceActivityDetector(aggressiveness=aggressiveness, frame_ms=frame_ms),
            sensitive=WebRtcVoiceActivityDetector(aggressiveness=max(0, aggressiveness - 1), frame_ms=frame_ms),
            original=SileroVoiceActivityDetector(),
        )

    def recogniser(self, language: str) -> Recogniser:
        """Return the recogniser of a language, or for ``"auto"`` one that detects the language."""
        return self.registry.recogniser(self.choices.recognition, None if language == "auto" else language)

    def language_identifier(self) -> LanguageIdentifier:
        """Return the language identifier."""
        return _language_identifier()

    def turn_diariser(self) -> TurnDiariser | None:
        """Return the diariser, or None if none is named and none is installed."""
        return self.registry.turn_diariser(self.choices.speakers)

    def translator(self, source_language: str, target_language: str) -> Translator:
        """Return the translator of a pair of languages."""
        return self.registry.translator(self.choices.translation, source=source_language, target=target_language)

    def synthesiser(self, language: str) -> Synthesiser:
        """Return the synthesiser of a language."""
        return self.registry.synthesiser(self.choices.synthesis, language=language)

    def for_speakers(self, language: str, sexes: Sequence[VoiceSex | None]) -> ChosenEngines:
        """Return these engines with the synthesiser that has most fitting voices, unless one is named or clones."""
        is_open = self.choices.synthesis == AUTO and self.choices.voice is None
        if not sexes or not is_open or self.clones(language):
            return self
        return replace(self, choices=replace(self.choices, synthesis=self.registry.synthesiser_for(language, sexes)))

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Return the configured voice, or all voices that speak the language."""
        voices = self.synthesiser(language).capabilities.voices_for(language)
        configured = self.choices.voice
        if configured is None:
            return voices
        matching = tuple(voice for voice in voices if voice.name == configured)
        if not matching:
            names = ", ".join(voice.name for voice in voices)
            raise ConfigurationError(f"SYNTHESIS_VOICE={configured!r} does not speak {language!r}; these do: {names}")
        return matching

    def voice(self, language: str) -> str:
        """Return the configured voice, or the first that speaks the language."""
        return self.voices(language)[0].name

    def clones(self, language: str) -> bool:
        """Return whether the synthesiser clones voices and no voice is configured."""
        return self.choices.voice is None and self.synthesiser(language).capabilities.clones_voice

    def release(self, engine: Model) -> None:
        """Close an engine that a stage has finished with, or keep its model for the process's next run."""
        if not self.keep:
            engine.close()

    def prepare(self, *engines: object) -> None:
        """Load the models of the engines that can be loaded ahead, in this order, in the background."""
        if self.keep:
            Thread(target=_load, args=(engines,), name="models").start()


def _load(engines: Sequence[object]) -> None:
    for engine in engines:
        if isinstance(engine, Preloadable):
            try:
                engine.load()
            except Exception as error:  # noqa: BLE001 - libraries raise anything; the stage that uses the engine gets the error again
                _LOG.info("a model could not be loaded ahead: %s", error)


@cache
def _language_identifier() -> Py3LangId:
    """Return this process's language identifier. It has no settings, and its model takes half a second to unpack."""
    return Py3LangId()
