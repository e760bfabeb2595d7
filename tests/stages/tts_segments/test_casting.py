from __future__ import annotations

from dataclasses import replace

import pytest

from dub_assets.core.engine import Voice
from dub_assets.core.errors import InputError
from dub_assets.core.signal.sound import silence
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference
from dub_assets.stages.transcript.values import Speaker
from dub_assets.stages.tts_segments.casting import LineVoice, cast_speakers, check_voices, cloned_voice, parse_choices

PT = frozenset({"pt"})
VOICES = [
    Voice(name="man", languages=PT, pitch_hz=92.0),
    Voice(name="woman", languages=PT, pitch_hz=229.0),
    Voice(name="girl", languages=PT, pitch_hz=304.0),
    Voice(name="other man", languages=PT, pitch_hz=117.0),
]


def speaker(name: str, pitch_hz: float | None, speech_ms: int = 10_000) -> Speaker:
    return Speaker(name=name, pitch_hz=pitch_hz, speech_ms=speech_ms)


@pytest.mark.parametrize(("pitch_hz", "voice"), [(85.0, "man"), (105.0, "man"), (200.0, "woman"), (320.0, "girl")])
def test_casts_the_voice_with_the_nearest_pitch(pitch_hz: float, voice: str):
    assert cast_speakers([speaker("A", pitch_hz)], VOICES, {}) == {"A": voice}


def test_casts_the_preferred_voice_for_an_unknown_pitch():
    assert cast_speakers([speaker("A", None)], VOICES, {}) == {"A": "man"}
    assert cast_speakers([speaker("A", 220.0)], [Voice(name="x", languages=PT), *VOICES], {}) == {"A": "x"}


def test_speakers_have_different_voices_and_the_one_with_most_speech_comes_first():
    two_men = [speaker("A", 105.0, 5_000), speaker("B", 100.0, 60_000)]
    assert cast_speakers(two_men, VOICES, {}) == {"A": "other man", "B": "man"}
    cast = cast_speakers([speaker(name, 100.0) for name in "ABCD"], VOICES, {})
    assert sorted(cast.values()) == sorted(voice.name for voice in VOICES)


def test_speakers_share_voices_if_there_are_too_few():
    cast = cast_speakers([speaker(name, 100.0) for name in "ABCDE"], VOICES, {})
    assert sorted(cast) == list("ABCDE")
    assert sorted(cast.values()).count("man") == 2


def test_keeps_chosen_voices_and_casts_others_for_the_rest():
    cast = cast_speakers([speaker("A", 100.0), speaker("B", 100.0)], VOICES, {"B": "man", "Z": "girl"})
    assert cast == {"A": "other man", "B": "man"}
    assert cast_speakers([speaker("A", 100.0)], VOICES[:1], {"A": "a voice that is not offered"})["A"].startswith(
        "a voice"
    )


def test_a_high_voiced_man_has_a_mans_voice():
    voices = [replace(voice, sex="male" if "man" in voice.name.split() else "female") for voice in VOICES]
    high = replace(speaker("A", 199.0), sex="male")
    assert cast_speakers([high], voices, {}) == {"A": "other man"}
    low = replace(speaker("B", 120.0, 1_000), sex="female")
    assert cast_speakers([high, low], voices, {}) == {"A": "other man", "B": "woman"}


def test_men_share_a_mans_voice_rather_than_have_a_womans():
    voices = [Voice(name="man", languages=PT, pitch_hz=92.0, sex="male"), replace(VOICES[1], sex="female")]
    men = [replace(speaker(name, 150.0), sex="male") for name in "AB"]
    assert cast_speakers(men, voices, {}) == {"A": "man", "B": "man"}


def test_casts_nothing_without_speakers():
    assert cast_speakers([], VOICES, {}) == {}


def test_raises_an_error_that_names_the_known_voices():
    check_voices(VOICES, {"A": "girl"})
    with pytest.raises(InputError, match="'boy' for speaker B; there are man, woman"):
        check_voices(VOICES, {"A": "girl", "B": "boy"})


def test_parses_choices():
    assert parse_choices("A=jm_kumo, AB = jf_nezumi") == {"A": "jm_kumo", "AB": "jf_nezumi"}
    assert parse_choices(None) == {}
    assert parse_choices("") == {}


@pytest.mark.parametrize("text", ["A", "=x", "A=", "a=x", "1=x", "A=x,,B=y", "A=x,B"])
def test_refuses_malformed_choices(text: str):
    with pytest.raises(InputError, match="A=jm_kumo"):
        parse_choices(text)


def test_a_line_voice_makes_utterances_with_its_voice_or_reference():
    assert LineVoice(voice="man").utterance("Bom dia", "pt") == Utterance(text="Bom dia", language="pt", voice="man")
    reference = VoiceReference(fingerprint="a", sound=silence(1, 1, 24_000))
    assert LineVoice(voice=cloned_voice("A"), reference=reference).utterance("Bom dia", "pt") == ClonedUtterance(
        text="Bom dia", language="pt", voice="cloned-A", reference=reference
    )
    assert cloned_voice(None) == "cloned"
