"""The engines that there are, from name to factory, and the choice among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dub_assets.core.engine import EngineStage, SynthesiserCapabilities, Voice
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.ports import Recogniser, Separator, Synthesiser, Translator, TurnDiariser
from dub_assets.engines import needs
from dub_assets.engines.amazon import engine as amazon
from dub_assets.engines.campplus import engine as campplus
from dub_assets.engines.chat import engine as chat
from dub_assets.engines.deepfilternet import engine as deepfilternet
from dub_assets.engines.demucs import engine as demucs
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.espeak import engine as espeak
from dub_assets.engines.faster_whisper import engine as faster_whisper
from dub_assets.engines.firefox import engine as firefox
from dub_assets.engines.hibari import engine as hibari
from dub_assets.engines.kokoro import engine as kokoro
from dub_assets.engines.many_languages import m2m100, nllb
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.needs import Need
from dub_assets.engines.piper import engine as piper
from dub_assets.engines.pyannote import engine as pyannote
from dub_assets.engines.speech_service import engine as speech_service
from dub_assets.engines.status import EngineStatus, languages_of, licensed, status_of
from dub_assets.engines.vits import engine as vits
from dub_assets.engines.whisperx import engine as whisperx
from dub_assets.engines.xtts import engine as xtts

AUTO = "auto"
"""In place of a name: the first engine, in order of preference, that is there with its models and serves the need."""

ALL: tuple[EngineEntry[Any], ...] = (
    demucs.ENTRY,
    deepfilternet.ENTRY,
    whisperx.ENTRY,
    faster_whisper.ENTRY,
    pyannote.ENTRY,
    campplus.ENTRY,
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
    """The models that an engine needs for the settings, and those among them that the licence profile refuses.

    ``pair`` is a pair of languages whose model has to be pulled by pair.
    """

    engine: str
    models: tuple[RemoteModel, ...]
    barred: tuple[RemoteModel, ...]
    pair: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOffer:
    """The voices of an engine for a language; ``chosen``: a dub into it uses this engine."""

    engine: str
    voices: tuple[Voice, ...]
    chosen: bool


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
        separator: Separator = self._choose(name, needs.SEPARATION)
        return separator

    def recogniser(self, name: str = AUTO, language: str | None = None) -> Recogniser:
        """A recogniser of ``language``, or one that detects the language where it is None."""
        recogniser: Recogniser = self._choose(name, needs.recognition(language))
        return recogniser

    def turn_diariser(self, name: str = AUTO) -> TurnDiariser | None:
        """What tells speakers apart; None where none is named and none is installed."""
        if name == AUTO and not self._installed("speakers", AUTO):
            return None
        builder: TurnDiariser = self._choose(name, needs.SPEAKERS)
        return builder

    def translator(self, name: str = AUTO, *, source: str, target: str) -> Translator:
        """A translator from ``source`` to ``target``."""
        translator: Translator = self._choose(name, needs.translation(source, target))
        return translator

    def synthesiser(self, name: str = AUTO, *, language: str) -> Synthesiser:
        """A synthesiser of ``language``."""
        synthesiser: Synthesiser = self._choose(name, needs.synthesis(language))
        return synthesiser

    def voices(self, language: str, name: str = AUTO) -> list[VoiceOffer]:
        """Return the voices that speak ``language``, by engine: those of the engine that is chosen for it first.

        The others are of installed engines that have to be asked for by name.
        """
        offers = []
        for entry in self._named_and_others("synthesis", name):
            capabilities = entry.serves(self._settings) if self._is_usable(entry) else None
            if isinstance(capabilities, SynthesiserCapabilities) and language in capabilities.languages:
                offers.append((entry, capabilities.voices_for(language)))
        chosen = self._chosen(name, needs.synthesis(language)) if offers else None
        offers.sort(key=lambda offer: offer[0] is not chosen)
        return [VoiceOffer(engine=entry.name, voices=voices, chosen=entry is chosen) for entry, voices in offers]

    def _named_and_others(self, stage: EngineStage, name: str) -> list[EngineEntry[Any]]:
        named = self._named(stage, name)
        return [*named, *(entry for entry in self._entries if entry.stage == stage and entry not in named)]

    def _is_usable(self, entry: EngineEntry[Any]) -> bool:
        return entry.is_installed(self._settings) and not entry.barred_models(self._settings)

    def models_for(self, name: str, need: Need) -> EngineModels:
        """Return the models that the engine of this name, or the one that ``auto`` takes, serves the need with.

        If no engine serves it yet, these are the models of the first one for which pulling them is all that is left
        to do. Raises what choosing the engine raises if no pull helps.
        """
        if need.stage == "speakers" and name == AUTO and not self._installed("speakers", AUTO):
            return EngineModels(engine=AUTO, models=(), barred=())  # a single speaker is an answer too
        try:
            chosen = self._chosen(name, need)
        except (EngineUnavailableError, UnsupportedLanguageError):
            if puller := self._pair_puller(name, need):
                return EngineModels(engine=puller.name, models=(), barred=(), pair=need.pair)
            pullable = (entry for entry in self._pullable(need.stage, name) if self._pull_serves(entry, need))
            found = next(pullable, None)
            if found is None:
                raise
            chosen = found
        return EngineModels(engine=chosen.name, models=chosen.all_models(self._settings), barred=())

    def _pair_puller(self, name: str, need: Need) -> EngineEntry[Any] | None:
        """The engine that serves a pair of languages once its model is pulled by pair."""
        if need.pair is None:
            return None
        entries = [entry for entry in self._permitted(need.stage, name) if not entry.lacks_packages(self._settings)]
        return next((entry for entry in entries if entry.pair_remedy(*need.pair)), None)

    def _pull_serves(self, entry: EngineEntry[Any], need: Need) -> bool:
        """Whether the engine serves a need once its models are pulled."""
        return entry.lacks_models_only(self._settings) and need.serves(entry.could_serve(self._settings))

    def _choose(self, name: str, need: Need) -> Any:
        chosen = self._chosen(name, need)
        if chosen not in self._built:
            self._built[chosen] = chosen.build(self._settings)
        return self._built[chosen]

    def _chosen(self, name: str, need: Need) -> EngineEntry[Any]:
        stage, serves = need.stage, need.serves
        entries = self._permitted(stage, name)
        able = [entry for entry in self._installed(stage, name) if serves(entry.serves(self._settings))]
        if able:
            return min(able, key=lambda entry: entry.last_resort)
        if installable := [entry for entry in entries if serves(entry.could_serve(self._settings))]:
            ways = "; ".join(f"{entry.name}: {entry.remedy(self._settings)}" for entry in installable)
            raise EngineUnavailableError(f"no installed engine can {need.text}; install {ways}")
        raise UnsupportedLanguageError(self._unserved(name, need))

    def _unserved(self, name: str, need: Need) -> str:
        """What could serve a need that no engine at hand serves."""
        stage, serves = need.stage, need.serves
        entries = self._permitted(stage, name)
        commands = [entry.pair_remedy(*need.pair) for entry in entries] if need.pair else []
        command = next(filter(None, commands), "")
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
        return " ".join(filter(None, [f"no engine can {need.text}{separator}{advice}", by_name]))

    def other_translators(self, source: str, target: str) -> str:
        """What can translate a pair by its name, for people."""
        serves = needs.translation(source, target).serves
        entries = [entry for entry in self._entries if not entry.automatic and not entry.barred_models(self._settings)]
        named = ", ".join(
            f"{entry.name} ({entry.licence})" for entry in entries if serves(entry.could_serve(self._settings))
        )
        return f"these can, by TRANSLATION_ENGINE: {named}" if named else "no other engine translates this pair"

    def _installed(self, stage: EngineStage, name: str) -> list[EngineEntry[Any]]:
        """The permitted engines of a name that are installed with their models."""
        entries = self._considered(stage) if name == AUTO else self._permitted(stage, name)
        return [entry for entry in entries if entry.is_installed(self._settings)]

    def _considered(self, stage: EngineStage) -> list[EngineEntry[Any]]:
        """The permitted engines that ``auto`` takes once their models are there."""
        return [
            entry
            for entry in self._entries
            if entry.stage == stage and not entry.by_name_only and not entry.barred_models(self._settings)
        ]

    def _pullable(self, stage: EngineStage, name: str) -> list[EngineEntry[Any]]:
        """The engines whose models may be pulled for a name; for ``auto`` those that permit commercial use."""
        if name != AUTO:
            return self._permitted(stage, name)
        return [
            entry
            for entry in self._considered(stage)
            if entry.automatic or all(model.commercial_use for model in entry.all_models(self._settings))
        ]

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
