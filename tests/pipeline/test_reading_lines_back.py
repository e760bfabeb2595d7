"""Lines read back by a recogniser that hears tones: each line is a tone as long as its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeEngines, FakeRecogniser, FakeSynthesiser
from programmes import SPEECH, WORDS

from dub_assets.domain.speech import RecognisedWord, SpeechChunk
from dub_assets.pipeline.read_back import packed

MS_PER_CHARACTER = 60


class ToneRecogniser(FakeRecogniser):
    """Hears English words as told; of tones, the text that takes as long to say, but for what it is told to mishear."""

    def __init__(self, texts: Sequence[str], mishears: dict[str, list[str]]) -> None:
        super().__init__(WORDS)
        self.capabilities = replace(self.capabilities, languages=frozenset({"en", "ko", "pt"}))
        self._texts = list(texts)
        self._mishears = mishears
        self.read: list[int] = []

    def recognise(self, chunks: Sequence[SpeechChunk], language: str):
        if language != "pt":
            return super().recognise(chunks, language)
        self.read.append(len(chunks))
        return [tuple(self._heard(chunk)) for chunk in chunks]

    def _heard(self, chunk: SpeechChunk):
        loud = np.abs(chunk.sound.samples[:, 0]) > 0.01
        at = np.flatnonzero(loud)
        for tone in np.split(at, np.flatnonzero(np.diff(at) > 1600) + 1):
            start_ms, end_ms = int(tone[0]) // 16, int(tone[-1]) // 16
            text = min(self._texts, key=lambda text: abs(len(text) * MS_PER_CHARACTER - (end_ms - start_ms)))
            said = self._mishears.get(text, [])
            words = (said.pop(0) if said else text).split()
            for number, word in enumerate(words):
                yield RecognisedWord(
                    text=word,
                    start_ms=start_ms + number * (end_ms - start_ms) // len(words),
                    end_ms=start_ms + (number + 1) * (end_ms - start_ms) // len(words),
                    probability=0.9,
                )


TEXTS = ["pt Good morning.", "pt And good night."]


def engines_that_mishear(mishears=None, **synthesiser) -> FakeEngines:
    return FakeEngines(
        regions=SPEECH,
        words=WORDS,
        recogniser=ToneRecogniser(TEXTS, mishears or {}),
        synthesiser=FakeSynthesiser(ms_per_character=MS_PER_CHARACTER, **synthesiser),
    )


def speeches(products):
    return [segment.speech for segment in products.tts.segments]


def test_every_line_is_read_back_in_one_go_and_spoken_once(studio):
    engines = engines_that_mishear()
    made = speeches(studio.made(engines))
    assert [speech.read_back.heard for speech in made] == TEXTS
    assert [(speech.read_back.agreement, speech.read_back.attempts) for speech in made] == [(1.0, 1)] * 2
    assert engines.recogniser("pt").read == [1], "both lines in one chunk"
    assert len(engines.synthesiser("pt").spoken) == 2
    assert engines.recogniser("pt").closed


def test_a_line_that_is_not_heard_as_written_is_spoken_at_another_speed_and_kept_where_that_is_heard(studio):
    engines = engines_that_mishear({TEXTS[1]: ["pt And good night. And good night."]})
    first, second = speeches(studio.made(engines))
    assert first.read_back.attempts == 1
    assert (second.read_back.heard, second.read_back.attempts) == (TEXTS[1], 2)
    assert second.speed == pytest.approx(1.04)
    sound = studio.bench.sounds.read(studio.bench.workspace.open(second.media))
    assert sound.duration_ms == second.duration_ms == pytest.approx(len(TEXTS[1]) * MS_PER_CHARACTER / 1.04, abs=2)


def test_a_line_that_stays_wrong_is_kept_as_it_was_first_and_tells_what_is_wrong(studio):
    engines = engines_that_mishear({TEXTS[1]: ["pt good night.", "pt night."]})
    _, second = speeches(studio.made(engines))
    assert (second.speed, second.read_back.attempts, second.read_back.dropped) == (1.0, 2, 1)


def test_what_was_read_back_is_not_read_again(studio):
    engines = engines_that_mishear()
    products = studio.made(engines)
    assert studio.made(engines, previous=products) == products
    assert engines.recogniser("pt").read == [1]


def test_it_can_be_switched_off_and_on_again_without_speaking_anew(studio):
    engines = engines_that_mishear()
    checks = replace(studio.options.checks, speech=False)
    silent = replace(studio, options=replace(studio.options, checks=checks)).made(engines)
    assert [speech.read_back for speech in speeches(silent)] == [None, None]
    read = studio.made(engines, previous=silent)
    assert [speech.read_back.heard for speech in speeches(read)] == TEXTS
    assert len(engines.synthesiser("pt").spoken) == 2


def test_a_language_that_no_recogniser_hears_is_not_read_back(studio, engines):
    assert [speech.read_back for speech in speeches(studio.made(engines))] == [None, None]


def test_lines_are_packed_in_order_with_gaps_and_never_over_the_limit():
    packs = packed([10_000, 15_000, 3_000, 40_000, 1], 30_000)
    assert [[at for at, _ in pack] for pack in packs] == [[0, 1, 2], [3], [4]]
    assert packs[0][2][1].end_ms == 10_000 + 15_000 + 3_000 + 2 * 500
    assert packs[1][0][1].duration_ms == 30_000
    assert packed([], 30_000) == []
