"""Contract tests of synthesisers. A test module defines the fixture ``synthesiser`` and subclasses the contract."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import recordings

from dub_assets.core.errors import ConfigurationError, UnsupportedLanguageError
from dub_assets.core.ports import Synthesiser
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference

TEXTS = [
    "She opened the window slowly and looked at the sea.",
    "Have you ever tried to explain this?",
    "Thank you very much.",
]


class SynthesiserContract:
    """What every synthesiser does, whatever its weights."""

    LANGUAGE = "en"

    def utterances(self, synthesiser: Synthesiser, *texts: str, speed: float = 1.0) -> list[Utterance]:
        """Return utterances in the language's first voice."""
        voice = synthesiser.capabilities.voices_for(self.LANGUAGE)[0].name
        return [Utterance(text=text, language=self.LANGUAGE, voice=voice, speed=speed) for text in texts]

    def test_speech_is_mono_at_the_declared_rate_and_not_clipped(self, synthesiser: Synthesiser):
        sounds = synthesiser.synthesise(self.utterances(synthesiser, *TEXTS))
        assert len(sounds) == len(TEXTS)
        for sound in sounds:
            assert (sound.rate_hz, sound.channels) == (synthesiser.capabilities.sample_rate_hz, 1)
            assert sound.samples.dtype == np.float32
            assert np.isfinite(sound.samples).all()
            assert 0.0 < np.abs(sound.samples).max() < 1.0

    def test_is_deterministic_in_any_order_and_on_any_thread(self, synthesiser: Synthesiser):
        utterances = self.utterances(synthesiser, *TEXTS)
        spoken = synthesiser.synthesise(utterances)
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(synthesiser.synthesise, [utterance]) for utterance in reversed(utterances)]
        again = [call.result()[0] for call in reversed(calls)]
        assert all(np.array_equal(one.samples, other.samples) for one, other in zip(spoken, again, strict=True))

    def test_speaks_again_after_closing(self, synthesiser: Synthesiser):
        utterances = self.utterances(synthesiser, TEXTS[2])
        (before,) = synthesiser.synthesise(utterances)
        synthesiser.close()
        (after,) = synthesiser.synthesise(utterances)
        assert np.array_equal(after.samples, before.samples)

    @pytest.mark.parametrize("text", ["...", "?!", "\U0001f642", "\u266a \u266a", " "])
    def test_a_text_without_words_gives_a_short_pause(self, synthesiser: Synthesiser, text: str):
        utterances = self.utterances(synthesiser, text)
        (sound,) = synthesiser.synthesise(utterances)
        assert [sound.duration_ms] == synthesiser.predict_ms(utterances) == [100]
        assert not sound.samples.any()

    def test_returns_nothing_for_no_utterances(self, synthesiser: Synthesiser):
        assert synthesiser.synthesise([]) == []
        assert synthesiser.predict_ms([]) == []

    def test_refuses_what_its_capabilities_do_not_list(self, synthesiser: Synthesiser):
        (offered,) = self.utterances(synthesiser, "a")
        with pytest.raises(UnsupportedLanguageError, match="does not speak 'xx'"):
            synthesiser.synthesise([Utterance(text="a", language="xx", voice=offered.voice)])
        with pytest.raises(ConfigurationError, match=offered.voice):
            synthesiser.predict_ms([Utterance(text="a", language=self.LANGUAGE, voice="nobody")])
        with pytest.raises(ValueError, match=r"3\.0"):
            synthesiser.synthesise(self.utterances(synthesiser, "a", speed=3.0))

    def test_identity_has_version_licence_and_weights(self, synthesiser: Synthesiser):
        assert synthesiser.identity.version[0].isdigit()
        assert synthesiser.identity.licence
        assert all(len(file.sha256) == 64 and file.origin for file in synthesiser.identity.weights)


def reference(rate_hz: int, start_ms: int, end_ms: int) -> VoiceReference:
    """Return a reference from a stretch of recorded speech."""
    cut = recordings.speech(rate_hz)[start_ms * rate_hz // 1000 : end_ms * rate_hz // 1000]
    return VoiceReference(fingerprint=f"{start_ms} to {end_ms}", sound=recordings.sound(cut, rate_hz=rate_hz))


class CloningContract:
    """What every synthesiser that clones voices does besides."""

    LANGUAGE = "en"
    STRETCHES_MS = ((0, 6_000), (12_000, 14_000))

    def cloned(self, synthesiser: Synthesiser, stretch: int, text: str = TEXTS[2], voice: str = "cloned") -> Utterance:
        """Return an utterance in the voice of one of the stretches."""
        voice_reference = reference(synthesiser.capabilities.sample_rate_hz, *self.STRETCHES_MS[stretch])
        return ClonedUtterance(text=text, language=self.LANGUAGE, voice=voice, reference=voice_reference)

    def test_declares_that_it_clones_voices(self, synthesiser: Synthesiser):
        assert synthesiser.capabilities.clones_voice

    def test_each_reference_gives_another_voice(self, synthesiser: Synthesiser):
        offered = synthesiser.capabilities.voices_for(self.LANGUAGE)[0].name
        utterances = [
            self.cloned(synthesiser, 0),
            self.cloned(synthesiser, 1),
            Utterance(text=TEXTS[2], language=self.LANGUAGE, voice=offered),
        ]
        one, other, ordinary = synthesiser.synthesise(utterances)
        for sound in (one, other):
            assert (sound.rate_hz, sound.channels) == (synthesiser.capabilities.sample_rate_hz, 1)
            assert 0.0 < np.abs(sound.samples).max() < 1.0
        assert not _same(one, other)
        assert not _same(one, ordinary)

    def test_cloned_voices_do_not_depend_on_earlier_calls_or_names(self, synthesiser: Synthesiser):
        (first,) = synthesiser.synthesise([self.cloned(synthesiser, 0)])
        _, again = synthesiser.synthesise([self.cloned(synthesiser, 1), self.cloned(synthesiser, 0, voice="other")])
        assert _same(first, again)
        synthesiser.close()
        (after,) = synthesiser.synthesise([self.cloned(synthesiser, 0)])
        assert _same(first, after)


def _same(one: Sound, other: Sound) -> bool:
    return np.array_equal(one.samples, other.samples)
