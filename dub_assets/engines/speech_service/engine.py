"""Voices behind any OpenAI-compatible speech endpoint."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dub_assets.core.engine import EngineIdentity, SynthesiserCapabilities, Voice
from dub_assets.core.errors import ConfigurationError, InputError
from dub_assets.core.language import LANGUAGES, parse_language
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineEntry, EngineSettings, Requirements
from dub_assets.engines.service_options import SpeechServiceOptions
from dub_assets.engines.shared.http_service import HttpService
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.usage import UsageCount
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

NAME = "speech-service"
LICENCE = "the terms of the service"

RATE_HZ = 24_000
"""The rate of most endpoints; sound at another rate is resampled."""

_MIN_SPEED, _MAX_SPEED = 0.8, 1.25
_CALLS = 4

_START_MS, _CHARACTER_MS, _WIDE_CHARACTER_MS = 200, 62, 190
"""First guess at a line's length. Characters of syllabic and logographic scripts last longer than letters."""


class SpeechService:
    """A synthesiser over ``/audio/speech``, which returns WAV. Several calls run at once; texts go nowhere else."""

    def __init__(self, settings: EngineSettings) -> None:
        self._options: SpeechServiceOptions = settings.services.speech
        self._usage = UsageCount()

    @cached_property
    def capabilities(self) -> SynthesiserCapabilities:
        """The voices and languages that the settings name."""
        return _offered(self._options)

    @cached_property
    def identity(self) -> EngineIdentity:
        """The model's name at the endpoint's host."""
        return EngineIdentity(
            name=NAME, version=str(self._options.model), licence=LICENCE, settings=(("endpoint", self._service.host),)
        )

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return a guess by the number of letters. The service is not called, because calls cost money."""
        return [_guessed_ms(utterance, self.capabilities) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 24 kHz, with the silence at both ends trimmed.

        A text without words gives a short pause. Raises ServiceUnavailableError if the endpoint does not answer,
        ConfigurationError if it refuses or sends no sound, and InputError if it says nothing.
        """
        return [self._spoken(utterance) for utterance in utterances]

    def take_usage(self) -> tuple[tuple[str, float], ...]:
        """Return and reset the numbers of requests and characters."""
        return self._usage.take()

    def close(self) -> None:
        """Do nothing: no model is held."""

    def _spoken(self, utterance: Utterance) -> Sound:
        text = checked_text(utterance, NAME, self.capabilities)
        if not text:
            return pause(WORDLESS_MS, RATE_HZ)
        answer = self._service.post(
            "audio/speech",
            {
                "model": self._options.model,
                "input": text,
                "voice": utterance.voice,
                "speed": utterance.speed,
                "response_format": "wav",
            },
        )
        self._usage.add(requests=1, characters=len(text))
        speech = trimmed(self._samples(answer.content), RATE_HZ)
        if not len(speech):
            raise InputError(f"{NAME} says nothing for a text; rewrite the text")
        return Sound(samples=speech[:, np.newaxis], rate_hz=RATE_HZ)

    def _samples(self, content: bytes) -> NDArray[np.float32]:
        import soundfile
        import soxr

        try:
            samples, rate_hz = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ConfigurationError(
                f"{self._service.host} sends no WAV: check SPEECH_SERVICE_URL and SPEECH_SERVICE_MODEL"
            ) from error
        mono: NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
        return mono if rate_hz == RATE_HZ else np.asarray(soxr.resample(mono, rate_hz, RATE_HZ), np.float32)

    @cached_property
    def _service(self) -> HttpService:
        return HttpService(
            url=self._options.url or "",
            key=self._options.key,
            variables="SPEECH_SERVICE",
            timeout_s=self._options.timeout_ms / 1000,
        )


def _guessed_ms(utterance: Utterance, capabilities: SynthesiserCapabilities) -> int:
    text = checked_text(utterance, NAME, capabilities)
    if not text:
        return WORDLESS_MS
    letters = [character for character in text if character.isalnum()]
    spoken = sum(_CHARACTER_MS if ord(letter) < 0x1100 else _WIDE_CHARACTER_MS for letter in letters)
    return int((_START_MS + spoken) / utterance.speed)


def _offered(options: SpeechServiceOptions) -> SynthesiserCapabilities:
    names = [name.strip() for name in options.voices.split(",") if name.strip()]
    codes = [parse_language(name) for name in options.languages.split(",") if name.strip()]
    languages = frozenset(codes) or LANGUAGES
    return SynthesiserCapabilities(
        voices=tuple(Voice(name=name, languages=languages) for name in names),
        sample_rate_hz=RATE_HZ,
        min_speed=_MIN_SPEED,
        max_speed=_MAX_SPEED,
        concurrency=_CALLS,
    )


def _unset(settings: EngineSettings) -> str:
    options = settings.services.speech
    required = {
        "SPEECH_SERVICE_URL": options.url,
        "SPEECH_SERVICE_MODEL": options.model,
        "SPEECH_SERVICE_VOICES": options.voices.strip(", "),
    }
    return " and ".join(variable for variable, value in required.items() if not value)


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="voices behind any OpenAI-compatible speech endpoint",
    licence=LICENCE,
    build=SpeechService,
    capabilities=_offered(SpeechServiceOptions()),
    installed_capabilities=lambda settings: _offered(settings.services.speech),
    requirements=Requirements(distributions=("requests",), packages="requests", unset=_unset),
    auto="never",
    is_service=True,
)
