"""Pulls the models of a language pair from Mozilla's registry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dub_assets.core.errors import EngineUnavailableError, InputError
from dub_assets.core.language import parse_language
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox.mozilla_registry import PIVOT, Pair, Registry, pulled_models
from dub_assets.engines.firefox.weights import NAME, direct_pairs
from dub_assets.engines.models.pull import Report, pull
from dub_assets.engines.models.remote import RemoteModel, find


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledPair:
    """The model of each leg of a pair; None for a leg whose model was already available and was not pulled."""

    pair: Pair
    legs: tuple[tuple[Pair, RemoteModel | None], ...]


def parse_pair(text: str) -> Pair:
    """Parse ``ko-en`` into two ISO 639-1 codes. Raises InputError or UnsupportedLanguageError."""
    source, separator, target = text.partition("-")
    if not separator or not source or not target:
        raise InputError(f"{text!r} is not a pair of languages: write it as ko-en, from Korean to English")
    pair = parse_language(source), parse_language(target)
    if pair[0] == pair[1]:
        raise InputError(f"{text!r} names one language twice: write it as ko-en, from Korean to English")
    return pair


class PairPuller:
    """Pulls models by pair. The registry is read once, and only if a file is missing."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def pull(self, pair: Pair, report: Report | None = None) -> PulledPair:
        """Pull the model of a pair, or the two models that translate it through English.

        Raises UnsupportedLanguageError if the registry does not serve the pair, and the errors of ``models.pull``.
        """
        locked = pulled_models(self._settings.lock)
        if pair in locked:
            return PulledPair(pair=pair, legs=((pair, self._pulled(pair, locked[pair], report)),))
        available = direct_pairs(self._settings)
        legs: tuple[Pair, ...] = ((pair[0], PIVOT), (PIVOT, pair[1]))
        if not available.issuperset(legs):
            legs = self._registry.route(pair, available)
        if len(legs) == 1:
            return PulledPair(pair=pair, legs=((pair, self._pulled(pair, None, report)),))
        pulled = (
            self._pulled(leg, locked.get(leg), report) if leg in locked or leg not in available else None
            for leg in legs
        )
        return PulledPair(pair=pair, legs=tuple(zip(legs, pulled, strict=True)))

    def _pulled(self, pair: Pair, locked: RemoteModel | None, report: Report | None) -> RemoteModel:
        """Pull the model of a direct pair; return it complete and verified."""
        cache_dir, lock = self._settings.cache_dir, self._settings.lock
        model = locked if locked and self._is_complete(locked) else self._registry.model(pair, locked)
        pull(model, cache_dir=cache_dir, lock=lock, report=report)
        return model

    def _is_complete(self, model: RemoteModel) -> bool:
        """True if all files of a model are available and match the lock."""
        try:
            find(NAME, model, cache_dir=self._settings.cache_dir, lock=self._settings.lock)
        except EngineUnavailableError:
            return False
        return True

    @cached_property
    def _registry(self) -> Registry:
        return Registry(self._settings.models)
