"""Amazon Translate: many lines a call, terms as a terminology."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import permutations
from typing import Any

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
from dub_assets.engines.entry import EngineEntry, EngineSettings
from dub_assets.engines.service_options import AmazonTranslateOptions
from dub_assets.engines.shared.source_text import is_wordless
from dub_assets.engines.usage import UsageCount

_LOG = logging.getLogger(__name__)

NAME = "amazon-translate"
LICENCE = "the AWS service terms"

_MAX_BYTES = 9_000
"""Of text a call; the service takes 10,000."""

_LINES = 100
_ATTEMPTS = 5
_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S = 5.0, 60.0

_CODES = """
af am ar az bg bn bs ca cs cy da de el en es et fa fi fr ga gu ha he hi hr ht hu hy id is it ja ka kk kn ko lt lv mk
ml mn mr ms mt nl no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh
"""
LANGUAGES = frozenset(_CODES.split())
"""Portuguese is Brazil's, Chinese the simplified."""

_PASSING = {
    "InternalServerException", "LimitExceededException", "ServiceUnavailableException", "ThrottlingException",
    "TooManyRequestsException",
}  # fmt: skip

CAPABILITIES = TranslatorCapabilities(pairs=frozenset(permutations(LANGUAGES, 2)), batch_size=_LINES, keeps_terms=True)


class AmazonTranslator:
    """A translator over boto3. Lines go together as lines of one text, and singly where fewer or more come back.

    Terms are put there as a terminology of their own, which ``close`` takes away again.
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
        """The service by its name, since it names no version, and the terminologies that are always used."""
        return EngineIdentity(
            name=NAME,
            version="1",
            licence=LICENCE,
            settings=(("terminologies", ",".join(self._always)),),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),
    ) -> list[Rendering]:
        """One rendering for each line, in order; a line without letters stays as it is.

        Raises UnsupportedLanguageError, ServiceUnavailableError where the service is busy, ConfigurationError where
        it refuses, and EngineUnavailableError where it has nothing to say.
        """
        pair = source_language, target_language
        if pair not in CAPABILITIES.pairs:
            known = ", ".join(sorted(LANGUAGES))
            raise UnsupportedLanguageError(f"{NAME} has no {'-'.join(pair)}; it translates between {known}")
        texts = [" ".join(line.text.split()) for line in lines]
        spoken = [index for index, text in enumerate(texts) if not is_wordless(text)]
        names = [*self._always, *self._terminology(terms, pair)]
        for batch in _batches(spoken, texts):
            made = self._translated([texts[index] for index in batch], pair, names)
            for index, text in zip(batch, made, strict=True):
                texts[index] = text
        return [Rendering(text=text) for text in texts]

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """Requests and characters, which the service is paid by."""
        return self._usage.take()

    def close(self) -> None:
        """Take away the terminologies that were put there."""
        while self._terminologies:
            _, name = self._terminologies.popitem()
            try:
                with _reported():
                    self._client.delete_terminology(Name=name)
            except DubError as error:  # the translation is there all the same
                _LOG.warning("terminology %s is left at %s: %s", name, NAME, error)

    def _translated(self, texts: Sequence[str], pair: tuple[str, str], names: Sequence[str]) -> list[str]:
        joined = self._call("\n".join(texts), pair, names).split("\n")
        if len(joined) == len(texts) and all(map(str.strip, joined)):
            return [" ".join(text.split()) for text in joined]
        singly = [" ".join(self._call(text, pair, names).split()) for text in texts]
        if not all(singly):
            raise EngineUnavailableError(
                f"{NAME} finds no translation for a line: rewrite it, or choose another engine"
            )
        return singly

    def _call(self, text: str, pair: tuple[str, str], names: Sequence[str]) -> str:
        with _reported():
            answer = self._client.translate_text(
                Text=text, SourceLanguageCode=pair[0], TargetLanguageCode=pair[1], TerminologyNames=list(names)
            )
        self._usage.add(requests=1, characters=len(text))
        return str(answer["TranslatedText"])

    def _terminology(self, terms: Sequence[Term], pair: tuple[str, str]) -> list[str]:
        """The name of the terminology with these terms, put there at their first use; none where there are none."""
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
    def _always(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self._options.terminologies.split(",") if name.strip())

    @cached_property
    def _client(self) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        )
        with _reported():
            return Session().client("translate", region_name=self._options.region, config=config)


def _batches(indexes: Sequence[int], texts: Sequence[str]) -> Iterator[list[int]]:
    """The indexes in groups whose texts fit one call. A text that is too long for one goes alone."""
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


@contextmanager
def _reported() -> Iterator[None]:
    """Report what the service or the way to it refuses as errors of dub_assets, without anything of the text."""
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        code = str(error.response["Error"]["Code"])
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _PASSING or status >= 500:
            raise ServiceUnavailableError(f"{NAME} cannot be used now ({code}): try again later") from error
        if code == "UnsupportedLanguagePairException":
            raise UnsupportedLanguageError(f"{NAME} does not translate this pair in this region") from error
        raise ConfigurationError(
            f"{NAME} refuses the request ({code}): check the credentials, AMAZON_TRANSLATE_REGION, "
            "AMAZON_TRANSLATE_TERMINOLOGIES, and that the policy allows translate:TranslateText, "
            "translate:ImportTerminology and translate:DeleteTerminology"
        ) from error
    except (boto.ConnectionError, boto.HTTPClientError) as error:
        raise ServiceUnavailableError(
            f"{NAME} did not answer ({type(error).__name__}): check the network, then try again"
        ) from error
    except (boto.BotoCoreError, ValueError) as error:
        raise ConfigurationError(
            f"{NAME} cannot be called ({type(error).__name__}): check the AWS credentials and AMAZON_TRANSLATE_REGION"
        ) from error


ENTRY: EngineEntry[Translator] = EngineEntry(
    stage="translation",
    name=NAME,
    summary="Amazon Translate through boto3, with terminologies",
    licence=LICENCE,
    capabilities=CAPABILITIES,
    requires=("boto3",),
    packages="boto3",
    build=AmazonTranslator,
    automatic=False,
    by_name_only=True,
)
