"""The engines that there are, from name to factory, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dub_assets.domain.engine import (
    Capabilities,
    EngineStage,
    RecogniserCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
)
from dub_assets.domain.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.recognition import faster_whisper, whisperx
from dub_assets.engines.remote import RemoteModel
from dub_assets.engines.separation import deepfilternet, demucs
from dub_assets.engines.speakers import campplus, pyannote
from dub_assets.engines.status import EngineStatus, languages_of, licensed, status_of
from dub_assets.engines.synthesis import espeak, hibari, kokoro, piper, speech_service, vits, xtts
from dub_assets.engines.translation import amazon, chat, firefox, m2m100, nllb
from dub_assets.ports import Recogniser, Separator, SpeakerTeller, Synthesiser, Translator

AUTO = "auto"
"""In place of a name: the first installed engine, in order of preference, that serves the need."""

ALL: tuple[EngineEntry[Any], ...] = (
    deepfilternet.ENTRY,
    demucs.ENTRY,
    faster_whisper.ENTRY,
    whisperx.ENTRY,
    campplus.ENTRY,
    pyannote.ENTRY,
    firefox.ENTRY,
    m2m100.ENTRY,
    nllb.ENTRY,
    chat.ENTRY,
    amazon.ENTRY,
    hibari.ENTRY,
    kokoro.ENTRY,
    piper.ENTRY,
    espeak.ENTRY,
    speech_service.ENTRY,
    vits.ENTRY,
    xtts.ENTRY,
)
"""Every engine, in order of preference within its stage."""


_SHOWN_LANGUAGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineModels:
    """The models that an engine needs for the settings, and those among them that the licence profile refuses."""

    engine: str
    models: tuple[RemoteModel, ...]
    barred: tuple[RemoteModel, ...]


class EngineRegistry:
    """Chooses engines by name or by need, and builds each once; nothing is loaded before an engine's first use."""

    def __init__(self, settings: EngineSettings, entries: Sequence[EngineEntry[Any]] = ALL) -> None:
        self._settings = settings
        self._entries = tuple(entries)
        self._built: dict[EngineEntry[Any], Any] = {}

    def statuses(self) -> list[EngineStatus]:
        """Every known engine in order of stage and preference."""
        return [status_of(entry, self._settings) for entry in self._entries]

    def separator(self, name: str = AUTO) -> Separator:
        """A separator."""
        separator: Separator = self._choose("separation", name, "separate speech", lambda _: True)
        return separator

    def recogniser(self, name: str = AUTO, language: str | None = None) -> Recogniser:
        """A recogniser of ``language``, or one that detects the language where it is None."""

        def serves(offer: Capabilities) -> bool:
            if not isinstance(offer, RecogniserCapabilities):
                return False
            return language in offer.languages if language else offer.detects_language

        need = f"recognise {language!r}" if language else "detect the language"
        recogniser: Recogniser = self._choose("recognition", name, need, serves)
        return recogniser

    def speaker_teller(self, name: str = AUTO) -> SpeakerTeller | None:
        """What tells speakers apart; None where none is named and none is installed."""
        if name == AUTO and not any(entry.is_installed(self._settings) for entry in self._named("speakers", AUTO)):
            return None
        teller: SpeakerTeller = self._choose("speakers", name, "tell speakers apart", lambda _: True)
        return teller

    def translator(self, name: str = AUTO, *, source: str, target: str) -> Translator:
        """A translator from ``source`` to ``target``."""

        def serves(offer: Capabilities) -> bool:
            return isinstance(offer, TranslatorCapabilities) and (source, target) in offer.pairs

        commands = [entry.pair_remedy(source, target) for entry in self._permitted("translation", name)]
        need = f"translate {source!r} to {target!r}"
        translator: Translator = self._choose("translation", name, need, serves, next(filter(None, commands), ""))
        return translator

    def synthesiser(self, name: str = AUTO, *, language: str) -> Synthesiser:
        """A synthesiser of ``language``."""

        def serves(offer: Capabilities) -> bool:
            return isinstance(offer, SynthesiserCapabilities) and language in offer.languages

        synthesiser: Synthesiser = self._choose("synthesis", name, f"speak {language!r}", serves)
        return synthesiser

    def _choose(
        self, stage: EngineStage, name: str, need: str, serves: Callable[[Capabilities], bool], command: str = ""
    ) -> Any:
        """The preferred engine that serves; ``command`` is the one that would make another serve, if there is one."""
        entries = self._permitted(stage, name)
        at_hand = [entry for entry in entries if entry.is_installed(self._settings)]
        able = [entry for entry in at_hand if serves(entry.serves(self._settings))]
        if able:
            chosen = min(able, key=lambda entry: entry.last_resort)
            if chosen not in self._built:
                self._built[chosen] = chosen.build(self._settings)
            return self._built[chosen]
        if installable := [entry for entry in entries if serves(entry.could_serve(self._settings))]:
            ways = "; ".join(f"{entry.name}: {entry.remedy(self._settings)}" for entry in installable)
            raise EngineUnavailableError(f"no installed engine can {need}; install {ways}")
        raise UnsupportedLanguageError(self._unserved(stage, name, need, serves, command))

    def _unserved(
        self, stage: EngineStage, name: str, need: str, serves: Callable[[Capabilities], bool], command: str
    ) -> str:
        """What could serve a need that no engine at hand serves."""
        entries = self._permitted(stage, name)
        served = "; ".join(f"{entry.name}: {_shown(languages_of(entry, self._settings))}" for entry in entries)
        extensions = " ".join(f"To add more: {entry.extension}." for entry in entries if entry.extension)
        asked = [entry for entry in self._entries if entry.stage == stage and not entry.automatic and name == AUTO]
        named = ", ".join(
            f"{entry.name} ({entry.licence})"
            for entry in asked
            if serves(entry.could_serve(self._settings)) and not entry.barred_models(self._settings)
        )
        advice = f"run `{command}`." if command else f"served are {served}. {extensions}".strip()
        separator = ": " if command else "; "
        by_name = f"Also, by {stage.upper()}_ENGINE: {named}." if named else ""
        return " ".join(filter(None, [f"no engine can {need}{separator}{advice}", by_name]))

    def other_translators(self, source: str, target: str) -> str:
        """What can translate a pair by its name, for people."""

        def serves(entry: EngineEntry[Any]) -> bool:
            offer = entry.could_serve(self._settings)
            return isinstance(offer, TranslatorCapabilities) and (source, target) in offer.pairs

        entries = [entry for entry in self._entries if not entry.automatic and not entry.barred_models(self._settings)]
        named = ", ".join(f"{entry.name} ({entry.licence})" for entry in entries if serves(entry))
        return f"these can, by TRANSLATION_ENGINE: {named}" if named else "no other engine translates this pair"

    def _permitted(self, stage: EngineStage, name: str) -> list[EngineEntry[Any]]:
        """The engines of a name whose models the licence profile does not refuse."""
        named = self._named(stage, name)
        permitted = [entry for entry in named if not entry.barred_models(self._settings)]
        if permitted or name == AUTO:
            return permitted
        barred = ", ".join(licensed(model) for entry in named for model in entry.barred_models(self._settings))
        others = ", ".join(
            entry.name for entry in self._entries if entry.stage == stage and not entry.barred_models(self._settings)
        )
        raise ConfigurationError(
            f"{name} uses {barred}, which LICENCE_PROFILE={self._settings.models.licence_profile} refuses; "
            f"these engines are permitted: {others or 'none'}"
        )

    def _named(self, stage: EngineStage, name: str) -> list[EngineEntry[Any]]:
        entries = [entry for entry in self._entries if entry.stage == stage]
        if name == AUTO:
            return [entry for entry in entries if entry.automatic]
        chosen = [entry for entry in entries if entry.name == name]
        if not chosen:
            known = ", ".join([AUTO, *(entry.name for entry in entries)])
            raise ConfigurationError(f"there is no {stage} engine {name!r}; known are {known}")
        return chosen

    def permitted(self) -> dict[str, list[str]]:
        """The names that may be asked for, by stage: ``auto``, and every engine that the licence profile permits."""
        names: dict[str, list[str]] = {}
        for entry in self._entries:
            if not entry.barred_models(self._settings):
                names.setdefault(entry.stage, [AUTO]).append(entry.name)
        return names

    def models(self, choices: Mapping[EngineStage, str], engines: Collection[str] = ()) -> list[EngineModels]:
        """The models of the engines that ``choices`` may take, by stage, and of those named besides.

        Raises ConfigurationError for names that no engine has.
        """
        wanted = [entry for stage, name in choices.items() for entry in self._named(stage, name)]
        for name in engines:
            named = [entry for entry in self._entries if entry.name == name]
            if not named:
                known = ", ".join(entry.name for entry in self._entries)
                raise ConfigurationError(f"there is no engine {name!r}; known are {known}")
            wanted += named
        return [
            EngineModels(
                engine=entry.name, models=entry.all_models(self._settings), barred=entry.barred_models(self._settings)
            )
            for entry in self._entries
            if entry in wanted
        ]


def _shown(languages: Sequence[str]) -> str:
    """Languages for an error, which is one line that people read."""
    more = len(languages) - _SHOWN_LANGUAGES
    shown = ", ".join(languages[:_SHOWN_LANGUAGES]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
