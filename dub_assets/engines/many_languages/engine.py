"""NLLB-200 and M2M-100 through CTranslate2: one model between a hundred languages and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from itertools import permutations
from typing import Any

from dub_assets.core.device import FittingBatches
from dub_assets.core.engine import EngineIdentity, TranslatorCapabilities
from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.engines.accelerator import Accelerator
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.models import whole_model
from dub_assets.engines.models.install import install_extra_command
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.sentence_split import line_of, sentences_of
from dub_assets.engines.shared.source_text import is_wordless

_LINES = 64
_SENTENCES = 256
_BATCH_TOKENS = 2048
"""Of the sentences that are given together, those that CTranslate2 works on at once."""

_BEAM_SIZE = 4
_MIN_ROOM, _MAX_GROWTH = 16, 3
"""Pieces that a translation may take: so many, and so many times the source's. A model that repeats itself ends."""

_END = "</s>"
TOKENISER, _MODEL = "sentencepiece.bpe.model", "model.bin"
_NEEDED = (TOKENISER, _MODEL, "config.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What tells one family of models from another.

    ``codes`` are the model's own tokens by ISO 639-1; ``models`` those of the hub by the names that ``chosen`` reads
    from the settings.
    """

    name: str
    licence: str
    codes: Mapping[str, str]
    models: Mapping[str, RemoteModel]
    chosen: Callable[[ModelOptions], str]

    @property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of two languages."""
        return TranslatorCapabilities(pairs=frozenset(permutations(self.codes, 2)), batch_size=_LINES)

    def needed(self, settings: EngineSettings) -> tuple[RemoteModel, ...]:
        """The model to fetch, none where the user has one."""
        return whole_model.to_fetch(self.name, self.model(settings), settings)

    def model(self, settings: EngineSettings) -> RemoteModel:
        """The model that the settings name."""
        return self.models[self.chosen(settings.models)]

    def needs_mib(self, settings: EngineSettings) -> int:
        """An estimate of the memory that the model takes."""
        return self.model(settings).memory_mib

    def entry(self, summary: str) -> EngineEntry[Translator]:
        """The engine as the registry knows it; taken by name alone, since its models have to be fetched."""
        return EngineEntry(
            stage="translation",
            name=self.name,
            summary=summary,
            licence=self.licence,
            capabilities=self.capabilities,
            requires=("ctranslate2", "sentencepiece"),
            extra="translation",
            build=lambda settings: ManyLanguagesTranslator(settings, self),
            models=self.needed,
            extension=f"put a CTranslate2 model and its {TOKENISER} into {self.name}/ of the weights folder",
            automatic=False,
        )


class ManyLanguagesTranslator:
    """A translator over CTranslate2, in batches of sentences.

    Its model lies in ``<name>/`` of the weights folder, or is one of the hub.
    """

    def __init__(self, settings: EngineSettings, family: Family) -> None:
        self._settings = settings
        self._family = family
        self._batches = FittingBatches(_SENTENCES)
        self._loaded: tuple[Any, Any] | None = None

    @cached_property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of the family's languages."""
        return self._family.capabilities

    @cached_property
    def identity(self) -> EngineIdentity:
        """The model by the hashes of its files, decoding by CTranslate2's version."""
        return EngineIdentity(
            name=self._family.name,
            version=metadata.version("ctranslate2"),
            licence=self._family.licence,
            weights=self._weights.weight_files,
            settings=(("beam_size", str(_BEAM_SIZE)), ("compute_type", self._accelerator.compute_type)),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),  # noqa: ARG002 - it keeps none, and says so
    ) -> list[Rendering]:
        """One rendering for each line, in order; a line without letters stays as it is.

        Raises UnsupportedLanguageError, EngineUnavailableError, or InputError where the model has nothing to say.
        """
        source, target = self._code(source_language), self._code(target_language)
        cut = [[] if is_wordless(line.text) else sentences_of(line.text) for line in lines]
        made = iter(
            self._batches.results(
                lambda batch: self._translated(batch, source, target),
                [sentence for sentences in cut for sentence in sentences],
            )
        )
        return [
            Rendering(text=self._line(line, sentences, made, target_language, number))
            for number, (line, sentences) in enumerate(zip(lines, cut, strict=True), start=1)
        ]

    def close(self) -> None:
        """Free the model's memory; a later call loads it again."""
        self._loaded = None
        self._accelerator.unloaded(self)

    def _line(self, line: SourceLine, sentences: Sequence[str], made: Iterator[str], language: str, number: int) -> str:
        if not sentences:
            return " ".join(line.text.split())
        text = line_of([next(made) for _ in sentences], language)
        if not any(character.isalnum() for character in text):
            raise InputError(
                f"{self._family.name} finds no translation for line {number} of those given; rewrite the line"
            )
        return text

    def _translated(self, sentences: Sequence[str], source: str, target: str) -> list[str]:
        need_mib = self._family.needs_mib(self._settings)
        with self._accelerator.in_use(self._family.name, self, need_mib), self._readable():
            tokeniser, translator = self._model()
            tokens = [[source, *pieces, _END] for pieces in tokeniser.encode(list(sentences), out_type=str)]
            results = translator.translate_batch(
                tokens,
                target_prefix=[[target]] * len(tokens),
                beam_size=_BEAM_SIZE,
                min_decoding_length=2,  # the language and one more: no sentence comes back empty
                max_decoding_length=_MIN_ROOM + _MAX_GROWTH * max(map(len, tokens)),
                max_batch_size=_BATCH_TOKENS,
                batch_type="tokens",
            )
        return [str(tokeniser.decode(result.hypotheses[0][1:])) for result in results]

    def _code(self, language: str) -> str:
        code = self._family.codes.get(language)
        if code is None:
            known = ", ".join(sorted(self._family.codes))
            raise UnsupportedLanguageError(f"{self._family.name} does not know {language!r}; it knows {known}")
        return code

    @cached_property
    def _weights(self) -> Weights:
        family, settings = self._family, self._settings
        remedy = "put a model there that CTranslate2 has converted, and its tokeniser"
        return whole_model.find(family.name, family.model(settings), settings, needs=_NEEDED, remedy=remedy)

    @cached_property
    def _accelerator(self) -> Accelerator:
        return self._settings.accelerator()

    def _model(self) -> tuple[Any, Any]:
        """The tokeniser and the translator, loaded."""
        if self._loaded is None:
            try:
                from ctranslate2 import Translator
                from sentencepiece import SentencePieceProcessor
            except ImportError as error:
                raise EngineUnavailableError(
                    f"{self._family.name} is not installed: {install_extra_command('translation')}"
                ) from error
            tokeniser = SentencePieceProcessor(model_file=str(self._weights[TOKENISER]))
            translator = Translator(
                str(self._weights[_MODEL].parent),
                device=self._accelerator.kind,
                device_index=self._accelerator.index,
                compute_type=self._accelerator.compute_type,
                intra_threads=self._settings.threads,
            )
            self._loaded = tokeniser, translator
        return self._loaded

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError) as error:
            if "out of memory" in str(error).lower():
                raise  # the accelerator knows what to say
            reason = " ".join(str(error).split())[:200]
            raise EngineUnavailableError(
                f"{self._family.name} cannot use the model in {self._weights[_MODEL].parent} ({reason}): put it there "
                "anew"
            ) from error
