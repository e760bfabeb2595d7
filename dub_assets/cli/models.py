"""``dub-assets models``: shows and pulls the models that the configuration needs."""

from __future__ import annotations

import os
from collections.abc import Collection

from rich.table import Column, Table

from dub_assets.cli.pull_display import pull_display, shown_size
from dub_assets.cli.terminal import PlainConsole, write_line
from dub_assets.core.engine import EngineStage
from dub_assets.core.errors import ConfigurationError, UnsupportedLanguageError
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox.mozilla_registry import LICENCE, Pair, pull_command, pulled_models
from dub_assets.engines.firefox.pull import PairPuller, parse_pair
from dub_assets.engines.firefox.weights import pairs, route, sources
from dub_assets.engines.models import remote
from dub_assets.engines.models.pull import pull
from dub_assets.engines.registry import EngineModels
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import Settings, settings_from


def show_models() -> None:
    """Print the models of the configured engines, then the translation pairs that are installed."""
    settings = settings_from(os.environ)
    engine_settings = EnginesResource.of(settings).settings()
    _show_needed(_needed(settings, engines=()), engine_settings)
    _show_pairs(engine_settings)


def _show_needed(needed: list[EngineModels], settings: EngineSettings) -> None:
    """Print the models that engines need: name, size, licence, place."""
    if not any(found.models for found in needed):
        write_line("the configured engines need no models beyond their packages")
        return
    table = Table("engine", "model", "size", "licence", Column("where", overflow="fold"), box=None)
    for found in needed:
        for model in found.models:
            place = remote.source_of(model, settings.cache_dir)
            refused = " (refused by the licence profile)" if model in found.barred else ""
            table.add_row(found.engine, model.name, shown_size(model.size()), f"{model.licence}{refused}", place)
    PlainConsole().print(table, soft_wrap=True)


def _show_pairs(settings: EngineSettings) -> None:
    """Print the pairs that installed models of Firefox translate, and those that only the lock names."""
    locked, places = pulled_models(settings.lock), sources(settings)
    table = Table("translates", "by", "size", "licence", Column("where", overflow="fold"), box=None)
    for pair in sorted(places.keys() | locked.keys()):
        model = locked.get(pair)
        is_pulled = model is not None and places.get(pair) == str(model.folder(settings.cache_dir))
        version = f"firefox {model.revision}" if model and (is_pulled or pair not in places) else "firefox"
        size = shown_size(model.size()) if model and is_pulled else ""
        where = places.get(pair) or f"to pull: {pull_command(*pair)}"
        table.add_row("-".join(pair), version, size, LICENCE, where)
    for pair in sorted(pairs(settings) - places.keys()):
        through = " and ".join("-".join(leg) for leg in route(pair, places))
        table.add_row("-".join(pair), "firefox", "", "", f"through English: {through}")
    if table.rows:
        write_line("")
        PlainConsole().print(table, soft_wrap=True)


def pull_models(engines: Collection[str], wanted_pairs: Collection[str]) -> None:
    """Pull models; none if the licence profile refuses one of them.

    Without ``wanted_pairs``: those of the configured engines, of ``engines``, and of the pairs that the lock names.
    With them: those of these pairs and of ``engines``.
    """
    settings = settings_from(os.environ)
    needed = _needed(settings, engines, configured=not wanted_pairs)
    if barred := [f"{model.name} ({model.licence})" for found in needed for model in found.barred]:
        profile = settings.models.licence_profile
        raise ConfigurationError(
            f"LICENCE_PROFILE={profile} refuses {', '.join(barred)}: choose another engine or model"
        )
    engine_settings = EnginesResource.of(settings).settings()
    asked_pairs = [parse_pair(text) for text in wanted_pairs]
    for model in dict.fromkeys(model for found in needed for model in found.models):
        with pull_display() as display:
            pull(model, cache_dir=engine_settings.cache_dir, lock=engine_settings.lock, report=display.report)
        write_line(f"{model.name}: {model.folder(engine_settings.cache_dir)}")
    puller = PairPuller(engine_settings)
    for pair in asked_pairs or pulled_models(engine_settings.lock):
        _pull_pair(pair, puller, settings)


def _pull_pair(pair: Pair, puller: PairPuller, settings: Settings) -> None:
    resource = EnginesResource.of(settings)
    try:
        with pull_display() as display:
            pulled = puller.pull(pair, display.report)
    except UnsupportedLanguageError as error:
        raise UnsupportedLanguageError(f"{error}; {resource.registry().other_translators(*pair)}") from error
    cache_dir = resource.settings().cache_dir
    for leg, model in pulled.legs:
        if model:
            size = shown_size(model.size())
            write_line(
                f"{'-'.join(leg)}: Firefox's model {model.revision}, {size}, {model.licence}: {model.folder(cache_dir)}"
            )
    if len(pulled.legs) > 1:
        write_line(f"{'-'.join(pair)}: through English, by {' and '.join('-'.join(leg) for leg, _ in pulled.legs)}")


def _needed(settings: Settings, engines: Collection[str], *, configured: bool = True) -> list[EngineModels]:
    choices = settings.options.engines
    stages: dict[EngineStage, str] = {
        "separation": choices.separation,
        "recognition": choices.recognition,
        "speakers": choices.speakers,
        "translation": choices.translation,
        "synthesis": choices.synthesis,
    }
    return EnginesResource.of(settings).registry().models(stages if configured else {}, engines)
