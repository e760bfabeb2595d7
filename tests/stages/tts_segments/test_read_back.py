"""Read-back by a recogniser that hears tones: each line is a tone as long as its text."""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeRecogniser, FakeSynthesiser
from support.programmes import SPEECH, WORDS

from dub_assets.core.errors import DeviceMemoryError, EngineUnavailableError, OutOfSpaceError
from dub_assets.core.speech import RecognisedWord, SpeechChunk
from dub_assets.stages.tts_segments.read_back import packed

MS_PER_CHARACTER = 60


class ToneRecogniser(FakeRecogniser):
    """Hears given English words; of a tone, the text of the same length, unless it is listed as misheard."""

    def __init__(self, texts: Sequence[str], mishears: dict[str, list[str]]) -> None:
        super().__init__(WORDS)
        self.capabilities = replace(self.capabilities, languages=frozenset({"en", "ko", "pt"}))
        self._texts = list(texts)
        self._mishears = mishears
        self.read: list[int] = []
        self.fails_with: list[BaseException | None] = []
        """The error that each read-back raises, in order; None for no error."""

    def recognise(self, chunks: Sequence[SpeechChunk], language: str):
        if language != "pt":
            return super().recognise(chunks, language)
        failure = self.fails_with.pop(0) if self.fails_with else None
        if failure is not None:
            raise failure
        self.read.append(len(chunks))
        return [tuple(self._heard(chunk)) for chunk in chunks]

    def _heard(self, chunk: SpeechChunk):
        loud = np.abs(chunk.sound.samples[:, 0]) > 0.01
        at = np.flatnonzero(loud)
        for tone in np.split(at, np.flatnonzero(np.diff(at) > 1600) + 1):
            start_ms, end_ms = int(tone[0]) // 16, int(tone[-1]) // 16
            text = min(self._texts, key=lambda text: abs(len(text) * MS_PER_CHARACTER - (end_ms - start_ms)))
            misheard = self._mishears.get(text, [])
            words = (misheard.pop(0) if misheard else text).split()
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


def test_reads_all_lines_back_in_one_chunk(harness):
    engines = engines_that_mishear()
    results = speeches(harness.run_stages(engines))
    assert [speech.read_back.heard for speech in results] == TEXTS
    assert [(speech.read_back.agreement, speech.read_back.attempts) for speech in results] == [(1.0, 1)] * 2
    assert engines.recogniser("pt").read == [1], "both lines in one chunk"
    assert len(engines.synthesiser("pt").spoken) == 2
    assert engines.recogniser("pt").closed


def test_speaks_a_wrong_line_again_at_another_speed(harness):
    engines = engines_that_mishear({TEXTS[1]: ["pt And good night. And good night."]})
    first, second = speeches(harness.run_stages(engines))
    assert first.read_back.attempts == 1
    assert (second.read_back.heard, second.read_back.attempts) == (TEXTS[1], 2)
    assert second.speed == pytest.approx(1.04)
    sound = harness.ctx.sounds.read(harness.ctx.workspace.open(second.media))
    assert sound.duration_ms == second.duration_ms == pytest.approx(len(TEXTS[1]) * MS_PER_CHARACTER / 1.04, abs=2)


def test_keeps_the_first_attempt_if_no_other_is_better(harness):
    engines = engines_that_mishear({TEXTS[1]: ["pt good night.", "pt night."]})
    _, second = speeches(harness.run_stages(engines))
    assert (second.speed, second.read_back.attempts, second.read_back.dropped) == (1.0, 2, 1)


def test_does_not_read_lines_back_twice(harness):
    engines = engines_that_mishear()
    products = harness.run_stages(engines)
    assert harness.run_stages(engines, previous=products) == products
    assert engines.recogniser("pt").read == [1]


def test_can_be_switched_off_and_on_without_speaking_again(harness):
    engines = engines_that_mishear()
    checks = replace(harness.options.checks, speech=False)
    silent = replace(harness, options=replace(harness.options, checks=checks)).run_stages(engines)
    assert [speech.read_back for speech in speeches(silent)] == [None, None]
    read = harness.run_stages(engines, previous=silent)
    assert [speech.read_back.heard for speech in speeches(read)] == TEXTS
    assert len(engines.synthesiser("pt").spoken) == 2


def failing_engines(*failures: BaseException | None, mishears=None) -> FakeEngines:
    engines = engines_that_mishear(mishears)
    engines.recogniser("pt").fails_with = list(failures)
    return engines


@pytest.mark.parametrize(
    "failure",
    [
        DeviceMemoryError("it ran out of memory on cuda:0: free it of other work"),
        EngineUnavailableError("model.bin is not what it should be"),
        RuntimeError("CUDA failed with error unspecified launch failure"),
        OSError(errno.EIO, "Input/output error"),
        MemoryError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_marks_lines_as_unheard_if_the_recogniser_fails(harness, caplog, failure):
    engines = failing_engines(failure)
    results = speeches(harness.run_stages(engines))
    assert [(speech.read_back, speech.unheard) for speech in results] == [(None, True)] * 2
    assert [speech.text for speech in results] == TEXTS
    assert engines.recogniser("pt").closed
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.name.startswith("dub_assets.")
    assert warning.getMessage().startswith("2 lines are not read back, the recogniser failed: ")


def test_closes_a_recogniser_that_failed_even_if_models_are_kept(harness, monkeypatch):
    engines = failing_engines(RuntimeError())
    monkeypatch.setattr(engines, "release", lambda engine: None)
    harness.run_stages(engines)
    assert engines.recogniser("pt").closed
    heard = engines_that_mishear()
    monkeypatch.setattr(heard, "release", lambda engine: None)
    harness.run_stages(heard)
    assert not heard.recogniser("pt").closed


def test_logs_only_the_type_of_a_library_error(harness, caplog):
    harness.run_stages(failing_engines(ValueError("pt And good night.")))
    harness.run_stages(failing_engines(DeviceMemoryError("free it of other work")))
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [message.rpartition(": ")[2] for message in messages] == ["ValueError", "free it of other work"]


def test_the_next_run_reads_unheard_lines_back_without_speaking_again(harness):
    engines = failing_engines(RuntimeError())
    unheard = harness.run_stages(engines)
    read = harness.run_stages(engines, previous=unheard)
    assert [(speech.read_back.heard, speech.unheard) for speech in speeches(read)] == [(text, False) for text in TEXTS]
    assert len(engines.synthesiser("pt").spoken) == 2
    assert harness.run_stages(engines, previous=read) == read


def test_lines_are_not_unheard_after_read_back_is_switched_off(harness):
    unheard = harness.run_stages(failing_engines(RuntimeError()))
    checks = replace(harness.options.checks, speech=False)
    silent = replace(harness, options=replace(harness.options, checks=checks))
    assert not any(speech.unheard for speech in speeches(silent.run_stages(engines_that_mishear(), previous=unheard)))


def test_keeps_the_first_attempt_if_a_later_read_back_fails(harness):
    engines = failing_engines(None, RuntimeError(), mishears={TEXTS[1]: ["pt good night."]})
    first, second = speeches(harness.run_stages(engines))
    assert [first.unheard, second.unheard] == [False, False]
    assert (second.speed, second.read_back.attempts, second.read_back.dropped) == (1.0, 1, 1)


@pytest.mark.parametrize(
    "stop",
    [OutOfSpaceError("the disk is full"), OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt(), SystemExit()],
    ids=lambda stop: type(stop).__name__,
)
def test_a_full_disk_or_an_interrupt_stops_the_job(harness, stop):
    with pytest.raises(type(stop)):
        harness.run_stages(failing_engines(stop))


def test_does_not_fail_if_the_recogniser_is_not_installed(harness):
    class Uninstalled(FakeEngines):
        def recogniser(self, language):
            if language == "pt":
                raise EngineUnavailableError("no installed engine can recognise 'pt'; install one")
            return super().recogniser(language)

    results = speeches(harness.run_stages(Uninstalled(regions=SPEECH, words=WORDS)))
    assert [(speech.read_back, speech.unheard) for speech in results] == [(None, False)] * 2


def test_does_not_read_back_a_language_without_a_recogniser(harness, engines):
    assert [speech.read_back for speech in speeches(harness.run_stages(engines))] == [None, None]


def test_packs_lines_in_order_with_gaps_within_the_limit():
    packs = packed([10_000, 15_000, 3_000, 40_000, 1], 30_000)
    assert [[at for at, _ in pack] for pack in packs] == [[0, 1, 2], [3], [4]]
    assert packs[0][2][1].end_ms == 10_000 + 15_000 + 3_000 + 2 * 500
    assert packs[1][0][1].duration_ms == 30_000
    assert packed([], 30_000) == []


def test_packs_lines_into_few_chunks_of_similar_length():
    assert [[at for at, _ in pack] for pack in packed([9_000] * 4, 30_000)] == [[0, 1], [2, 3]]
    assert [[at for at, _ in pack] for pack in packed([12_000, 1_000, 1_000, 29_000], 30_000)] == [[0, 1, 2], [3]]
