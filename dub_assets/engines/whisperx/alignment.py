"""Forced alignment: words timed by a wav2vec2 model of their language, through WhisperX."""

from __future__ import annotations

import logging
import math
from functools import cached_property
from pathlib import Path
from typing import Any

from dub_assets.core.engine import WeightFile
from dub_assets.core.errors import EngineUnavailableError
from dub_assets.core.files import write_atomic
from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.models import remote, weights
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.whisper.model import RATE_HZ, Track
from dub_assets.engines.whisper.words import ChunkWord
from dub_assets.engines.whisperx.alignment_models import MODELS

ENGINE = "whisperx"
FOLDER = f"{ENGINE}/align"

_PUNKT_FILES = ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab")


def import_whisperx() -> Any:
    """Import WhisperX and silence its log. Raises ImportError.

    By default it logs to standard output, where commands print results, and logs every text that it cannot align.
    """
    log = logging.getLogger("whisperx")
    log.handlers = [logging.NullHandler()]  # the library adds its own handler only if there is none
    log.propagate = False
    import whisperx

    return whisperx


def models(settings: EngineSettings) -> tuple[RemoteModel, ...]:
    """Return the models to fetch: of the languages that the settings name and the weights folder has no model of."""
    return tuple(
        MODELS[language] for language in settings.models.alignment_languages if _own_folder(settings, language) is None
    )


class Aligner:
    """Times words with an alignment model of their language; one model is loaded at a time.

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
        """The verified files of all models. Raises EngineUnavailableError if one is missing."""
        settings = self._settings
        own = weights.own(FOLDER, cache_dir=settings.cache_dir, folder=settings.weights_dir)
        fetched = [
            remote.find(ENGINE, model, cache_dir=settings.cache_dir, lock=settings.lock) for model in models(settings)
        ]
        return (*own.weight_files, *(file for model in fetched for file in model.weight_files))

    def words(self, text: str, samples: Track, language: str) -> list[ChunkWord]:
        """Return the words of a text with times; none if there is no model of the language or alignment fails."""
        folder = self._folder(language)
        if folder is None:
            return []
        model, model_metadata = self._load(language, folder)
        segment = {"text": text, "start": 0.0, "end": len(samples) / RATE_HZ}
        aligned = import_whisperx().align([segment], model, model_metadata, samples, self._accelerator.device)
        prefix = "" if language in LANGUAGES_WITHOUT_SPACES else " "
        return [
            ChunkWord(
                text=prefix + word["word"],
                start_s=_or_zero(word.get("start")),
                end_s=_or_zero(word.get("end")),
                probability=_or_zero(word.get("score")),
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

    def _load(self, language: str, folder: Path) -> tuple[Any, dict[str, Any]]:
        if self._model is None or self._language != language:
            self._provide_punkt()
            try:
                self._model = import_whisperx().load_align_model(
                    language, self._accelerator.device, model_name=str(folder), model_cache_only=True
                )
            except (ValueError, OSError) as error:
                raise EngineUnavailableError(f"whisperx cannot read the model in {folder}: replace it") from error
            self._language = language
        return self._model

    def _provide_punkt(self) -> None:
        """Give NLTK empty sentence models, so that WhisperX does not download any: sentences do not affect words."""
        import nltk
        from whisperx.utils import PUNKT_LANGUAGES

        root = self._settings.cache_dir / "nltk"
        for language in {"english", *PUNKT_LANGUAGES.values()}:
            for name in _PUNKT_FILES:
                file = root / "tokenizers" / "punkt_tab" / language / name
                if not file.is_file():
                    write_atomic(file, b"")
        if str(root) not in nltk.data.path:
            nltk.data.path.append(str(root))


def _own_folder(settings: EngineSettings, language: str) -> Path | None:
    folder = settings.weights_dir / FOLDER / language if settings.weights_dir else None
    return folder if folder and folder.is_dir() else None


def _or_zero(number: float | None) -> float:
    """Return 0 for a missing number or NaN; a word that starts and ends at 0 counts as untimed."""
    return 0.0 if number is None or math.isnan(number) else float(number)
