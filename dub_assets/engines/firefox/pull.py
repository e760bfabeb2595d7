"""Pulling what a pair of languages needs from Mozilla's registry of Firefox's translation models."""

from __future__ import annotations

from dataclasses import dataclass

from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.language import parse_language
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox.registry import PIVOT, Pair, Registry, pulled_models
from dub_assets.engines.firefox.weights import NAME, direct_pairs
from dub_assets.engines.models.pull import Report, pull
from dub_assets.engines.models.remote import RemoteModel, find


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledPair:
    """What serves a pair: the model of each leg, None for a leg that another model at hand serves already."""

    pair: Pair
    legs: tuple[tuple[Pair, RemoteModel | None], ...]


def parse_pair(text: str) -> Pair:
    """The two ISO 639-1 codes of ``ko-en``. Raises InputError or UnsupportedLanguageError."""
    source, separator, target = text.partition("-")
    if not separator or not source or not target:
        raise InputError(f"{text!r} is no pair of languages: write it as ko-en, from Korean to English")
    pair = parse_language(source), parse_language(target)
    if pair[0] == pair[1]:
        raise InputError(f"{text!r} names one language twice: write it as ko-en, from Korean to English")
    return pair


class PairPuller:
    """Pulls models by pair; the registry is asked once, and only if something is not here.

    Raises UnsupportedLanguageError for pairs that the registry does not serve, and what ``pull`` raises.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._registry: Registry | None = None

    def pull(self, pair: Pair, report: Report | None = None) -> PulledPair:
        """Pull the model of a pair, or the two models that serve it through English."""
        locked = pulled_models(self._settings.lock)
        if pair in locked:
            return PulledPair(pair=pair, legs=((pair, self._pulled(pair, locked[pair], report)),))
        here = direct_pairs(self._settings)
        legs: tuple[Pair, ...] = ((pair[0], PIVOT), (PIVOT, pair[1]))
        if not here.issuperset(legs):
            legs = self._ask().route(pair, here)
        if len(legs) == 1:
            return PulledPair(pair=pair, legs=((pair, self._pulled(pair, None, report)),))
        pulled = (
            self._pulled(leg, locked.get(leg), report) if leg in locked or leg not in here else None for leg in legs
        )
        return PulledPair(pair=pair, legs=tuple(zip(legs, pulled, strict=True)))

    def _pulled(self, pair: Pair, locked: RemoteModel | None, report: Report | None) -> RemoteModel:
        """The model of a direct pair, complete and verified."""
        cache_dir, lock = self._settings.cache_dir, self._settings.lock
        model = locked if locked and self._is_complete(locked) else self._ask().model(pair, locked)
        pull(model, cache_dir=cache_dir, lock=lock, report=report)
        return model

    def _is_complete(self, model: RemoteModel) -> bool:
        """Whether all files of a model are here and are what the lock says."""
        try:
            find(NAME, model, cache_dir=self._settings.cache_dir, lock=self._settings.lock)
        except EngineUnavailableError:
            return False
        return True

    def _ask(self) -> Registry:
        self._registry = self._registry or Registry(self._settings.models)
        return self._registry
