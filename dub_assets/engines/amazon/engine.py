"""Amazon Translate: several lines a call, with terms as a custom terminology."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.aws import aws_client, aws_errors
from dub_assets.core.engine import EngineIdentity, TranslatorCapabilities
from dub_assets.core.errors import (
    ConfigurationError,
    DubError,
    EngineUnavailableError,
    ServiceUnavailableError,
    UnsupportedLanguageError,
)
from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.engines.entry import EngineEntry, EngineSettings, Requirements
from dub_assets.engines.service_options import AmazonTranslateOptions
from dub_assets.engines.shared.source_text import is_wordless
from dub_assets.engines.shared.usage import UsageCount

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_LOG = logging.getLogger(__name__)

NAME = "amazon-translate"
LICENCE = "the AWS service terms"

_MAX_BYTES = 9_000
"""Bytes of text a call; the service takes 10,000."""

_LINES = 100

_CODES = """
af am ar az bg bn bs ca cs cy da de el en es et fa fi fr ga gu ha he hi hr ht hu hy id is it ja ka kk kn ko lt lv mk
ml mn mr ms mt nl no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh
"""
LANGUAGES = frozenset(_CODES.split())
"""The service's languages; Portuguese is Brazilian, Chinese is simplified."""

CAPABILITIES = TranslatorCapabilities(pairs=frozenset(permutations(LANGUAGES, 2)), batch_size=_LINES, keeps_terms=True)


class AmazonTranslator:
    """A translator over boto3.

    Lines are sent together as lines of one text, and one by one if the answer has another number of lines. Terms are
    imported as a terminology, which ``close`` deletes.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._options: AmazonTranslateOptions = settings.services.amazon_translate
        self._usage = UsageCount()
        self._terminologies: dict[str, str] = {}

    @property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of the service's languages."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """The service, which has no versions, and the terminologies of the settings."""
        return EngineIdentity(
            name=NAME,
            version="1",
            licence=LICENCE,
            settings=(("terminologies", ",".join(self._own_terminologies)),),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),
    ) -> list[Rendering]:
        """Return one rendering a line, in order; a line without letters is not translated.

        Raises UnsupportedLanguageError, ServiceUnavailableError if the service is busy, ConfigurationError if it
        refuses, EngineUnavailableError if a translation is empty.
        """
        pair = source_language, target_language
        if pair not in CAPABILITIES.pairs:
            known = ", ".join(sorted(LANGUAGES))
            raise UnsupportedLanguageError(f"{NAME} has no {'-'.join(pair)}; it translates between {known}")
        texts = [" ".join(line.text.split()) for line in lines]
        spoken = [index for index, text in enumerate(texts) if not is_wordless(text)]
        terminologies = [*self._own_terminologies, *self._imported_terminology(terms, pair)]
        for batch in _batches(spoken, texts):
            translations = self._translate_batch([texts[index] for index in batch], pair, terminologies)
            for index, text in zip(batch, translations, strict=True):
                texts[index] = text
        return [Rendering(text=text) for text in texts]

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """Return and reset the number of requests and of characters, by which the service charges."""
        return self._usage.take()

    def close(self) -> None:
        """Delete the terminologies that ``translate`` imported; a failure is logged."""
        while self._terminologies:
            _, name = self._terminologies.popitem()
            try:
                with _reported():
                    self._client.delete_terminology(Name=name)
            except DubError as error:  # the translation is complete all the same
                _LOG.warning("terminology %s remains at %s: %s", name, NAME, error)

    def _translate_batch(self, texts: Sequence[str], pair: tuple[str, str], terminologies: Sequence[str]) -> list[str]:
        translations = self._call("\n".join(texts), pair, terminologies).split("\n")
        if len(translations) == len(texts) and all(map(str.strip, translations)):
            return [" ".join(text.split()) for text in translations]
        translations = [" ".join(self._call(text, pair, terminologies).split()) for text in texts]
        if not all(translations):
            raise EngineUnavailableError(
                f"{NAME} finds no translation for a line: rewrite it, or choose another engine"
            )
        return translations

    def _call(self, text: str, pair: tuple[str, str], terminologies: Sequence[str]) -> str:
        with _reported():
            answer = self._client.translate_text(
                Text=text, SourceLanguageCode=pair[0], TargetLanguageCode=pair[1], TerminologyNames=list(terminologies)
            )
        self._usage.add(requests=1, characters=len(text))
        return str(answer["TranslatedText"])

    def _imported_terminology(self, terms: Sequence[Term], pair: tuple[str, str]) -> list[str]:
        """Return the name of a terminology with these terms, imported at their first use; none without terms."""
        if not terms:
            return []
        table = io.StringIO()
        csv.writer(table).writerows([pair, *((term.source, term.target) for term in terms)])
        content = table.getvalue()
        if content not in self._terminologies:
            name = f"dub-assets-{hashlib.sha256(content.encode()).hexdigest()[:32]}"
            with _reported():
                self._client.import_terminology(
                    Name=name,
                    MergeStrategy="OVERWRITE",
                    TerminologyData={"File": content.encode(), "Format": "CSV", "Directionality": "UNI"},
                )
            self._terminologies[content] = name
        return [self._terminologies[content]]

    @cached_property
    def _own_terminologies(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self._options.terminologies.split(",") if name.strip())

    @cached_property
    def _client(self) -> Any:
        with _reported():
            return aws_client("translate", region=self._options.region)


def _batches(indexes: Sequence[int], texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the indexes in groups whose texts fit into one call; a text that is too long is a group of its own."""
    batch: list[int] = []
    size = 0
    for index in indexes:
        length = len(texts[index].encode()) + 1
        if batch and size + length > _MAX_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += length
    if batch:
        yield batch


def _reported() -> AbstractContextManager[None]:
    """Return a context that raises errors of dub_assets for what the service refuses, without quoting its text."""
    return aws_errors(
        NAME,
        unavailable=ServiceUnavailableError,
        refused=_refusal,
        settings="the AWS credentials and AMAZON_TRANSLATE_REGION",
        quotes=False,
    )


def _refusal(code: str, _: ClientError) -> DubError:
    if code == "UnsupportedLanguagePairException":
        return UnsupportedLanguageError(f"{NAME} does not translate this pair in this region")
    return ConfigurationError(
        f"{NAME} refuses the request ({code}): check the credentials, AMAZON_TRANSLATE_REGION, "
        "AMAZON_TRANSLATE_TERMINOLOGIES, and that the policy allows translate:TranslateText, "
        "translate:ImportTerminology and translate:DeleteTerminology"
    )


ENTRY: EngineEntry[Translator] = EngineEntry(
    stage="translation",
    name=NAME,
    summary="Amazon Translate through boto3, with terminologies",
    licence=LICENCE,
    build=AmazonTranslator,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=("boto3",), packages="boto3"),
    auto="never",
    is_service=True,
)
