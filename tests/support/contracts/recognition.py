"""The contract of recognisers. A test module defines the fixture ``recogniser`` and a subclass."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from support.measures import word_error_rate
from support.recordings import SPEECH, SPEECH_MS, chunk, loud_ms, melody, noise, speech

from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.ports import Recogniser

RATE_HZ = 16_000
SPOKEN = speech(RATE_HZ)[: SPEECH_MS * RATE_HZ // 1000]
CLAUSE = speech(RATE_HZ)[: 2800 * RATE_HZ // 1000]
"""The first clause: "It was the best of times,"."""


class RecogniserContract:
    """Words, their times, batches, and sound without speech."""

    TIMED = 0.9
    """Share of words with times."""

    @pytest.fixture(scope="class")
    @classmethod
    def words(cls, recogniser: Recogniser):
        """Words of recorded speech that starts at 60 s of the programme."""
        (words,) = recogniser.recognise([chunk(SPOKEN, 60_000)], "en")
        return words

    def test_recognises_recorded_speech(self, words):
        assert word_error_rate(" ".join(word.text for word in words), SPEECH) <= 0.05

    def test_words_have_punctuation_and_no_spaces(self, words):
        assert all(word.text == word.text.strip() and any(map(str.isalnum, word.text)) for word in words)
        assert sum(word.text[-1] in ".,;" for word in words) >= 4

    def test_times_are_in_order_and_match_the_speech(self, words):
        timed = [word for word in words if word.start_ms is not None]
        assert len(timed) >= self.TIMED * len(words)
        assert all(60_000 <= word.start_ms < word.end_ms <= 60_000 + SPEECH_MS for word in timed)
        assert all(word.end_ms <= next_word.start_ms for word, next_word in pairwise(timed))
        loud = loud_ms(SPOKEN, RATE_HZ)
        near = np.convolve(loud, np.ones(501), "same") > 0
        middles = [(word.start_ms + word.end_ms) // 2 - 60_000 for word in timed]
        assert np.mean(near[middles]) >= 0.95
        assert abs(timed[0].start_ms - 60_000 - int(np.argmax(loud))) < 400

    def test_words_have_probabilities_and_the_last_ends_a_phrase(self, words):
        assert all(0.0 < word.probability <= 1.0 for word in words)
        assert np.median([word.probability for word in words]) > 0.8
        assert words[-1].ends_phrase

    @pytest.mark.parametrize(
        "track",
        [np.zeros(3 * RATE_HZ), noise(3 * RATE_HZ), melody(3 * RATE_HZ, RATE_HZ) * 0.2, np.zeros(0), np.zeros(20)],
        ids=["silence", "noise", "melody", "no frames", "20 frames"],
    )
    def test_returns_no_words_without_speech(self, recogniser: Recogniser, track):
        assert recogniser.recognise([chunk(track)], "en") == [()]

    def test_returns_a_batch_in_order(self, recogniser: Recogniser):
        silent = chunk(np.zeros(RATE_HZ))
        results = recogniser.recognise([silent, chunk(CLAUSE, 1000), silent, chunk(SPOKEN, 9000)], "en")
        assert [bool(words) for words in results] == [False, True, False, True]
        assert word_error_rate(" ".join(word.text for word in results[1]), "It was the best of times") == 0
        assert len(results[3]) > len(results[1])

    def test_no_chunks_have_no_result(self, recogniser: Recogniser):
        assert recogniser.recognise([], "en") == []

    def test_detects_the_language_or_raises_an_error(self, recogniser: Recogniser):
        if not recogniser.capabilities.detects_language:
            with pytest.raises(UnsupportedLanguageError, match="name the source language"):
                recogniser.detect_language([chunk(CLAUSE), chunk(SPOKEN)])
            return
        guess = recogniser.detect_language([chunk(CLAUSE), chunk(SPOKEN)])
        assert guess.language == "en"
        assert 0.7 < guess.probability <= 1.0

    def test_refuses_an_unknown_language(self, recogniser: Recogniser):
        assert "xx" not in recogniser.capabilities.languages
        with pytest.raises(UnsupportedLanguageError, match="'xx'"):
            recogniser.recognise([chunk(CLAUSE)], "xx")

    def test_refuses_a_chunk_over_the_limit(self, recogniser: Recogniser):
        frames = (recogniser.capabilities.max_chunk_ms + 1) * RATE_HZ // 1000
        with pytest.raises(ValueError, match="at most 30 s"):
            recogniser.recognise([chunk(np.zeros(frames))], "en")

    def test_works_again_after_closing(self, recogniser: Recogniser):
        before = recogniser.recognise([chunk(CLAUSE)], "en")
        recogniser.close()
        assert recogniser.recognise([chunk(CLAUSE)], "en") == before

    def test_identity_names_its_weights(self, recogniser: Recogniser):
        assert recogniser.identity.weights
        assert all(len(file.sha256) == 64 and file.licence and file.origin for file in recogniser.identity.weights)
