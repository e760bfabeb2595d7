"""Options of the services that engines call over the network; a service is called only if an option names it.

Keys are part of no log, fingerprint or Dagster configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.option import Seconds, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions:
    """An OpenAI-compatible chat endpoint that translates. Prices are US dollars a million tokens."""

    url: Annotated[
        str | None, option("TRANSLATION_CHAT_URL", "OpenAI-compatible endpoint, such as https://api.openai.com/v1")
    ] = None
    model: Annotated[str | None, option("TRANSLATION_CHAT_MODEL", "model of that endpoint")] = None
    key: Annotated[str | None, option("TRANSLATION_CHAT_KEY", "key of that endpoint; unset: none is sent")] = field(
        default=None, repr=False
    )
    shorter: Annotated[
        int, option("TRANSLATION_CHAT_SHORTER", "shorter renderings requested for each line", ge=0, le=4)
    ] = 2
    timeout_ms: Annotated[int, Seconds(1, 600), option("TRANSLATION_CHAT_TIMEOUT", "seconds to wait for an answer")] = (
        120_000
    )
    price_in: Annotated[
        FiniteFloat | None,
        option("TRANSLATION_CHAT_PRICE_IN", "dollars a million tokens sent; unset: no cost is reported", ge=0),
    ] = None
    price_out: Annotated[
        FiniteFloat | None, option("TRANSLATION_CHAT_PRICE_OUT", "dollars a million tokens received", ge=0)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechServiceOptions:
    """An OpenAI-compatible speech endpoint."""

    url: Annotated[
        str | None, option("SPEECH_SERVICE_URL", "OpenAI-compatible endpoint, such as https://api.openai.com/v1")
    ] = None
    model: Annotated[str | None, option("SPEECH_SERVICE_MODEL", "model of that endpoint")] = None
    key: Annotated[str | None, option("SPEECH_SERVICE_KEY", "key of that endpoint; unset: none is sent")] = field(
        default=None, repr=False
    )
    voices: Annotated[str, option("SPEECH_SERVICE_VOICES", "its voices, comma-separated, in order of preference")] = (
        "alloy"
    )
    languages: Annotated[
        str, option("SPEECH_SERVICE_LANGUAGES", "languages that it speaks, comma-separated; unset: all")
    ] = ""
    timeout_ms: Annotated[int, Seconds(1, 600), option("SPEECH_SERVICE_TIMEOUT", "seconds to wait for an answer")] = (
        120_000
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonTranslateOptions:
    """Amazon Translate, with the usual credentials chain of AWS."""

    region: Annotated[
        str | None,
        option("AMAZON_TRANSLATE_REGION", "region of Amazon Translate; unset: that of the credentials chain"),
    ] = None
    terminologies: Annotated[
        str, option("AMAZON_TRANSLATE_TERMINOLOGIES", "names, comma-separated, of its terminologies for every job")
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """All services."""

    chat: ChatOptions = field(default_factory=ChatOptions)
    speech: SpeechServiceOptions = field(default_factory=SpeechServiceOptions)
    amazon_translate: AmazonTranslateOptions = field(default_factory=AmazonTranslateOptions)
