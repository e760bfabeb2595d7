"""py3langid: naive Bayes over byte n-grams; the package includes its model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from importlib import metadata
from typing import Any

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.speech import LanguageGuess
from dub_assets.engines.models.install import install_command

NAME = "py3langid"
PACKAGE = "'py3langid>=0.4'"


class Py3LangId:
    """A language identifier over py3langid. Short texts are identified reliably only among a few languages."""

    @cached_property
    def identity(self) -> EngineIdentity:
        """The package's version; the model is part of the package."""
        return EngineIdentity(name=NAME, version=metadata.version(NAME), licence="BSD-3-Clause")

    @cached_property
    def languages(self) -> frozenset[str]:
        """The known languages that have a two-letter code."""
        self._model.set_languages()
        return frozenset(label for label in self._model.labels if len(label) == 2)

    def identify(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[LanguageGuess]:
        """Return the likeliest language of each text, with its probability among the languages considered."""
        known, model = self.languages, self._model
        model.set_languages(sorted(known if among is None else among))
        guesses = [model.classify(text) for text in texts]
        return [LanguageGuess(language=label, probability=min(1.0, float(share))) for label, share in guesses]

    def load(self) -> None:
        """Unpack the model."""
        _ = self._model

    @cached_property
    def _model(self) -> Any:
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier
        except ImportError as error:
            raise EngineUnavailableError(f"{NAME} is not installed: {install_command(PACKAGE)}") from error
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
