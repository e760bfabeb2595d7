"""Translation by a language model behind any OpenAI-compatible chat endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import permutations
from typing import Any

from dub_assets.core.engine import EngineIdentity, TranslatorCapabilities
from dub_assets.core.errors import ConfigurationError, EngineUnavailableError, UnsupportedLanguageError
from dub_assets.core.language import LANGUAGES
from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.engines.chat import prompt as chat_prompt
from dub_assets.engines.chat.prompt import AnswerError
from dub_assets.engines.entry import EngineEntry, EngineSettings, Requirements
from dub_assets.engines.service_options import ChatOptions
from dub_assets.engines.shared.http_service import HttpService
from dub_assets.engines.shared.source_text import is_wordless
from dub_assets.engines.shared.usage import UsageCount

NAME = "chat"
LICENCE = "the terms of the service"

_LINES = 24
_ATTEMPTS = 3
"""Requests for the same lines before they are split into halves."""

_PAIRS = frozenset(permutations(LANGUAGES, 2))
_MILLION = 1_000_000


class ChatTranslator:
    """A translator over ``/chat/completions`` that reads context, keeps terms and lists shorter renderings.

    If an answer does not have exactly one text a line, the model is asked again with the reason, and then for half of
    the lines. The text is sent to the endpoint only.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._options: ChatOptions = settings.services.chat
        self._usage = UsageCount()

    @cached_property
    def capabilities(self) -> TranslatorCapabilities:
        """Every pair of languages: the engine cannot know which ones the model supports."""
        return TranslatorCapabilities(
            pairs=_PAIRS,
            batch_size=_LINES,
            max_shorter=self._options.shorter,
            reads_context=True,
            keeps_terms=True,
        )

    @cached_property
    def identity(self) -> EngineIdentity:
        """The model's name, the endpoint's host and the version of the prompt."""
        return EngineIdentity(
            name=NAME,
            version=str(self._options.model),
            licence=LICENCE,
            settings=(
                ("endpoint", self._service.host),
                ("prompt", str(chat_prompt.VERSION)),
                ("shorter", str(self._options.shorter)),
            ),
        )

    def translate(
        self,
        lines: Sequence[SourceLine],
        source_language: str,
        target_language: str,
        terms: Sequence[Term] = (),
    ) -> list[Rendering]:
        """Return one rendering a line, in order; a line without letters is not translated.

        Raises UnsupportedLanguageError for unknown language codes, ServiceUnavailableError if the endpoint does not
        answer, ConfigurationError if it refuses, EngineUnavailableError if its answers are invalid.
        """
        if (source_language, target_language) not in _PAIRS:
            raise UnsupportedLanguageError(
                f"{NAME} translates between two languages of ISO 639-1, not {source_language!r} to {target_language!r}"
            )
        renderings = [Rendering(text=" ".join(line.text.split())) for line in lines]
        spoken = [index for index, line in enumerate(lines) if not is_wordless(line.text)]
        for start in range(0, len(spoken), _LINES):
            batch = spoken[start : start + _LINES]
            translated = self._translate([lines[index] for index in batch], source_language, target_language, terms)
            for index, rendering in zip(batch, translated, strict=True):
                renderings[index] = rendering
        return renderings

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """Return and reset the number of requests and tokens, and their cost if prices are set."""
        return self._usage.take()

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""

    def _translate(
        self, lines: Sequence[SourceLine], source: str, target: str, terms: Sequence[Term]
    ) -> list[Rendering]:
        messages = chat_prompt.messages(lines, source, target, terms, self._options.shorter)
        last_error: AnswerError | None = None
        for _ in range(_ATTEMPTS):
            content = self._completion(messages)
            try:
                return chat_prompt.renderings(content, len(lines), self._options.shorter)
            except AnswerError as error:
                last_error = error
                correction = {"role": "user", "content": f"Not so: {error}. Answer again, all lines, as JSON alone."}
                messages = [*messages[:2], {"role": "assistant", "content": content}, correction]
        if len(lines) == 1:
            raise EngineUnavailableError(
                f"{self._options.model} at {self._service.host} gives no usable answer ({last_error}): "
                "choose another model"
            ) from last_error
        middle = len(lines) // 2
        return [
            *self._translate(lines[:middle], source, target, terms),
            *self._translate(lines[middle:], source, target, terms),
        ]

    def _completion(self, messages: Sequence[dict[str, str]]) -> str:
        """Request a completion; return its text."""
        answer = self._service.post(
            "chat/completions",
            {
                "model": self._options.model,
                "messages": list(messages),
                "temperature": 0,
                "response_format": {"type": "json_object"},
            },
        )
        try:
            document: dict[str, Any] = answer.json()
            content = document["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigurationError(
                f"{self._service.host} does not answer as a chat endpoint does: check TRANSLATION_CHAT_URL"
            ) from error
        self._count(document.get("usage") or {})
        return str(content or "")

    def _count(self, usage: dict[str, Any]) -> None:
        sent, received = (float(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
        self._usage.add(requests=1, tokens_in=sent, tokens_out=received)
        prices = self._options.price_in, self._options.price_out
        if prices != (None, None):
            price_in, price_out = (price or 0.0 for price in prices)
            self._usage.add(cost_usd=(sent * price_in + received * price_out) / _MILLION)

    @cached_property
    def _service(self) -> HttpService:
        return HttpService(
            url=self._options.url or "",
            key=self._options.key,
            variables="TRANSLATION_CHAT",
            timeout_s=self._options.timeout_ms / 1000,
        )


def _unset(settings: EngineSettings) -> str:
    options = settings.services.chat
    values = {"TRANSLATION_CHAT_URL": options.url, "TRANSLATION_CHAT_MODEL": options.model}
    return " and ".join(variable for variable, value in values.items() if not value)


ENTRY: EngineEntry[Translator] = EngineEntry(
    stage="translation",
    name=NAME,
    summary="a language model behind any OpenAI-compatible chat endpoint: context, terms, shorter renderings",
    licence=LICENCE,
    build=ChatTranslator,
    capabilities=TranslatorCapabilities(pairs=_PAIRS, batch_size=_LINES),
    requirements=Requirements(distributions=("requests",), packages="requests", unset=_unset),
    auto="never",
    is_service=True,
)
