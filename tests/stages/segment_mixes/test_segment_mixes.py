"""Gains and clips of single segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.programmes import REQUEST

from dub_assets.core.marking import CLIP_NOTICE
from dub_assets.core.timing import Interval
from dub_assets.stages.segment_mixes.values import GainChange, Gains


def test_writes_the_clips_of_the_contract(harness, engines):
    products = harness.run_stages(engines)
    first = products.mixes.segments[0]
    prefix = f"{REQUEST.segment_prefix}/0000"
    assert first.clips.source.key == f"{prefix}_source.wav"
    assert first.clips.bgm.key == f"{prefix}_bgm.wav"
    assert first.clips.mix.key == f"{prefix}_mix.wav"
    assert first.clips.video.key == f"{prefix}_video.mp4"
    assert products.tts.segments[0].clip.key == f"{prefix}_tts.wav"
    assert first.window in [cut.interval for cut in harness.media.cuts]
    for clip in (first.clips.source, first.clips.bgm, first.clips.mix):
        assert harness.samples(clip).shape == (first.window.duration_ms * 48, 2)


def test_clips_with_synthetic_speech_say_so(harness, engines):
    products = harness.run_stages(engines)
    first = products.mixes.segments[0]
    clips = (products.tts.segments[0].clip, first.clips.mix, first.clips.source, first.clips.bgm)
    marked = [CLIP_NOTICE.encode() in harness.ctx.workspace.open(clip).read_bytes() for clip in clips]
    assert marked == [True, True, False, False]


def test_mixes_with_exact_gains(harness, engines):
    products = harness.run_stages(engines)
    changes = {0: GainChange(background=0.35, speech=0.5)}
    mix = harness.remix(products, changes).segments[0]
    assert mix.gains == Gains(background=0.35, speech=0.5)
    background = harness.samples(mix.clips.bgm)
    expected = background * 0.35
    speech = harness.samples(products.tts.segments[0].clip)
    expected[: len(speech)] += 0.5 * speech
    assert np.abs(harness.samples(mix.clips.mix) - expected).max() <= 3 / 2**16


def test_a_gain_of_zero_is_silence(harness, engines):
    products = harness.run_stages(engines)
    mix = harness.remix(products, {0: GainChange(background=0.0, speech=0.0)}).segments[0]
    assert not harness.samples(mix.clips.mix).any()


def test_keeps_edited_gains_in_later_runs(harness, engines):
    products = harness.run_stages(engines)
    changed = harness.remix(products, {0: GainChange(background=0.2)})
    assert changed.segments[0].gains == Gains(background=0.2, speech=1.0)
    later = harness.remix(replace(products, mixes=changed))
    assert later is changed
    both = harness.remix(replace(products, mixes=changed), {0: GainChange(speech=0.7)})
    assert both.segments[0].gains == Gains(background=0.2, speech=0.7)


def test_new_options_change_gains_that_are_not_edited(harness, engines):
    products = harness.run_stages(engines)
    products = replace(products, mixes=harness.remix(products, {0: GainChange(background=0.2)}))
    options = replace(harness.options.mix, background_gain=0.5, speech_gain=0.9)
    later = replace(harness, options=replace(harness.options, mix=options)).remix(products)
    assert [segment.gains for segment in later.segments] == [
        Gains(background=0.2, speech=0.9),
        Gains(background=0.5, speech=0.9),
    ]


def test_mixes_only_a_changed_segment_again(harness, engines):
    products = harness.run_stages(engines)
    cuts = len(harness.media.cuts)
    changed = harness.remix(products, {1: GainChange(background=0.2)})
    assert changed.segments[0] is products.mixes.segments[0]
    assert len(harness.media.cuts) == cuts + 1


def test_mixes_a_selected_segment_again_with_the_same_samples(harness, engines):
    products = harness.run_stages(engines)
    cuts = len(harness.media.cuts)
    again = harness.remix(products, only={1})
    assert len(harness.media.cuts) == cuts + 1
    assert again == products.mixes


def test_mixing_one_segment_keeps_the_gains_of_others_under_new_options(harness, engines):
    products = harness.run_stages(engines)
    options = replace(harness.options.mix, background_gain=0.5)
    later = replace(harness, options=replace(harness.options, mix=options)).remix(products, only={1})
    assert later.segments[0] is products.mixes.segments[0]
    assert later.segments[1].gains == Gains(background=0.5, speech=1.0)


def test_also_mixes_a_segment_again_whose_speech_moved(harness, engines):
    products = harness.run_stages(engines)
    first, second = products.tts.segments
    moved = replace(second, placed=Interval(start_ms=second.placed.start_ms, end_ms=second.placed.end_ms + 40))
    tts = replace(products.tts, segments=(first, moved))
    assert harness.remix(replace(products, tts=tts), only={0}).segments[1].window.end_ms == moved.window.end_ms


def test_makes_a_lost_clip_again_and_keeps_edited_gains(harness, engines):
    products = harness.run_stages(engines)
    edited = harness.remix(products, {0: GainChange(background=0.2)})
    damaged = edited.without([edited.segments[0].clips.bgm])
    assert [segment.clips is None for segment in damaged.segments] == [True, False]
    for only in (None, {1}):
        again = harness.remix(replace(products, mixes=damaged), only=only)
        assert again.segments == edited.segments


def test_writes_no_clips_if_the_job_does_not_ask_for_them(harness, engines):
    products = harness.without_clips().run_stages(engines)
    assert all(segment.clips is None for segment in products.mixes.segments)
    assert harness.media.cuts == []


def test_running_all_stages_again_keeps_every_product(harness, engines):
    products = harness.run_stages(engines)
    assert harness.run_stages(engines, previous=products) == products
