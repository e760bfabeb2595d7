"""What of the original stays in the dub."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines
from support.finished_job import products as finished_products
from support.programmes import WORDS

from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.programme_mix import ProgrammeLayers, ProgrammeMix
from dub_assets.stages.segment_mixes.background import kept_speech, undubbed_speech


def at(start_ms: int, end_ms: int) -> Interval:
    return Interval(start_ms=start_ms, end_ms=end_ms)


def stems_with(speech, loud_vocals=()):
    job = finished_products()
    info = replace(job.stems.info, duration_ms=20_000)
    return replace(job.stems, info=info, speech=tuple(speech), loud_vocals=tuple(loud_vocals))


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], [at(650, 5350), at(9650, 10_550)]),
        ([at(1000, 5000)], [at(9650, 10_550)]),
        ([at(1000, 5000), at(10_000, 10_200)], []),
        ([at(1000, 4600), at(10_000, 10_200)], []),
        ([at(1000, 3000), at(10_000, 10_200)], [at(3200, 5350)]),
        ([at(1000, 2000), at(2900, 5000)], [at(2200, 2700), at(9650, 10_550)]),
        ([at(1000, 2000), at(2600, 5000)], [at(9650, 10_550)]),
    ],
    ids=["no line", "one region", "all", "the end of a word", "half", "a word between two lines", "breath"],
)
def test_speech_stays_where_no_line_replaces_it(lines, kept):
    assert kept_speech(stems_with([at(1000, 5000), at(10_000, 10_200)]), lines) == kept


def test_every_stretch_that_stays_is_reported():
    stems = stems_with([at(1000, 5000), at(10_000, 10_200)], [at(900, 5100), at(15_000, 17_000)])
    assert undubbed_speech(stems, [at(1000, 3000)]) == [at(3200, 5100), at(10_000, 10_200), at(15_000, 17_000)]


def test_speech_without_words_stays_in_the_mix_sample_for_sample(harness):
    speech = [at(1000, 3000), at(5000, 7000)]
    products = harness.run_stages(FakeEngines(regions=speech, words=WORDS[:2]))
    assert [line.segment for line in products.tts.segments] == [at(1000, 3000)]
    layers = ProgrammeLayers(products, harness.options.mix, harness.ctx)
    programme = ProgrammeMix(layers=layers, gain=harness.render(products).gain)
    mix = np.concatenate([block.samples for block in programme.blocks()])
    original = harness.samples(products.stems.original)
    unspoken = slice(4_500 * 48, 10_000 * 48)
    assert np.array_equal(mix[unspoken], original[unspoken])
    background = harness.samples(products.stems.background)
    assert np.abs(background[5_500 * 48 : 6_500 * 48] - original[5_500 * 48 : 6_500 * 48]).max() > 0.01


def test_the_clip_of_a_segment_has_the_background_of_the_programme(harness):
    speech = [at(1000, 3000), at(3500, 7000)]
    products = harness.run_stages(FakeEngines(regions=speech, words=WORDS[:2]))
    (mix,) = products.mixes.segments
    clip = harness.samples(mix.clips.bgm)
    window = slice(mix.window.start_frame, mix.window.end_frame)
    background = harness.samples(products.stems.background)[window].copy()
    kept = kept_speech(products.stems, [at(1000, 3000)])
    original = harness.samples(products.stems.original)[window]
    inside = np.zeros(len(background), bool)
    for interval in kept:
        inside[max(0, interval.start_frame - window.start) : max(0, interval.end_frame - window.start)] = True
    assert np.abs(clip[inside] - original[inside]).max(initial=0.0) < 1e-4
