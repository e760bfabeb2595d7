"""The mix of the programme, its loudness, and what is muxed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeSynthesiser
from support.measures import true_peak_dbtp
from support.programmes import SPEECH, WORDS, programme

from dub_assets.core.errors import PermanentError
from dub_assets.core.signal.level import factor
from dub_assets.core.signal.loudness import integrated_lufs, loudness_powers
from dub_assets.core.signal.sound import Sound
from dub_assets.stages.final_video.programme_mix import ENCODER_HEADROOM_DB
from dub_assets.stages.segment_mixes.options import LOUDNESS_PROFILES
from dub_assets.stages.segment_mixes.values import GainChange


def test_refuses_mixes_of_other_segments(harness, engines):
    products = harness.run_stages(engines)
    fewer = replace(products.mixes, segments=products.mixes.segments[:1])
    with pytest.raises(PermanentError, match="run segment_mixes again"):
        harness.render(replace(products, mixes=fewer))


def test_outside_segments_the_mix_is_the_background(harness, engines):
    products = harness.run_stages(engines)
    products = replace(products, mixes=harness.remix(products, {0: GainChange(background=0.2)}))
    mix = harness.dub(harness.render(products))
    background = harness.samples(products.stems.background)
    outside = np.ones(len(mix), dtype=bool)
    for segment in products.mixes.segments:
        outside[segment.window.start_frame - 4800 : segment.window.end_frame + 4800] = False
    assert outside.sum() > 48_000
    assert np.array_equal(mix[outside], background[outside])


def test_inside_a_segment_the_mix_is_background_and_speech_with_their_gains(harness, engines):
    products = harness.run_stages(engines)
    products = replace(products, mixes=harness.remix(products, {0: GainChange(background=0.2, speech=0.5)}))
    final = harness.render(products)
    mix = harness.dub(final)
    background = harness.samples(products.stems.background)
    speech = harness.samples(products.tts.segments[0].clip) * np.float32(factor(final.gain.speech_db))
    start = products.tts.segments[0].window.start_frame
    inside = slice(start + 4800, start + len(speech) - 4800)
    expected = 0.2 * background[inside] + 0.5 * speech[4800:-4800]
    assert np.abs(mix[inside] - expected).max() < 1e-5


def lufs_of(harness, media):
    return integrated_lufs(loudness_powers([Sound(samples=harness.samples(media), rate_hz=48_000)]))


def test_by_default_the_dub_is_as_loud_as_the_original_and_the_background_is_unchanged(harness, engines):
    products = harness.run_stages(engines)
    final = harness.render(products)
    assert final.gain.programme_db == 0.0
    assert (
        final.gain.source_lufs
        == final.gain.target_lufs
        == pytest.approx(lufs_of(harness, products.stems.original), abs=0.01)
    )
    moved = abs(final.gain.speech_db)
    assert 0.0 < moved <= 3.0
    assert moved == 3.0 or lufs_of(harness, final.video) == pytest.approx(final.gain.target_lufs, abs=0.2)


def test_limits_peaks_with_headroom_for_the_encoder(harness, engines):
    harness = harness.with_mix_options(true_peak_dbtp=-20.0)
    final = harness.render(harness.run_stages(engines))
    peak_dbtp = true_peak_dbtp(Sound(samples=harness.dub(final), rate_hz=48_000))
    assert peak_dbtp == pytest.approx(-20.0 - ENCODER_HEADROOM_DB, abs=0.1)


@pytest.mark.parametrize("profile", LOUDNESS_PROFILES[1:])
def test_meets_a_loudness_profile_with_one_gain_on_everything(harness, engines, profile):
    harness = harness.with_mix_options(loudness=profile)
    products = harness.run_stages(engines)
    final = harness.render(products)
    assert lufs_of(harness, final.video) == pytest.approx(float(profile), abs=0.2)
    assert final.gain.speech_db == 0.0
    samples, background = harness.dub(final), harness.samples(products.stems.background)
    silent = slice(8 * 48_000, 9 * 48_000)
    gain = factor(final.gain.programme_db)
    assert np.abs(samples[silent] - background[silent] * gain).max() < 0.01 * gain


@pytest.mark.parametrize("profile", ["source", "-23"])
def test_an_edit_of_one_segment_changes_no_sample_outside_it(harness, engines, profile):
    harness = harness.with_mix_options(loudness=profile, duck_db=6.0)
    products = harness.run_stages(engines)
    first = harness.render(products)
    before = harness.dub(first)
    edited = replace(products, mixes=harness.remix(products, {0: GainChange(background=0.2, speech=3.0)}, only={0}))
    after = harness.render(edited, previous=first)
    changed = np.flatnonzero((harness.dub(after) != before).any(axis=1))
    window = edited.mixes.segments[0].window
    assert after.gain == first.gain
    assert window.start_frame - 50 * 48 <= changed.min()
    assert changed.max() < window.end_frame + 50 * 48


def test_another_profile_or_engine_has_a_new_programme_gain(harness, engines):
    products = harness.run_stages(engines)
    first = harness.render(products)
    others = harness.with_mix_options(loudness="-16")
    assert others.render(products, previous=first).gain.target_lufs == -16.0
    spoken = harness.run_stages(
        FakeEngines(regions=SPEECH, words=WORDS, synthesiser=FakeSynthesiser(version="2", ms_per_character=70))
    )
    assert harness.render(spoken, previous=first).gain.mark != first.gain.mark


def test_ducks_the_background_under_lines_only(harness, engines):
    harness = harness.with_mix_options(duck_db=12.0, duck_attack_ms=100, duck_release_ms=300)
    products = harness.run_stages(engines)
    mix, background = (harness.samples(media) for media in (harness.render(products).video, products.stems.background))
    line = products.tts.segments[0].placed
    under = slice(line.end_frame - 4_800, line.end_frame)
    speech = harness.samples(products.tts.segments[0].clip)
    gain = np.float32(factor(harness.render(products).gain.speech_db))
    at = under.start - products.tts.segments[0].window.start_frame
    left = mix[under] - gain * speech[at : at + 4_800]
    assert np.abs(left - background[under] * factor(-12.0)).max() < 1e-4
    for clear in (slice(0, line.start_frame - 4_800), slice(line.end_frame + 300 * 48, 4_500 * 48)):
        assert np.array_equal(mix[clear], background[clear])


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_keeps_the_channels_of_the_programme(new_harness, engines, channels):
    harness = new_harness(programme(channels=channels))
    products = harness.run_stages(engines)
    assert harness.dub(harness.render(products)).shape == (480_000, channels)


def test_the_rendition_has_languages_and_both_subtitles(harness, engines):
    products = harness.run_stages(engines)
    final = harness.render(products)
    (rendition,) = harness.media.renditions
    assert (rendition.source_language, rendition.target_language) == ("en", "pt")
    assert [track.language for track in rendition.subtitles] == ["pt", "en"]
    text = harness.ctx.workspace.open(final.target_subtitles.srt).read_text(encoding="utf-8")
    assert "00:00:01,000 --> " in text
    assert "pt Good morning." in text
    for_browsers = harness.ctx.workspace.open(final.target_subtitles.vtt).read_text(encoding="utf-8")
    assert for_browsers.startswith("WEBVTT\n\n1\n00:00:01.000 --> ")


def test_without_speech_the_dub_is_the_original_without_subtitles(harness):
    products = harness.run_stages(FakeEngines(regions=[]))
    final = harness.render(products)
    assert np.array_equal(harness.dub(final), harness.samples(products.stems.original))
    assert harness.media.renditions[0].subtitles == ()


def test_keeps_an_unchanged_video_and_renders_again_for_new_gains(harness, engines):
    products = harness.run_stages(engines)
    first = harness.render(products)
    assert harness.render(products, previous=first) is first
    louder = replace(products, mixes=harness.remix(products, {0: GainChange(speech=2.0)}))
    second = harness.render(louder, previous=first)
    assert second.video.sha256 != first.video.sha256
