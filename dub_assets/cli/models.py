"""``dub-assets models``: the models that the configuration needs, and fetching them ahead of time."""

from __future__ import annotations

import sys
from collections.abc import Collection

from rich.console import Console
from rich.table import Table

from dub_assets.domain.errors import ConfigurationError
from dub_assets.engines import remote
from dub_assets.engines.pull import pull
from dub_assets.engines.registry import EngineModels
from dub_assets.engines.remote import RemoteFile, RemoteModel
from dub_assets.resources.engines import EnginesResource
from dub_assets.settings import Settings

_MIB = 1024 * 1024


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
        table.add_row(found.engine, model.name, _shown_size(model.size()), f"{model.licence}{refused}", place)
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
        pull(model, cache_dir=engine_settings.cache_dir, lock=engine_settings.lock, report=_say)
        sys.stdout.write(f"{model.name}: {model.folder(engine_settings.cache_dir)}\n")


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


def _say(model: RemoteModel, file: RemoteFile) -> None:
    size = f" ({_shown_size(file.size)})" if file.size else ""
    sys.stderr.write(f"{model.pin}: {file.name}{size}\n")
    sys.stderr.flush()


def _shown_size(size: int | None) -> str:
    return "unknown" if size is None else f"{size / _MIB:,.1f} MiB"
