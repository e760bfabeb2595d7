"""The status of engines for users: what each serves, where its weights are, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dub_assets.core.engine import (
    DiariserCapabilities,
    EngineStage,
    RecogniserCapabilities,
    SeparatorCapabilities,
    SpeakerEmbedderCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
)
from dub_assets.engines.entry import AnyEntry, EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightStatus:
    """A file of weights, and where it is or comes from."""

    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """An engine as shown to users.

    ``languages`` are codes, or pairs such as ``en-pt``. ``remedy`` is one line that says how to get what is missing.
    ``barred`` names the models that the licence profile refuses. ``memory_mib`` is an estimate, 0 if there is none.
    """

    stage: EngineStage
    name: str
    summary: str
    licence: str
    installed: bool
    remedy: str
    barred: tuple[str, ...]
    memory_mib: int
    languages: tuple[str, ...]
    weights: tuple[WeightStatus, ...]


def status_of(entry: AnyEntry, settings: EngineSettings) -> EngineStatus:
    """Return an engine's status with these settings."""
    return EngineStatus(
        stage=entry.stage,
        name=entry.name,
        summary=entry.summary,
        licence=entry.licence,
        installed=entry.is_installed(settings),
        remedy=entry.remedy(settings),
        barred=tuple(map(licensed, entry.barred_models(settings))),
        memory_mib=entry.models.needs_mib(settings),
        languages=languages_of(entry, settings),
        weights=tuple(_weights(entry, settings)),
    )


def languages_of(entry: AnyEntry, settings: EngineSettings) -> tuple[str, ...]:
    """Return the languages, or pairs of them, that an engine serves with what is installed here."""
    capabilities = entry.serves(settings)
    match capabilities:
        case SeparatorCapabilities() | SpeakerEmbedderCapabilities() | DiariserCapabilities():
            return ()
        case TranslatorCapabilities():
            return tuple(sorted(f"{source}-{target}" for source, target in capabilities.pairs))
        case RecogniserCapabilities() | SynthesiserCapabilities():
            return tuple(sorted(capabilities.languages))


def licensed(model: RemoteModel) -> str:
    """Return a model with its licence."""
    return f"{model.name} ({model.licence})"


def _weights(entry: AnyEntry, settings: EngineSettings) -> Iterator[WeightStatus]:
    for file in entry.models.packaged_for(settings):
        yield WeightStatus(name=file.name, source=weights.source_of(entry.name, file, settings.weights_dir))
    for model in entry.models.remote(settings):
        yield WeightStatus(name=model.name, source=remote.source_of(model, settings.cache_dir))
