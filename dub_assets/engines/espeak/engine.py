"""espeak-ng: robotic voices in 91 languages, the last resort."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import metadata

import numpy as np

from dub_assets.core.engine import EngineIdentity, SynthesiserCapabilities, Voice, VoiceSex
from dub_assets.core.errors import InputError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineEntry, EngineSettings, Requirements
from dub_assets.engines.shared import espeak_library
from dub_assets.engines.shared.trim import trimmed
from dub_assets.engines.shared.utterances import WORDLESS_MS, checked_text, pause

NAME = "espeak-ng"

_NAMED_OTHERWISE = {"en": "en-us", "fr": "fr", "no": "nb", "pt": "pt-br", "zh": "cmn"}
_SAME_NAME = """
af am an ar as az ba be bg bn bs ca cs cy da de el eo es et eu fa fi ga gd gn gu he hi hr ht hu hy ia id io is it
ka kk kl kn ko ku ky la lb lt lv mi mk ml mr ms mt my ne nl om or pa pl qu ro ru sd si sk sl sq sr sv sw ta te th ti tk
tn tr tt ug uk ur uz vi
"""
VOICES = {code: code for code in _SAME_NAME.split()} | _NAMED_OTHERWISE
"""espeak-ng's voice by language (ISO 639-1). Without Japanese, of which it reads kana only, and without Chuvash and
Faroese, for which the package ships no usable dictionary."""

_VARIANTS = {"male": "", "female": "+f2"}
_PITCHES_HZ = {"male": 99.0, "female": 192.0}
_SEXES: tuple[VoiceSex, ...] = ("male", "female")
_WORDS_PER_MINUTE = 175

CAPABILITIES = SynthesiserCapabilities(
    voices=tuple(Voice(name=sex, languages=frozenset(VOICES), pitch_hz=_PITCHES_HZ[sex], sex=sex) for sex in _SEXES),
    sample_rate_hz=espeak_library.RATE_HZ,
    min_speed=0.5,
    max_speed=2.0,
    concurrency=1,
)


class Espeak:
    """A synthesiser over espeak-ng's library, a hundred times faster than real time; one call at a time."""

    def __init__(self, settings: EngineSettings) -> None:
        del settings  # no weights, no threads

    @property
    def capabilities(self) -> SynthesiserCapabilities:
        """A male and a female voice in each language."""
        return CAPABILITIES

    @cached_property
    def identity(self) -> EngineIdentity:
        """espeak-ng by the version of the package that ships it."""
        return EngineIdentity(
            name=NAME, version=metadata.version(espeak_library.PACKAGE), licence=espeak_library.LICENCE
        )

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the exact lengths; synthesis takes a hundredth of the time that the speech lasts."""
        return [sound.duration_ms for sound in self.synthesise(utterances)]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        """Return mono speech at 22.05 kHz; the same utterance gives the same samples on every call and thread.

        A text without words gives a short pause. Raises InputError if nothing of a text can be read.
        """
        return [_spoken(utterance) for utterance in utterances]

    def close(self) -> None:
        """Do nothing: the library is loaded for each call and unloaded after it."""


def _spoken(utterance: Utterance) -> Sound:
    rate_hz = espeak_library.RATE_HZ
    text = checked_text(utterance, NAME, CAPABILITIES)
    if not text:
        return pause(WORDLESS_MS, rate_hz)
    voice = VOICES[utterance.language] + _VARIANTS[utterance.voice]
    samples = espeak_library.speech(text, voice, round(_WORDS_PER_MINUTE * utterance.speed))
    speech = trimmed(samples, rate_hz)
    if not len(speech):
        raise InputError(f"{NAME} finds nothing it can read as {utterance.language!r} in a text; rewrite the text")
    return Sound(samples=speech[:, np.newaxis], rate_hz=rate_hz)


ENTRY: EngineEntry[Synthesiser] = EngineEntry(
    stage="synthesis",
    name=NAME,
    summary="espeak-ng, last resort: robotic",
    licence=espeak_library.LICENCE,
    build=Espeak,
    capabilities=CAPABILITIES,
    requirements=Requirements(distributions=(espeak_library.PACKAGE,), packages=espeak_library.PACKAGE_PIN),
    auto="last_resort",
)
