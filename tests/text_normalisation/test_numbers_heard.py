"""Each language's default voice says numbers so that the default recogniser hears them.

The sentences are chosen to measure how texts are read aloud, not what the recogniser is weak at: Whisper base takes
the Portuguese "Celsius" for "seus cios", and "vinte e uma horas" for 20h. What it hears is compared as it is said, so
that "R$ 3,50" and "3 reais e 50 centavos" are one.
"""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from support.recordings import chunk

from dub_assets.core.speech import Utterance
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.registry import EngineRegistry
from dub_assets.stages.quality.lost_numbers import lost_numbers
from dub_assets.stages.tts_segments.agreement import compare, read_back_issues
from dub_assets.text_normalisation import verbalise

pytestmark = pytest.mark.models

SENTENCES = {
    "pt": [
        "A passagem custa R$ 3,50 e o hotel, R$ 250.",
        "A cidade tem 1.250.000 habitantes e 12 museus.",
        "Em 1995, a estrada tinha 86 km.",
        "Hoje 50% das 200 pessoas votaram.",
        "Ela ficou em 2º lugar entre 21 mulheres.",
        "A caixa pesa 25 kg e mede 40 cm.",
    ],
    "es": [
        "El billete cuesta 3,50 € y el hotel, 250 €.",
        "El pueblo tiene 1.500 habitantes y 12 museos.",
        "En 1995 la carretera tenía 86 km.",
        "Hoy votó el 50% de las 200 personas.",
        "La caja pesa 25 kg y mide 40 cm.",
    ],
    "en": [
        "The ticket costs $3.50 and the hotel $250.",
        "The city has 1,250,000 people and 12 museums.",
        "In 1995 the road was 86 km long.",
        "About 50% of the 200 people voted.",
        "The box weighs 25 kg and is 40 cm wide.",
        "The train leaves at 3:45 pm and arrives at 9:05 pm.",
    ],
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> EngineRegistry:
    return EngineRegistry(EngineSettings(cache_dir=tmp_path_factory.mktemp("cache"), weights_dir=None, threads=2))


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language in SENTENCES for text in SENTENCES[language]]
)
def test_numbers_are_heard_as_they_are_written(registry, language, text):
    heard = _heard(registry, language, verbalise(text, language))
    found = compare(text, heard, language)
    assert read_back_issues(found, 0.9) == (), heard
    assert lost_numbers(text, heard, source=language, target=language) == (), heard


@pytest.mark.parametrize(
    ("language", "text", "amount"), [("pt", "Custa R$ 3,50.", "3,50"), ("en", "It is $3.50.", "3.50")]
)
def test_the_recogniser_would_tell_a_wrong_number(registry, language, text, amount):
    heard = _heard(registry, language, verbalise(text.replace(amount, "9"), language))
    assert lost_numbers(text, heard, source=language, target=language) == (amount,), heard


def _heard(registry: EngineRegistry, language: str, text: str) -> str:
    """What is heard of a text between two quarters of a second of silence."""
    synthesiser, recogniser = registry.synthesiser(language=language), registry.recogniser(language=language)
    voice = synthesiser.capabilities.voices_for(language)[0].name
    (sound,) = synthesiser.synthesise([Utterance(text=text, language=language, voice=voice)])
    rate_hz = recogniser.capabilities.sample_rate_hz
    samples = soxr.resample(sound.samples[:, 0], sound.rate_hz, rate_hz).astype(np.float32)
    (words,) = recogniser.recognise([chunk(np.pad(samples, rate_hz // 4), rate_hz=rate_hz)], language)
    return " ".join(word.text for word in words)
