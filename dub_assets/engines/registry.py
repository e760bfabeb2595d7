"""The engines by stage: built once, and listed with their voices and models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from dub_assets.core.engine import EngineStage, SynthesiserCapabilities, Voice, VoiceSex
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.ports import Recogniser, Separator, Synthesiser, Translator, TurnDiariser
from dub_assets.engines import needs
from dub_assets.engines.catalogue import ENTRIES
from dub_assets.engines.entry import AnyEntry, EngineSettings
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.needs import Need
from dub_assets.engines.selection import AUTO, EngineSelector
from dub_assets.engines.status import EngineStatus, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineModels:
    """The models that an engine needs with the settings, and those among them that the licence profile refuses.

    ``pair`` is a pair of languages whose model has to be pulled by pair.
    """

    engine: str
    models: tuple[RemoteModel, ...]
    barred: tuple[RemoteModel, ...]
    pair: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOffer:
    """The voices of an engine for a language; ``chosen`` if a dub into the language uses this engine."""

    engine: str
    voices: tuple[Voice, ...]
    chosen: bool


class EngineRegistry:
    """Returns engines by name or need, and builds each once. Models are loaded at an engine's first use."""

    def __init__(self, settings: EngineSettings, entries: Sequence[AnyEntry] = ENTRIES) -> None:
        self._settings = settings
        self._entries = tuple(entries)
        self._selector = EngineSelector(settings, entries)
        self._built: dict[AnyEntry, Any] = {}

    def separator(self, name: str = AUTO) -> Separator:
        """Return a separator."""
        separator: Separator = self._engine(name, needs.SEPARATION)
        return separator

    def recogniser(self, name: str = AUTO, language: str | None = None) -> Recogniser:
        """Return a recogniser of ``language``, or one that detects the language if it is None."""
        recogniser: Recogniser = self._engine(name, needs.recognition(language))
        return recogniser

    def turn_diariser(self, name: str = AUTO) -> TurnDiariser | None:
        """Return a diariser or speaker embedder; None for ``auto`` if none is installed."""
        if name == AUTO and not self._selector.installed("speakers", AUTO):
            return None
        diariser: TurnDiariser = self._engine(name, needs.SPEAKERS)
        return diariser

    def translator(self, name: str = AUTO, *, source: str, target: str) -> Translator:
        """Return a translator from ``source`` to ``target``."""
        translator: Translator = self._engine(name, needs.translation(source, target))
        return translator

    def synthesiser(self, name: str = AUTO, *, language: str) -> Synthesiser:
        """Return a synthesiser of ``language``."""
        synthesiser: Synthesiser = self._engine(name, needs.synthesis(language))
        return synthesiser

    def synthesiser_for(self, language: str, sexes: Sequence[VoiceSex | None]) -> str:
        """Return the name of the engine that gives most of these speakers a fitting voice of their own.

        Among equals it is the one that ``auto`` prefers. Engines of last resort are not considered.
        """
        need = needs.synthesis(language)
        installed = [entry for entry in self._selector.installed("synthesis", AUTO) if entry.auto != "last_resort"]
        offers = [(entry.name, entry.serves(self._settings)) for entry in installed]
        missing = {
            name: missing_voices(capabilities.voices_for(language), sexes)
            for name, capabilities in offers
            if isinstance(capabilities, SynthesiserCapabilities) and need.serves(capabilities)
        }
        return min(missing, key=missing.__getitem__, default=AUTO)

    def statuses(self) -> list[EngineStatus]:
        """Return the status of every engine, in order of stage and preference."""
        return [status_of(entry, self._settings) for entry in self._entries]

    def voices(self, language: str, name: str = AUTO) -> list[VoiceOffer]:
        """Return the voices that speak ``language``, by engine: those of the engine that is chosen for it first.

        The others are of installed engines that have to be asked for by name.
        """
        named = self._selector.named("synthesis", name)
        others = [entry for entry in self._selector.of_stage("synthesis") if entry not in named]
        offers = []
        for entry in (*named, *others):
            usable = entry.is_installed(self._settings) and self._selector.is_permitted(entry)
            capabilities = entry.serves(self._settings) if usable else None
            if isinstance(capabilities, SynthesiserCapabilities) and language in capabilities.languages:
                offers.append((entry, capabilities.voices_for(language)))
        chosen = self._selector.choose(name, needs.synthesis(language)) if offers else None
        offers.sort(key=lambda offer: offer[0] is not chosen)
        return [VoiceOffer(engine=entry.name, voices=voices, chosen=entry is chosen) for entry, voices in offers]

    def models_for(self, name: str, need: Need) -> EngineModels:
        """Return the models with which the engine of this name, or the one that ``auto`` takes, serves the need.

        If no engine serves it yet, return the models of the first engine for which pulling them is all that is left
        to do. Raises the errors of choosing the engine if no pull helps.
        """
        if need.stage == "speakers" and name == AUTO and not self._selector.installed("speakers", AUTO):
            return EngineModels(engine=AUTO, models=(), barred=())  # without a diariser there is a single speaker
        try:
            entry = self._selector.choose(name, need)
        except (EngineUnavailableError, UnsupportedLanguageError):
            if puller := self._selector.pair_puller(name, need):
                return EngineModels(engine=puller.name, models=(), barred=(), pair=need.pair)
            pullable = self._selector.pullable(name, need)
            if pullable is None:
                raise
            entry = pullable
        return EngineModels(engine=entry.name, models=entry.models.remote(self._settings), barred=())

    def models(self, choices: Mapping[EngineStage, str], engines: Collection[str] = ()) -> list[EngineModels]:
        """Return the models of the engines that ``choices`` may take, by stage, and of the engines named besides.

        Raises ConfigurationError for unknown names.
        """
        wanted = [entry for stage, name in choices.items() for entry in self._selector.named(stage, name)]
        for name in engines:
            named = [entry for entry in self._entries if entry.name == name]
            if not named:
                known = ", ".join(entry.name for entry in self._entries)
                raise ConfigurationError(f"there is no engine {name!r}; known are {known}")
            wanted += named
        return [
            EngineModels(
                engine=entry.name,
                models=entry.models.remote(self._settings),
                barred=entry.barred_models(self._settings),
            )
            for entry in self._entries
            if entry in wanted
        ]

    def permitted(self) -> dict[str, list[str]]:
        """Return the names that may be asked for, by stage: ``auto``, and all that the licence profile permits."""
        names: dict[str, list[str]] = {}
        for entry in self._entries:
            if self._selector.is_permitted(entry):
                names.setdefault(entry.stage, [AUTO]).append(entry.name)
        return names

    def other_translators(self, source: str, target: str) -> str:
        """Return a sentence that names the engines that translate a pair if they are asked for by name."""
        return self._selector.other_translators(source, target)

    def _engine(self, name: str, need: Need) -> Any:
        entry = self._selector.choose(name, need)
        if entry not in self._built:
            self._built[entry] = entry.build(self._settings)
        return self._built[entry]


def missing_voices(voices: Sequence[Voice], sexes: Sequence[VoiceSex | None]) -> int:
    """Return how many speakers of these sexes are left without a fitting voice of their own.

    A voice whose sex is unknown fits everyone.
    """
    offered, wanted = Counter(voice.sex for voice in voices), Counter(sexes)
    unlike = sum(max(0, wanted[sex] - offered[sex]) for sex in get_args(VoiceSex))
    return max(0, unlike - offered[None], len(sexes) - len(voices))
