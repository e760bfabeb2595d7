"""``dub-assets models``: the models that the configuration needs, and fetching them ahead of time."""

from __future__ import annotations

import sys
from collections.abc import Collection

from rich.console import Console
from rich.table import Table

from dub_assets.cli.pull_display import pull_display, shown_size
from dub_assets.domain.errors import ConfigurationError
from dub_assets.engines import remote
from dub_assets.engines.pull import pull
from dub_assets.engines.registry import EngineModels
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import Settings


def show_models(settings: Settings, engines: Collection[str] = ()) -> None:
    """Print the models of the configured engines and of those named: what, size, licence, where."""
    needed = [(found, model) for found in _needed(settings, engines) for model in found.models]
    if not needed:
        sys.stdout.write("the configured engines need no models beyond their packages\n")
        return
    cache_dir = EnginesResource.of(settings).settings().cache_dir
    table = Table("engine", "model", "size", "licence", "where", box=None)
    for found, model in needed:
        place = remote.source_of(model, cache_dir)
        refused = " (refused by the licence profile)" if model in found.barred else ""
        table.add_row(found.engine, model.name, shown_size(model.size()), f"{model.licence}{refused}", place)
    Console(soft_wrap=True).print(table)


def pull_models(settings: Settings, engines: Collection[str] = ()) -> None:
    """Fetch the models of the configured engines and of those named; nothing is fetched where one is refused."""
    needed = _needed(settings, engines)
    if barred := [f"{model.name} ({model.licence})" for found in needed for model in found.barred]:
        profile = settings.models.licence_profile
        raise ConfigurationError(
            f"LICENCE_PROFILE={profile} refuses {', '.join(barred)}: choose another engine or model"
        )
    engine_settings = EnginesResource.of(settings).settings()
    for model in dict.fromkeys(model for found in needed for model in found.models):
        with pull_display() as display:
            pull(model, cache_dir=engine_settings.cache_dir, lock=engine_settings.lock, report=display.report)
        sys.stdout.write(f"{model.name}: {model.folder(engine_settings.cache_dir)}\n")
        sys.stdout.flush()


def _needed(settings: Settings, engines: Collection[str]) -> list[EngineModels]:
    choices = settings.options.engines
    return (
        EnginesResource.of(settings)
        .registry()
        .models(
            {
                "separation": choices.separation,
                "recognition": choices.recognition,
                "speakers": choices.speakers,
                "translation": choices.translation,
                "synthesis": choices.synthesis,
            },
            engines,
        )
    )
