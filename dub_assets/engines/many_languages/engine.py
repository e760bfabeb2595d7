"""NLLB-200 and M2M-100 through CTranslate2: one model for a hundred languages and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

from dub_assets.core.device import FittingBatches
from dub_assets.core.engine import TranslatorCapabilities
from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.engines.base import AcceleratedEngine
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models import whole_model
from dub_assets.engines.models.install import install_command
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.sentence_split import line_of, sentences_of
from dub_assets.engines.shared.source_text import is_wordless

_LINES = 64
_SENTENCES = 256
_BATCH_TOKENS = 2048
"""Tokens that CTranslate2 processes at once."""

_BEAM_SIZE = 4
_MIN_TOKENS, _MAX_GROWTH = 16, 3
"""A translation has at most ``_MAX_GROWTH`` tokens for each token of the source and ``_MIN_TOKENS`` more.

This ends a model that repeats itself.
"""

_END = "</s>"
TOKENISER, _MODEL = "sentencepiece.bpe.model", "model.bin"
_PACKAGES = "ctranslate2 sentencepiece"
_REQUIRED_FILES = (TOKENISER, _MODEL, "config.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of models.

    ``codes`` are the models' language tokens by ISO 639-1 code. ``models`` are those of the hub by size, and ``size``
    reads the size from the options.
    """

    name: str
    licence: str
    codes: Mapping[str, str]
    models: Mapping[str, RemoteModel]
    size: Callable[[ModelOptions], str]

    @property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of two languages."""
        return TranslatorCapabilities(pairs=frozenset(permutations(self.codes, 2)), batch_size=_LINES)

    def models_to_fetch(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """Return the model to fetch; none if the weights folder has one."""
        return whole_model.to_pull(self.name, self.model(settings), settings)

    def model(self, settings: EngineSettings) -> RemoteModel:
        """Return the model that the settings name."""
        return self.models[self.size(settings.models)]

    def entry(self, summary: str) -> EngineEntry[Translator]:
        """Return the engine's entry in the registry."""
        return EngineEntry(
            stage="translation",
            name=self.name,
            summary=summary,
            licence=self.licence,
            build=lambda settings: ManyLanguagesTranslator(settings, self),
            capabilities=self.capabilities,
            requirements=Requirements(distributions=tuple(_PACKAGES.split()), packages=_PACKAGES),
            models=ModelSources(pulled=self.models_to_fetch),
            auto="if_pulled",
            extension=f"put a CTranslate2 model and its {TOKENISER} into {self.name}/ of the weights folder",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A SentencePiece tokeniser and CTranslate2's translator."""

    tokeniser: Any
    translator: Any


class ManyLanguagesTranslator(AcceleratedEngine[_Model]):
    """A translator over CTranslate2, in batches of sentences.

    Its model is in ``<name>/`` of the weights folder, or fetched from the hub.
    """

    distribution = "ctranslate2"

    def __init__(self, settings: EngineSettings, family: Family) -> None:
        super().__init__(settings)
        self.name, self.licence = family.name, family.licence
        self._family = family
        self._batches = FittingBatches(_SENTENCES)

    @cached_property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of the family's languages."""
        return self._family.capabilities

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),  # noqa: ARG002 - the capabilities say that it does not keep terms
    ) -> list[Rendering]:
        """Return one rendering a line, in order; a line without letters is not translated.

        Raises UnsupportedLanguageError, EngineUnavailableError, or InputError if a translation has no letter or digit.
        """
        source, target = self._token(source_language), self._token(target_language)
        sentences = [[] if is_wordless(line.text) else sentences_of(line.text) for line in lines]
        translations = iter(
            self._batches.results(
                lambda batch: self._translate_sentences(batch, source, target),
                [sentence for line_sentences in sentences for sentence in line_sentences],
            )
        )
        renderings = []
        for number, (line, line_sentences) in enumerate(zip(lines, sentences, strict=True), start=1):
            text = line_of([next(translations) for _ in line_sentences], target_language)
            if line_sentences and not any(character.isalnum() for character in text):
                raise InputError(f"{self.name} finds no translation for line {number} of those given: rewrite the line")
            renderings.append(Rendering(text=text if line_sentences else " ".join(line.text.split())))
        return renderings

    def _translate_sentences(self, sentences: Sequence[str], source: str, target: str) -> list[str]:
        with self._in_use(), self._model_errors():
            model = self._model()
            tokens = [[source, *pieces, _END] for pieces in model.tokeniser.encode(list(sentences), out_type=str)]
            results = model.translator.translate_batch(
                tokens,
                target_prefix=[[target]] * len(tokens),
                beam_size=_BEAM_SIZE,
                min_decoding_length=2,  # the language and one more token, so that no translation is empty
                max_decoding_length=_MIN_TOKENS + _MAX_GROWTH * max(map(len, tokens)),
                max_batch_size=_BATCH_TOKENS,
                batch_type="tokens",
            )
        return [str(model.tokeniser.decode(result.hypotheses[0][1:])) for result in results]

    def _token(self, language: str) -> str:
        token = self._family.codes.get(language)
        if token is None:
            known = ", ".join(sorted(self._family.codes))
            raise UnsupportedLanguageError(f"{self.name} does not know {language!r}; it knows {known}")
        return token

    @property
    def _identity_settings(self) -> tuple[tuple[str, str], ...]:
        return ("beam_size", str(_BEAM_SIZE)), ("compute_type", self._accelerator.compute_type)

    @cached_property
    def _weights(self) -> Weights:
        family, settings = self._family, self._settings
        remedy = "put a model in CTranslate2's format and its tokeniser there"
        return whole_model.find(family.name, family.model(settings), settings, needs=_REQUIRED_FILES, remedy=remedy)

    def _need_mib(self) -> int:
        return self._family.model(self._settings).memory_mib

    def _load(self) -> _Model:
        try:
            from ctranslate2 import Translator
            from sentencepiece import SentencePieceProcessor
        except ImportError as error:
            raise EngineUnavailableError(f"{self.name} is not installed: {install_command(_PACKAGES)}") from error
        return _Model(
            tokeniser=SentencePieceProcessor(model_file=str(self._weights[TOKENISER])),
            translator=Translator(
                str(self._weights[_MODEL].parent),
                device=self._accelerator.kind,
                device_index=self._accelerator.index,
                compute_type=self._accelerator.compute_type,
                intra_threads=self._settings.threads,
            ),
        )

    @contextmanager
    def _model_errors(self) -> Iterator[None]:
        """Raise EngineUnavailableError for errors of the libraries, which do not have types of their own."""
        try:
            yield
        except (RuntimeError, OSError) as error:
            if "out of memory" in str(error).lower():
                raise  # the accelerator handles it
            reason = " ".join(str(error).split())[:200]
            folder = self._weights[_MODEL].parent
            raise EngineUnavailableError(
                f"{self.name} cannot use the model in {folder} ({reason}): replace it"
            ) from error
