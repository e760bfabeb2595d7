"""The services that engines may call over the network; none is called unless it is named.

Metadata as in ``options.py``. Keys are read from the environment and are part of no configuration, log or fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _option(env: str, help_: str, **more: Any) -> dict[str, Any]:
    return {"env": env, "help": help_, **more}


_TIMEOUT = {"minimum": 1, "maximum": 600, "unit": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions:
    """An OpenAI-compatible chat endpoint that translates. Prices are US dollars a million tokens."""

    url: str | None = field(
        default=None,
        metadata=_option("TRANSLATION_CHAT_URL", "OpenAI-compatible endpoint, such as https://api.openai.com/v1"),
    )
    model: str | None = field(default=None, metadata=_option("TRANSLATION_CHAT_MODEL", "model to ask there"))
    key: str | None = field(
        default=None, repr=False, metadata=_option("TRANSLATION_CHAT_KEY", "key of that endpoint; unset: none is sent")
    )
    shorter: int = field(
        default=2,
        metadata=_option(
            "TRANSLATION_CHAT_SHORTER", "shorter renderings to ask for beside each line", minimum=0, maximum=4
        ),
    )
    timeout_ms: int = field(
        default=120_000, metadata=_option("TRANSLATION_CHAT_TIMEOUT", "seconds to wait for an answer", **_TIMEOUT)
    )
    price_in: float | None = field(
        default=None,
        metadata=_option(
            "TRANSLATION_CHAT_PRICE_IN", "dollars a million tokens sent; unset: cost is not told", minimum=0
        ),
    )
    price_out: float | None = field(
        default=None,
        metadata=_option("TRANSLATION_CHAT_PRICE_OUT", "dollars a million tokens received", minimum=0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechServiceOptions:
    """An OpenAI-compatible speech endpoint."""

    url: str | None = field(
        default=None,
        metadata=_option("SPEECH_SERVICE_URL", "OpenAI-compatible endpoint, such as https://api.openai.com/v1"),
    )
    model: str | None = field(default=None, metadata=_option("SPEECH_SERVICE_MODEL", "model to ask there"))
    key: str | None = field(
        default=None, repr=False, metadata=_option("SPEECH_SERVICE_KEY", "key of that endpoint; unset: none is sent")
    )
    voices: str = field(
        default="alloy",
        metadata=_option("SPEECH_SERVICE_VOICES", "its voices, comma-separated, in order of preference"),
    )
    languages: str = field(
        default="",
        metadata=_option("SPEECH_SERVICE_LANGUAGES", "languages that it speaks, comma-separated; empty: all"),
    )
    timeout_ms: int = field(
        default=120_000, metadata=_option("SPEECH_SERVICE_TIMEOUT", "seconds to wait for an answer", **_TIMEOUT)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonTranslateOptions:
    """Amazon Translate, with the usual credentials chain of AWS."""

    region: str | None = field(
        default=None,
        metadata=_option("AMAZON_TRANSLATE_REGION", "region of Amazon Translate; unset: the credentials chain's"),
    )
    terminologies: str = field(
        default="",
        metadata=_option(
            "AMAZON_TRANSLATE_TERMINOLOGIES", "names, comma-separated, of terminologies kept there for every job"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """Every service."""

    chat: ChatOptions = field(default_factory=ChatOptions)
    speech: SpeechServiceOptions = field(default_factory=SpeechServiceOptions)
    amazon_translate: AmazonTranslateOptions = field(default_factory=AmazonTranslateOptions)
