"""The choice of an engine by name, or by what a job needs."""

from __future__ import annotations

from collections.abc import Sequence

from dub_assets.core.engine import EngineStage
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.engines import needs
from dub_assets.engines.entry import AnyEntry, EngineSettings
from dub_assets.engines.needs import Need
from dub_assets.engines.status import languages_of, licensed

AUTO = "auto"
"""Chooses the first engine, in order of preference, that is installed with its models and serves the need."""

_SHOWN_LANGUAGES = 40


class EngineSelector:
    """Selects entries among those given, which are in order of preference within their stages."""

    def __init__(self, settings: EngineSettings, entries: Sequence[AnyEntry]) -> None:
        self._settings = settings
        self._entries = tuple(entries)

    def choose(self, name: str, need: Need) -> AnyEntry:
        """Return the engine of this name, or the one that ``auto`` takes for a need.

        Raises ConfigurationError, EngineUnavailableError if an engine has to be installed, and
        UnsupportedLanguageError if no engine serves the need.
        """
        permitted = self.permitted(need.stage, name)
        able = [entry for entry in self.installed(need.stage, name) if need.serves(entry.serves(self._settings))]
        if able:
            return min(able, key=lambda entry: entry.auto == "last_resort")
        if installable := [entry for entry in permitted if need.serves(entry.could_serve(self._settings))]:
            remedies = "; ".join(f"{entry.name}: {entry.remedy(self._settings)}" for entry in installable)
            raise EngineUnavailableError(f"no installed engine can {need.text}; install {remedies}")
        raise UnsupportedLanguageError(self._unserved(name, need))

    def pullable(self, name: str, need: Need) -> AnyEntry | None:
        """Return the first engine that serves a need as soon as its models are pulled.

        ``auto`` considers only default engines and models that permit commercial use.
        """
        if name == AUTO:
            entries = [
                entry
                for entry in self._considered(need.stage)
                if entry.is_default or all(model.commercial_use for model in entry.models.remote(self._settings))
            ]
        else:
            entries = self.permitted(need.stage, name)
        return next(
            (
                entry
                for entry in entries
                if entry.lacks_models_only(self._settings) and need.serves(entry.could_serve(self._settings))
            ),
            None,
        )

    def pair_puller(self, name: str, need: Need) -> AnyEntry | None:
        """Return the engine that serves a pair of languages once the pair's model is pulled."""
        if need.pair is None:
            return None
        entries = [entry for entry in self.permitted(need.stage, name) if not entry.lacks_packages(self._settings)]
        return next((entry for entry in entries if entry.pair_remedy(*need.pair)), None)

    def installed(self, stage: EngineStage, name: str) -> list[AnyEntry]:
        """Return the permitted engines of a name that are installed with their models."""
        entries = self._considered(stage) if name == AUTO else self.permitted(stage, name)
        return [entry for entry in entries if entry.is_installed(self._settings)]

    def permitted(self, stage: EngineStage, name: str) -> list[AnyEntry]:
        """Return the engines of a name whose models the licence profile permits. Raises ConfigurationError."""
        named = self.named(stage, name)
        permitted = [entry for entry in named if self.is_permitted(entry)]
        if permitted or name == AUTO:
            return permitted
        barred = ", ".join(licensed(model) for entry in named for model in entry.barred_models(self._settings))
        others = ", ".join(entry.name for entry in self.of_stage(stage) if self.is_permitted(entry))
        raise ConfigurationError(
            f"{name} uses {barred}, which LICENCE_PROFILE={self._settings.models.licence_profile} refuses; "
            f"these engines are permitted: {others or 'none'}"
        )

    def named(self, stage: EngineStage, name: str) -> list[AnyEntry]:
        """Return the engine of a name, or the default engines for ``auto``. Raises ConfigurationError."""
        entries = self.of_stage(stage)
        if name == AUTO:
            return [entry for entry in entries if entry.is_default]
        named = [entry for entry in entries if entry.name == name]
        if not named:
            known = ", ".join([AUTO, *(entry.name for entry in entries)])
            raise ConfigurationError(f"there is no {stage} engine {name!r}; known are {known}")
        return named

    def of_stage(self, stage: EngineStage) -> list[AnyEntry]:
        """Return all engines of a stage."""
        return [entry for entry in self._entries if entry.stage == stage]

    def is_permitted(self, entry: AnyEntry) -> bool:
        """Return whether the licence profile permits all models of an engine."""
        return not entry.barred_models(self._settings)

    def other_translators(self, source: str, target: str) -> str:
        """Return a sentence that names the engines that translate a pair if they are asked for by name."""
        others = self._others("translation", needs.translation(source, target))
        return f"these can, by TRANSLATION_ENGINE: {others}" if others else "no other engine translates this pair"

    def _considered(self, stage: EngineStage) -> list[AnyEntry]:
        """Return the permitted engines that ``auto`` takes once their models are there."""
        return [entry for entry in self.of_stage(stage) if entry.auto != "never" and self.is_permitted(entry)]

    def _others(self, stage: EngineStage, need: Need) -> str:
        """List the permitted engines that serve a need and are not default engines, with their licences."""
        return ", ".join(
            f"{entry.name} ({entry.licence})"
            for entry in self.of_stage(stage)
            if not entry.is_default and self.is_permitted(entry) and need.serves(entry.could_serve(self._settings))
        )

    def _unserved(self, name: str, need: Need) -> str:
        """Return the error for a need that no engine serves: what is served instead, and how to add more."""
        permitted, others = self.permitted(need.stage, name), self._others(need.stage, need)
        by_name = f"Also, by {need.stage.upper()}_ENGINE: {others}." if others and name == AUTO else ""
        commands = [entry.pair_remedy(*need.pair) for entry in permitted] if need.pair else []
        if command := next(filter(None, commands), ""):
            return f"no engine can {need.text}: run `{command}`. {by_name}".strip()
        served = "; ".join(f"{entry.name}: {_shown(languages_of(entry, self._settings))}" for entry in permitted)
        extensions = [f"To add more: {entry.extension}." for entry in permitted if entry.extension]
        return " ".join(filter(None, [f"no engine can {need.text}; served are {served}.", *extensions, by_name]))


def _shown(languages: Sequence[str]) -> str:
    """Return languages for an error message of one line."""
    more = len(languages) - _SHOWN_LANGUAGES
    shown = ", ".join(languages[:_SHOWN_LANGUAGES]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
