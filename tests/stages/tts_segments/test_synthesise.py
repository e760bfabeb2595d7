from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeSynthesiser, FakeTranslator
from support.programmes import SPEECH, WORDS, programme

from dub_assets.core.signal.level import active_speech_level_dbfs
from dub_assets.core.signal.sound import Sound
from dub_assets.stages.tts_segments import pronunciations
from dub_assets.stages.tts_segments import stage as synthesise_stage
from dub_assets.stages.tts_segments.stage import synthesise
from dub_assets.text_normalisation.speaking_rate import ordinary_ms


def synthesise_again(harness, products, engines, **changes):
    return synthesise(
        products.stems,
        products.transcript,
        changes.pop("translation", products.translation),
        engines=engines,
        options=harness.options,
        ctx=harness.ctx,
        previous=products.tts,
        **changes,
    )


def with_text(translation, index, text):
    lines = tuple(replace(line, text=text) if line.index == index else line for line in translation.lines)
    return replace(translation, lines=lines)


def test_speaks_every_line_in_its_slot(harness, engines):
    tts = harness.run_stages(engines).tts
    assert [segment.speech.text for segment in tts.segments] == ["pt Good morning.", "pt And good night."]
    assert [segment.placed.start_ms for segment in tts.segments] == [part.start_ms for part in SPEECH]
    assert all(segment.placed.end_ms <= segment.slot.end_ms for segment in tts.segments)
    assert all(segment.issues == () for segment in tts.segments)


def test_the_clip_has_the_placed_length(harness, engines):
    for segment in harness.run_stages(engines).tts.segments:
        clip = harness.ctx.sounds.read(harness.ctx.workspace.open(segment.clip))
        assert (clip.channels, clip.rate_hz) == (1, 48_000)
        assert abs(clip.frames / 48 - segment.placed.duration_ms) <= 2


def test_asks_the_engine_for_speed_before_stretching_a_long_line(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, synthesiser=FakeSynthesiser(ms_per_character=340, max_speed=1.2))
    first = harness.run_stages(engines).tts.segments[0]
    assert first.speech.speed == 1.2
    assert first.stretch == pytest.approx(340 * 16 / 1.2 / first.placed.duration_ms, rel=0.01)
    assert first.stretch > 1.0
    assert first.rung == "stretch"
    assert first.placed.start_ms == first.segment.start_ms - 40


def test_speaks_a_shorter_rendering_if_the_full_one_does_not_fit(harness):
    engines = FakeEngines(
        regions=SPEECH,
        words=WORDS,
        translator=FakeTranslator(max_shorter=2),
        synthesiser=FakeSynthesiser(ms_per_character=300),
    )
    products = harness.run_stages(engines)
    first, second = products.tts.segments
    assert (first.speech.text, first.rendering) == ("pt Good", 1)
    assert (second.speech.text, second.rendering) == ("pt And good night.", 0)
    assert first.speech.speed == 1.0
    assert (first.rung, second.rung) == ("pause", "speed")
    assert products.texts() == {0: "pt Good", 1: "pt And good night."}


def test_tempo_is_the_ordinary_length_over_the_placed_length(harness, engines):
    segment = harness.run_stages(engines).tts.segments[0]
    assert segment.tempo == pytest.approx(ordinary_ms("pt Good morning.", "pt") / segment.placed.duration_ms, abs=0.001)


def test_the_clip_of_a_late_line_begins_with_silence(harness):
    engines = FakeEngines(regions=SPEECH, words=WORDS, synthesiser=FakeSynthesiser(ms_per_character=410, max_speed=1.0))
    second = harness.run_stages(engines).tts.segments[1]
    late_ms = second.placed.start_ms - second.segment.start_ms
    assert late_ms > 40
    assert "late_start" in second.issues
    clip = harness.ctx.sounds.read(harness.ctx.workspace.open(second.clip)).samples
    assert not clip[: late_ms * 48].any()
    assert clip[late_ms * 48 + 48 :].any()


def test_matches_the_level_of_the_original_speech(new_harness, engines):
    levels = {}
    for level in (0.05, 0.2):
        harness = new_harness(programme(level=level))
        segment = harness.run_stages(engines).tts.segments[0]
        levels[level] = active_speech_level_dbfs(harness.ctx.sounds.read(harness.ctx.workspace.open(segment.clip)))
    assert levels[0.2] - levels[0.05] == pytest.approx(12.04, abs=0.5)


def test_limits_the_level_range_of_lines(new_harness, engines):
    samples = programme().samples.copy()
    samples[5000 * 48 : 7000 * 48] *= 0.01
    harness = new_harness(Sound(samples=samples, rate_hz=48_000))
    loud, soft = (
        active_speech_level_dbfs(harness.ctx.sounds.read(harness.ctx.workspace.open(segment.clip)))
        for segment in harness.run_stages(engines).tts.segments
    )
    assert 0 < loud - soft <= 2 * harness.options.mix.level_range_db + 0.5


@pytest.mark.parametrize("option", ["level_range_db", "soft_range_db"])
def test_another_level_range_does_not_speak_lines_again(harness, engines, option):
    products = harness.run_stages(engines)
    spoken = list(engines.synthesiser("pt").spoken)
    other = replace(harness.options.mix, **{option: getattr(harness.options.mix, option) + 1.0})
    harness = replace(harness, options=replace(harness.options, mix=other))
    assert synthesise_again(harness, products, engines) is not products.tts
    assert engines.synthesiser("pt").spoken == spoken


def test_speaks_nothing_again_without_changes(harness, engines):
    products = harness.run_stages(engines)
    spoken = list(engines.synthesiser("pt").spoken)
    assert synthesise_again(harness, products, engines) is products.tts
    assert engines.synthesiser("pt").spoken == spoken


def test_a_new_text_speaks_only_that_line_again(harness, engines):
    products = harness.run_stages(engines)
    spoken = len(engines.synthesiser("pt").spoken)
    tts = synthesise_again(harness, products, engines, translation=with_text(products.translation, 1, "pt Bye."))
    assert engines.synthesiser("pt").spoken[spoken:] == ["pt Bye."]
    assert tts.segments[0] == products.tts.segments[0]
    assert tts.segments[1].clip.sha256 != products.tts.segments[1].clip.sha256


def test_speaks_numbers_in_words_and_keeps_the_written_text(harness, engines):
    products = harness.run_stages(engines)
    spoken = len(engines.synthesiser("pt").spoken)
    translation = with_text(products.translation, 1, "pt São 25 °C às 15h30.")
    tts = synthesise_again(harness, products, engines, translation=translation)
    words = "pt São vinte e cinco graus Celsius às quinze horas e trinta minutos."
    assert engines.synthesiser("pt").spoken[spoken:] == [words]
    assert engines.synthesiser("pt").predicted[-1] == words
    assert tts.segments[1].speech.text == "pt São 25 °C às 15h30."
    assert tts.segments[1].ordinary_ms == ordinary_ms(words, "pt")
    assert replace(products, tts=tts, translation=translation).texts()[1] == "pt São 25 °C às 15h30."


def test_new_normalisation_rules_speak_only_the_lines_again_that_they_change(harness, engines, monkeypatch):
    products = harness.run_stages(engines)
    translation = with_text(products.translation, 1, "pt R$ 3,50")
    with monkeypatch.context() as before:
        for module in (pronunciations, synthesise_stage):
            before.setattr(module, "verbalise", lambda text, language: text)
        old = synthesise_again(harness, products, engines, translation=translation)
    assert engines.synthesiser("pt").spoken[-1] == "pt R$ 3,50"
    spoken = len(engines.synthesiser("pt").spoken)
    new = synthesise_again(harness, replace(products, tts=old), engines, translation=translation)
    assert engines.synthesiser("pt").spoken[spoken:] == ["pt três reais e cinquenta centavos"]
    assert new.segments[0] == old.segments[0]


def test_a_newer_engine_speaks_every_line_again(harness, engines):
    products = harness.run_stages(engines)
    newer = FakeEngines(synthesiser=FakeSynthesiser(version="2"))
    synthesise_again(harness, products, newer)
    assert len(newer.synthesiser("pt").spoken) == 2


def test_predicts_the_length_of_a_text_once_per_engine(harness, engines):
    products = harness.run_stages(engines)
    first = list(engines.synthesiser("pt").predicted)
    assert first == [line.text for line in products.translation.lines]
    synthesise_again(harness, products, engines, translation=with_text(products.translation, 1, "pt Bye."))
    assert engines.synthesiser("pt").predicted == [*first, "pt Bye."]
    newer = FakeEngines(synthesiser=FakeSynthesiser(version="2"))
    synthesise_again(harness, products, newer)
    assert newer.synthesiser("pt").predicted == first


def test_speaks_only_a_selected_segment_again(harness, engines):
    products = harness.run_stages(engines)
    newer = FakeEngines(synthesiser=FakeSynthesiser(version="2"))
    tts = synthesise_again(harness, products, newer, only={1})
    assert newer.synthesiser("pt").spoken == ["pt And good night."]
    assert tts.segments[0] == products.tts.segments[0]


def test_a_segment_spoken_again_has_the_samples_of_a_full_run(harness, engines):
    products = harness.run_stages(engines)
    tts = synthesise_again(harness, products, engines, only={1})
    assert [segment.clip.sha256 for segment in tts.segments] == [
        segment.clip.sha256 for segment in products.tts.segments
    ]


def test_speaks_nothing_without_lines(harness):
    engines = FakeEngines(regions=[])
    assert harness.run_stages(engines).tts.segments == ()
    assert not engines.synthesiser("pt").closed


def test_speech_is_neither_cut_nor_clipped(harness, engines):
    for segment in harness.run_stages(engines).tts.segments:
        clip = harness.ctx.sounds.read(harness.ctx.workspace.open(segment.clip)).samples
        assert np.abs(clip).max() <= 10 ** (-1 / 20) + 1e-3
        assert np.abs(clip[-480:]).max() > 0


def test_speaks_only_a_lost_line_again(harness, engines):
    products = harness.run_stages(engines)
    lost = products.tts.segments[1].clip
    synthesiser = engines.synthesiser("pt")
    synthesiser.spoken.clear()
    damaged = replace(products, tts=products.tts.without([lost]))
    assert len(damaged.tts.segments) == 1
    tts = synthesise_again(harness, damaged, engines)
    assert synthesiser.spoken == ["pt And good night."]
    assert tts.segments == products.tts.segments


def test_a_partial_run_leaves_stale_lines_to_the_next_run(harness, engines):
    products = harness.run_stages(engines)
    edited = with_text(products.translation, 1, "pt Bye.")
    one = synthesise_again(harness, products, engines, translation=edited, only={1})
    assert synthesise_again(harness, replace(products, tts=one), engines, translation=edited) is one
    both = with_text(edited, 0, "pt Hello.")
    one = synthesise_again(harness, products, engines, translation=both, only={1})
    later = synthesise_again(harness, replace(products, tts=one), engines, translation=both)
    assert [segment.speech.text for segment in later.segments] == ["pt Hello.", "pt Bye."]
