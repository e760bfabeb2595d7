"""Forced alignment: words placed by a model of their language's sounds (wav2vec2), through WhisperX."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import WeightFile
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.whisper.alignment_models import MODELS
from dub_assets.engines.whisper.whisper import RATE_HZ
from dub_assets.engines.whisper.whisperx_library import whisperx
from dub_assets.engines.whisper.words import UNSPACED_LANGUAGES, HeardWord

ENGINE = "whisperx"
FOLDER = f"{ENGINE}/align"

_PUNKT = ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab")


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """The models to fetch: of the languages that the settings name, where there is no folder of one's own."""
    return tuple(
        MODELS[language] for language in settings.models.alignment_languages if _own_folder(settings, language) is None
    )


class Aligner:
    """Places words by models of their language's sounds, one loaded at a time.

    A model is the user's own, in ``whisperx/align/<language>/`` of the weights folder, or one of the hub for a language
    that the settings name.
    """

    def __init__(self, settings: EngineSettings, accelerator: Accelerator) -> None:
        self._settings = settings
        self._accelerator = accelerator
        self._language: str | None = None
        self._model: tuple[Any, dict[str, Any]] | None = None

    @cached_property
    def weight_files(self) -> tuple[WeightFile, ...]:
        """The files of all models, verified. Raises EngineUnavailableError where one that is named is not here."""
        settings = self._settings
        own = weights.own(FOLDER, cache_dir=settings.cache_dir, folder=settings.weights_dir)
        fetched = [
            remote.find(ENGINE, model, cache_dir=settings.cache_dir, lock=settings.lock) for model in models(settings)
        ]
        return (*own.weight_files, *(file for found in fetched for file in found.weight_files))

    def words(self, text: str, samples: NDArray[np.float32], language: str) -> list[HeardWord]:
        """The words of a text, placed; none where there is no model for the language or it cannot place them."""
        folder = self._folder(language)
        if folder is None:
            return []
        model, known = self._loaded(language, folder)
        segment = {"text": text, "start": 0.0, "end": len(samples) / RATE_HZ}
        aligned = whisperx().align([segment], model, known, samples, self._accelerator.device)
        before = "" if language in UNSPACED_LANGUAGES else " "
        return [
            HeardWord(
                text=before + word["word"],
                start_s=_finite(word.get("start")),
                end_s=_finite(word.get("end")),
                probability=_finite(word.get("score")),
            )
            for word in aligned["word_segments"]
        ]

    def close(self) -> None:
        """Drop the model."""
        self._language = self._model = None

    def _folder(self, language: str) -> Path | None:
        own = _own_folder(self._settings, language)
        if own or language not in self._settings.models.alignment_languages:
            return own
        return MODELS[language].folder(self._settings.cache_dir)

    def _loaded(self, language: str, folder: Path) -> tuple[Any, dict[str, Any]]:
        if self._model is None or self._language != language:
            self._offer_punkt()
            try:
                self._model = whisperx().load_align_model(
                    language, self._accelerator.device, model_name=str(folder), model_cache_only=True
                )
            except (ValueError, OSError) as error:
                raise EngineUnavailableError(
                    f"whisperx cannot read the model in {folder}: put it there anew"
                ) from error
            self._language = language
        return self._model

    def _offer_punkt(self) -> None:
        """Let WhisperX cut sentences without fetching a model for it: how they are cut does not move a word."""
        import nltk
        from whisperx.utils import PUNKT_LANGUAGES

        root = self._settings.cache_dir / "nltk"
        for language in {"english", *PUNKT_LANGUAGES.values()}:
            for name in _PUNKT:
                file = root / "tokenizers" / "punkt_tab" / language / name
                if not file.is_file():
                    with weights.writing(file):
                        pass
        if str(root) not in nltk.data.path:
            nltk.data.path.append(str(root))


def _own_folder(settings: EngineSettings, language: str) -> Path | None:
    folder = settings.weights_dir / FOLDER / language if settings.weights_dir else None
    return folder if folder and folder.is_dir() else None


def _finite(number: float | None) -> float:
    """0 for what could not be placed: a word that begins where it ends has no time."""
    return 0.0 if number is None or math.isnan(number) else float(number)
