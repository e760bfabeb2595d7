"""Preparation of text and sound by translators and synthesisers, without their models."""

# ruff: noqa: RUF001 (phonemes that look like letters)
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dub_assets.core.engine import SynthesiserCapabilities, Voice
from dub_assets.core.errors import ConfigurationError, UnsupportedLanguageError
from dub_assets.core.signal.sound import silence
from dub_assets.core.speech import ClonedUtterance, Utterance, VoiceReference
from dub_assets.engines.kokoro.phonemes import chunks_of, phonemes_of
from dub_assets.engines.shared import espeak_library
from dub_assets.engines.shared.source_text import MAX_CHARACTERS, joined_sentences, tidied
from dub_assets.engines.shared.trim import MARGIN_MS, trimmed
from dub_assets.engines.shared.utterances import checked_text

RATE_HZ = 24_000
OFFER = SynthesiserCapabilities(
    voices=(Voice(name="ana", languages=frozenset({"pt", "es"})), Voice(name="bob", languages=frozenset({"en"}))),
    sample_rate_hz=RATE_HZ,
    min_speed=0.8,
    max_speed=1.25,
    concurrency=1,
)
ALPHABET = " abdefijklmnoprstuvwzɐɔəɛɡɪɲɹɾʃʊʒʣʤʦʧˈˌː\u0303æŋAIOWY,.;:!?…—"
VOCABULARY = {character: number for number, character in enumerate(ALPHABET, start=1)}


def test_checked_text_is_one_line_without_pictures():
    text = checked_text(Utterance(text=" Olá,\n\tmundo\x00 🎵 20 °C ™ ", language="pt", voice="ana"), "x", OFFER)
    assert text == "Olá, mundo 20 °C ™"


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "🙂 ♪", "\u200b", "—"])
def test_checked_text_without_words_is_empty(text):
    assert checked_text(Utterance(text=text, language="pt", voice="ana"), "x", OFFER) == ""


def test_refuses_unknown_languages_voices_and_speeds():
    with pytest.raises(UnsupportedLanguageError, match="en, es, pt"):
        checked_text(Utterance(text="a", language="ko", voice="ana"), "x", OFFER)
    with pytest.raises(ConfigurationError, match="choose one of ana"):
        checked_text(Utterance(text="a", language="pt", voice="bob"), "x", OFFER)
    with pytest.raises(ValueError, match=r"1\.25"):
        checked_text(Utterance(text="a", language="pt", voice="ana", speed=1.3), "x", OFFER)


def test_accepts_a_cloned_voice_only_if_the_engine_clones():
    reference = VoiceReference(fingerprint="a", sound=silence(2 * RATE_HZ, 1, RATE_HZ))
    cloned = ClonedUtterance(text="Olá", language="pt", voice="cloned-A", reference=reference)
    assert checked_text(cloned, "x", replace(OFFER, clones_voice=True)) == "Olá"
    with pytest.raises(ConfigurationError, match="no voice 'cloned-A'"):
        checked_text(cloned, "x", OFFER)
    with pytest.raises(UnsupportedLanguageError, match="en, es, pt"):
        checked_text(replace(cloned, language="ko"), "x", replace(OFFER, clones_voice=True))


def tone(duration_ms: int, level_db: float) -> np.ndarray:
    time = np.arange(duration_ms * RATE_HZ // 1000) / RATE_HZ
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * 300 * time)).astype(np.float32)


def test_trims_silence_and_keeps_quiet_sounds():
    silent = np.zeros(RATE_HZ // 2, np.float32)
    quiet, loud = tone(100, -42), tone(300, -3)
    speech = trimmed(np.concatenate([silent, quiet, loud, silent, quiet, silent]), RATE_HZ)
    spoken_ms = 100 + 300 + 500 + 100
    assert spoken_ms <= len(speech) * 1000 / RATE_HZ <= spoken_ms + 2 * MARGIN_MS + 10


def test_scales_speech_over_full_scale_down():
    speech = trimmed(tone(200, 3), RATE_HZ)
    assert np.abs(speech).max() == pytest.approx(0.98, abs=1e-4)
    assert np.corrcoef(speech, tone(200, 3))[0, 1] == pytest.approx(1, abs=1e-6)


def test_trimmed_silence_is_empty():
    assert len(trimmed(np.zeros(RATE_HZ, np.float32), RATE_HZ)) == 0
    assert len(trimmed(np.zeros(0, np.float32), RATE_HZ)) == 0


def test_clauses_have_the_mark_that_ends_them():
    clauses = espeak_library.phonemes('Olá, mundo! "Não?" Custa 3,5. Espere... quê?! Ah \u2014 sim: já', "pt-br")
    assert [mark for _, mark in clauses] == [",", "!", "?", ".", ".", "?", "\u2014", ":", ""]
    assert all(sound for sound, _ in clauses)


def test_phonemes_have_no_language_switches():
    clauses = espeak_library.phonemes("안녕 e privet привет", "pt-br")
    assert not {"(", ")"} & set("".join(sound for sound, _ in clauses))


def test_affricates_and_diphthongs_are_single_letters():
    assert phonemes_of("A tia gosta do dia. Sei!", "pt", VOCABULARY) == "a ʧˈiæ ɡˈɔstæ dʊ ʤˈiæ. sˈA!"


def test_cuts_long_texts_at_sentences_then_clauses_then_words():
    text = "Um dois três quatro, cinco seis sete oito. " * 3 + "Palavra " * 30
    chunks = chunks_of(text, "pt", VOCABULARY, limit=80)
    letters = {number: character for character, number in VOCABULARY.items()}
    spoken = ["".join(letters[token] for token in chunk.tokens) for chunk in chunks]
    assert " ".join(spoken) == phonemes_of(text, "pt", VOCABULARY)
    assert all(len(chunk.tokens) <= 80 for chunk in chunks)
    assert min(len(chunk.tokens) for chunk in chunks) >= 15
    assert [chunk.pause_ms for chunk in chunks if chunk.ends_in_mark] == [350, 350, 350]
    assert chunks[-1].pause_ms == 0
    assert chunks_of("...", "pt", VOCABULARY, limit=80) == []


def test_espeak_finds_its_data_behind_a_long_path(tmp_path):
    folder = tmp_path.joinpath(*["a folder with a long name"] * 8)
    folder.mkdir(parents=True)
    link = folder / "espeak-ng-data"
    _, data = espeak_library._location()
    link.symlink_to(data.decode())
    short = espeak_library._short_path(link)
    assert len(bytes(link)) > 200 > len(bytes(short)) + 60
    assert short.resolve() == link.resolve()
    assert espeak_library._short_path(Path("/usr/share/espeak-ng-data")) == Path("/usr/share/espeak-ng-data")


def test_lowers_lines_in_capitals_but_not_single_words():
    assert tidied("THE MEETING IS OVER. GO HOME.") == "The meeting is over. Go home."
    assert tidied("NASA") == "NASA"


def test_joins_sentences_split_after_titles_and_inside_quotations():
    pieces = ["He met Mr. ", "Jones. ", '"Stop!" ', "he said. ", "Plan A. ", "Then J. ", "K. ", "Rowling came."]
    assert joined_sentences(pieces) == ["He met Mr. Jones.", '"Stop!" he said.', "Plan A.", "Then J. K. Rowling came."]


def test_cuts_sentences_over_the_limit_without_losing_words():
    sentence = ", ".join(f"word{number} and word" for number in range(60)) + " " + "x" * (2 * MAX_CHARACTERS)
    parts = joined_sentences([sentence])
    assert all(0 < len(part) <= MAX_CHARACTERS for part in parts)
    assert "".join(parts).replace(" ", "") == sentence.replace(" ", "")
