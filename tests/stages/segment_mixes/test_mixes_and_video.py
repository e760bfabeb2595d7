from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeSynthesiser
from support.programmes import REQUEST, SPEECH, WORDS, programme

from dub_assets.core.errors import PermanentError
from dub_assets.core.signal.level import factor, true_peak_dbtp
from dub_assets.core.signal.loudness import integrated_lufs, loudness_powers
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval
from dub_assets.stages.final_video.programme_mix import ENCODER_HEADROOM_DB
from dub_assets.stages.final_video.stage import render_video
from dub_assets.stages.metadata.stage import write_metadata
from dub_assets.stages.quality.stage import measure_quality
from dub_assets.stages.segment_mixes.options import LOUDNESS_PROFILES
from dub_assets.stages.segment_mixes.stage import mix_segments
from dub_assets.stages.segment_mixes.values import GainChange, Gains

NUMBERED = ("It was thirty years", "for 25 reais.")


def samples_of(harness, media):
    return harness.ctx.sounds.read(harness.ctx.workspace.open(media)).samples


def remixed(harness, products, changes=None, only=None):
    return mix_segments(
        products.stems,
        products.tts,
        changes=changes or {},
        options=harness.options.mix,
        ctx=harness.ctx,
        previous=products.mixes,
        only=only,
    )


def rendered(harness, products, previous=None):
    return render_video(products, options=harness.options.mix, ctx=harness.ctx, previous=previous)


def described(harness, products):
    final = rendered(harness, products)
    quality = measure_quality(
        products, final, engines=FakeEngines(), options=harness.options, ctx=harness.ctx, previous=None
    )
    return write_metadata(products, final, quality, ctx=harness.ctx)


def test_the_clips_of_a_segment_are_those_of_the_contract(harness, engines):
    products = harness.made(engines)
    first = products.mixes.segments[0]
    prefix = f"{REQUEST.segment_prefix}/0000"
    assert first.clips.source.key == f"{prefix}_source.wav"
    assert first.clips.bgm.key == f"{prefix}_bgm.wav"
    assert first.clips.mix.key == f"{prefix}_mix.wav"
    assert first.clips.video.key == f"{prefix}_video.mp4"
    assert products.tts.segments[0].clip.key == f"{prefix}_tts.wav"
    assert first.window in [cut.interval for cut in harness.media.cuts]
    for clip in (first.clips.source, first.clips.bgm, first.clips.mix):
        assert samples_of(harness, clip).shape == (first.window.duration_ms * 48, 2)


def test_the_mix_is_the_sum_with_exact_gains(harness, engines):
    products = harness.made(engines)
    changes = {0: GainChange(background=0.35, speech=0.5)}
    mix = remixed(harness, products, changes).segments[0]
    assert mix.gains == Gains(background=0.35, speech=0.5)
    background = samples_of(harness, mix.clips.bgm)
    expected = background * 0.35
    speech = samples_of(harness, products.tts.segments[0].clip)
    expected[: len(speech)] += 0.5 * speech
    assert np.abs(samples_of(harness, mix.clips.mix) - expected).max() <= 3 / 2**16


def test_a_gain_of_zero_is_silence(harness, engines):
    products = harness.made(engines)
    mix = remixed(harness, products, {0: GainChange(background=0.0, speech=0.0)}).segments[0]
    assert not samples_of(harness, mix.clips.mix).any()


def test_an_editors_gains_outlast_later_runs_and_one_can_be_left_alone(harness, engines):
    products = harness.made(engines)
    changed = remixed(harness, products, {0: GainChange(background=0.2)})
    assert changed.segments[0].gains == Gains(background=0.2, speech=1.0)
    later = remixed(harness, replace(products, mixes=changed))
    assert later is changed
    both = remixed(harness, replace(products, mixes=changed), {0: GainChange(speech=0.7)})
    assert both.segments[0].gains == Gains(background=0.2, speech=0.7)


def test_new_options_change_every_gain_that_no_editor_set(harness, engines):
    products = harness.made(engines)
    products = replace(products, mixes=remixed(harness, products, {0: GainChange(background=0.2)}))
    options = replace(harness.options.mix, background_gain=0.5, speech_gain=0.9)
    later = remixed(replace(harness, options=replace(harness.options, mix=options)), products)
    assert [segment.gains for segment in later.segments] == [
        Gains(background=0.2, speech=0.9),
        Gains(background=0.5, speech=0.9),
    ]


def test_mixes_of_other_segments_are_refused(harness, engines):
    products = harness.made(engines)
    fewer = replace(products.mixes, segments=products.mixes.segments[:1])
    with pytest.raises(PermanentError, match="run segment_mixes again"):
        rendered(harness, replace(products, mixes=fewer))


def test_only_the_changed_segment_is_mixed_again(harness, engines):
    products = harness.made(engines)
    cuts = len(harness.media.cuts)
    changed = remixed(harness, products, {1: GainChange(background=0.2)})
    assert changed.segments[0] is products.mixes.segments[0]
    assert len(harness.media.cuts) == cuts + 1


def test_a_selected_segment_is_mixed_again_with_the_same_samples(harness, engines):
    products = harness.made(engines)
    cuts = len(harness.media.cuts)
    again = remixed(harness, products, only={1})
    assert len(harness.media.cuts) == cuts + 1
    assert again == products.mixes


def test_mixing_one_segment_leaves_the_gains_of_the_others_whatever_the_options_are_now(harness, engines):
    products = harness.made(engines)
    options = replace(harness.options.mix, background_gain=0.5)
    later = remixed(replace(harness, options=replace(harness.options, mix=options)), products, only={1})
    assert later.segments[0] is products.mixes.segments[0]
    assert later.segments[1].gains == Gains(background=0.5, speech=1.0)


def test_a_segment_whose_speech_moved_is_mixed_again_beside_the_one_selected(harness, engines):
    products = harness.made(engines)
    first, second = products.tts.segments
    moved = replace(second, placed=Interval(start_ms=second.placed.start_ms, end_ms=second.placed.end_ms + 40))
    tts = replace(products.tts, segments=(first, moved))
    assert remixed(harness, replace(products, tts=tts), only={0}).segments[1].window.end_ms == moved.window.end_ms


def test_a_lost_clip_is_made_again_and_no_editors_gain_is_lost_with_it(harness, engines):
    products = harness.made(engines)
    edited = remixed(harness, products, {0: GainChange(background=0.2)})
    damaged = edited.without([edited.segments[0].clips.bgm])
    assert [segment.clips is None for segment in damaged.segments] == [True, False]
    for only in (None, {1}):
        again = remixed(harness, replace(products, mixes=damaged), only=only)
        assert again.segments == edited.segments


def test_without_clips_the_gains_alone_are_kept(harness, engines):
    products = harness.without_clips().made(engines)
    assert all(segment.clips is None for segment in products.mixes.segments)
    assert harness.media.cuts == []


def test_outside_the_segments_the_programme_is_the_background_to_the_sample(harness, engines):
    products = harness.made(engines)
    products = replace(products, mixes=remixed(harness, products, {0: GainChange(background=0.2)}))
    mix = samples_of(harness, rendered(harness, products).mix)
    background = samples_of(harness, products.stems.background)
    outside = np.ones(len(mix), dtype=bool)
    for segment in products.mixes.segments:
        outside[segment.window.start_frame - 4800 : segment.window.end_frame + 4800] = False
    assert outside.sum() > 48_000
    assert np.array_equal(mix[outside], background[outside])


def test_inside_a_segment_the_programme_is_background_and_speech_with_their_gains(harness, engines):
    products = harness.made(engines)
    products = replace(products, mixes=remixed(harness, products, {0: GainChange(background=0.2, speech=0.5)}))
    final = rendered(harness, products)
    mix = samples_of(harness, final.mix)
    background = samples_of(harness, products.stems.background)
    speech = samples_of(harness, products.tts.segments[0].clip) * np.float32(factor(final.gain.speech_db))
    start = products.tts.segments[0].window.start_frame
    inside = slice(start + 4800, start + len(speech) - 4800)
    expected = 0.2 * background[inside] + 0.5 * speech[4800:-4800]
    assert np.abs(mix[inside] - expected).max() < 1e-5


def lufs_of(harness, media):
    return integrated_lufs(loudness_powers([Sound(samples=samples_of(harness, media), rate_hz=48_000)]))


def with_options(harness, **options):
    return replace(harness, options=replace(harness.options, mix=replace(harness.options.mix, **options)))


def test_by_default_the_dub_is_as_loud_as_the_original_and_its_background_stays(harness, engines):
    products = harness.made(engines)
    final = rendered(harness, products)
    assert final.gain.programme_db == 0.0
    assert (
        final.gain.source_lufs
        == final.gain.target_lufs
        == pytest.approx(lufs_of(harness, products.stems.original), abs=0.01)
    )
    moved = abs(final.gain.speech_db)
    assert 0.0 < moved <= 3.0
    assert moved == 3.0 or lufs_of(harness, final.mix) == pytest.approx(final.gain.target_lufs, abs=0.2)


def test_peaks_are_kept_under_the_limit_with_room_for_the_encoder(harness, engines):
    harness = with_options(harness, true_peak_dbtp=-20.0)
    final = rendered(harness, harness.made(engines))
    peak_dbtp = true_peak_dbtp([Sound(samples=samples_of(harness, final.mix), rate_hz=48_000)])
    assert peak_dbtp == pytest.approx(-20.0 - ENCODER_HEADROOM_DB, abs=0.1)


@pytest.mark.parametrize("profile", LOUDNESS_PROFILES[1:])
def test_a_profile_is_met_by_one_gain_on_everything(harness, engines, profile):
    harness = with_options(harness, loudness=profile)
    products = harness.made(engines)
    final = rendered(harness, products)
    assert lufs_of(harness, final.mix) == pytest.approx(float(profile), abs=0.2)
    assert final.gain.speech_db == 0.0
    samples, background = samples_of(harness, final.mix), samples_of(harness, products.stems.background)
    silent = slice(8 * 48_000, 9 * 48_000)
    gain = factor(final.gain.programme_db)
    assert np.abs(samples[silent] - background[silent] * gain).max() < 0.01 * gain


@pytest.mark.parametrize("profile", ["source", "-23"])
def test_an_edit_of_one_segment_leaves_every_sample_outside_it(harness, engines, profile):
    harness = with_options(harness, loudness=profile, duck_db=6.0)
    products = harness.made(engines)
    first = rendered(harness, products)
    before = samples_of(harness, first.mix)
    edited = replace(products, mixes=remixed(harness, products, {0: GainChange(background=0.2, speech=3.0)}, only={0}))
    after = rendered(harness, edited, previous=first)
    changed = np.flatnonzero((samples_of(harness, after.mix) != before).any(axis=1))
    window = edited.mixes.segments[0].window
    assert after.gain == first.gain
    assert window.start_frame - 50 * 48 <= changed.min()
    assert changed.max() < window.end_frame + 50 * 48


def test_the_programmes_gain_is_fixed_anew_for_another_original_profile_or_engine(harness, engines):
    products = harness.made(engines)
    first = rendered(harness, products)
    others = with_options(harness, loudness="-16")
    assert rendered(others, products, previous=first).gain.target_lufs == -16.0
    spoken = harness.made(
        FakeEngines(regions=SPEECH, words=WORDS, synthesiser=FakeSynthesiser(version="2", ms_per_character=70))
    )
    assert rendered(harness, spoken, previous=first).gain.mark != first.gain.mark


def test_the_background_is_ducked_under_each_line_and_nowhere_else(harness, engines):
    harness = with_options(harness, duck_db=12.0, duck_attack_ms=100, duck_release_ms=300)
    products = harness.made(engines)
    mix, background = (
        samples_of(harness, media) for media in (rendered(harness, products).mix, products.stems.background)
    )
    line = products.tts.segments[0].placed
    under = slice(line.end_frame - 4_800, line.end_frame)
    speech = samples_of(harness, products.tts.segments[0].clip)
    gain = np.float32(factor(rendered(harness, products).gain.speech_db))
    at = under.start - products.tts.segments[0].window.start_frame
    left = mix[under] - gain * speech[at : at + 4_800]
    assert np.abs(left - background[under] * factor(-12.0)).max() < 1e-4
    for clear in (slice(0, line.start_frame - 4_800), slice(line.end_frame + 300 * 48, 4_500 * 48)):
        assert np.array_equal(mix[clear], background[clear])


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_programmes_channels_are_kept(new_harness, engines, channels):
    harness = new_harness(programme(channels=channels))
    products = harness.made(engines)
    assert samples_of(harness, rendered(harness, products).mix).shape == (480_000, channels)


def test_the_rendition_names_languages_and_both_subtitles(harness, engines):
    products = harness.made(engines)
    final = rendered(harness, products)
    (rendition,) = harness.media.renditions
    assert (rendition.source_language, rendition.target_language) == ("en", "pt")
    assert [track.language for track in rendition.subtitles] == ["pt", "en"]
    text = harness.ctx.workspace.open(final.target_subtitles.srt).read_text(encoding="utf-8")
    assert "00:00:01,000 --> " in text
    assert "pt Good morning." in text
    for_browsers = harness.ctx.workspace.open(final.target_subtitles.vtt).read_text(encoding="utf-8")
    assert for_browsers.startswith("WEBVTT\n\n1\n00:00:01.000 --> ")


def test_without_speech_the_dub_is_the_original_and_there_are_no_subtitles(harness):
    products = harness.made(FakeEngines(regions=[]))
    final = rendered(harness, products)
    assert np.array_equal(samples_of(harness, final.mix), samples_of(harness, products.stems.original))
    assert harness.media.renditions[0].subtitles == ()


def test_an_unchanged_video_is_kept_and_new_gains_make_a_new_one(harness, engines):
    products = harness.made(engines)
    first = rendered(harness, products)
    assert rendered(harness, products, previous=first) is first
    louder = replace(products, mixes=remixed(harness, products, {0: GainChange(speech=2.0)}))
    second = rendered(harness, louder, previous=first)
    assert second.mix.sha256 != first.mix.sha256


def test_a_whole_job_made_again_keeps_every_product(harness, engines):
    products = harness.made(engines)
    assert harness.made(engines, previous=products) == products


def test_the_document_has_every_key_of_the_contract(harness, engines):
    products = harness.made(engines)
    metadata = described(harness, products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    assert (
        document
        | {
            "job_id": "job",
            "project_id": "project",
            "source_lang": "en",
            "target_lang": "pt",
            "input_key": REQUEST.input_key,
            "result_key": REQUEST.result_key,
            "segment_assets_prefix": REQUEST.segment_prefix,
        }
        == document
    )
    first = document["segments"][0]
    prefix = f"{REQUEST.segment_prefix}/0000"
    keys = {
        "source_key": f"{prefix}_source.wav",
        "bgm_key": f"{prefix}_bgm.wav",
        "tts_key": f"{prefix}_tts.wav",
        "mix_key": f"{prefix}_mix.wav",
        "video_key": f"{prefix}_video.mp4",
    }
    assert first["assets"] == keys
    expected = {
        "segment_id": "0",
        "seg_id": 0,
        "segment_text": "Good morning.",
        "seg_txt": "Good morning.",
        "translate_context": "pt Good morning.",
        "trans_txt": "pt Good morning.",
        "editor_id": None,
        "editor": None,
        "issues": [],
        "start_point": 1.0,
        "start": 1.0,
        "end_point": 3.0,
        "end": 3.0,
        "sub_length": 3.92,
        "sub_langth": 3.92,
        "length": 3.92,
        **keys,
    }
    assert first | expected == first
    assert document["engines"]["tts_segments"][0]["name"] == "fake-synthesiser"
    assert document["stages"]["stems"]["real_time_factor"] == 0.5
    assert metadata.segments_count == 2


def test_the_document_of_a_job_without_clips_names_the_speech_alone(harness, engines):
    harness = harness.without_clips()
    products = harness.made(engines)
    metadata = described(harness, products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    first = document["segments"][0]
    assert set(first["assets"]) == {"tts_key"}
    assert first["mix_key"] is None


def test_the_document_of_a_job_without_speech_says_so(harness):
    products = harness.made(FakeEngines(regions=[]))
    metadata = described(harness, products)
    document = json.loads(harness.ctx.workspace.open(metadata.document).read_text(encoding="utf-8"))
    assert document["segments"] == []
    assert document["speech"].startswith("none")


def quality_of(harness, products):
    final = rendered(harness, products)
    return measure_quality(
        products, final, engines=FakeEngines(), options=harness.options, ctx=harness.ctx, previous=None
    )


def test_lines_are_measured_and_their_issues_told(harness, engines):
    products = harness.made(engines)
    loud = replace(products, mixes=remixed(harness, products, {0: GainChange(background=9.0)}))
    first, second = quality_of(harness, loud).lines
    assert (first.issues, first.leftover_db) == (("leftover_speech",), 0.0), "a ninth of it, nine times as loud"
    assert (second.issues, second.leftover_db) == ((), pytest.approx(-19.1))
    assert all(-50 < line.level_dbfs < 0 for line in (first, second))


def test_a_line_that_misses_a_number_of_its_passage_is_told(harness, engines):
    products = harness.made(engines)
    heard = [replace(one, text=text) for one, text in zip(products.transcript.segments, NUMBERED, strict=True)]
    products = replace(products, transcript=replace(products.transcript, segments=tuple(heard)))

    def issues(*texts: str, passage: int) -> list[tuple[str, ...]]:
        one, two = products.tts.segments
        said = [
            replace(line, speech=replace(line.speech, text=text)) for line, text in zip((one, two), texts, strict=True)
        ]
        lines = [replace(line, passage=min(line.index, passage)) for line in products.translation.lines]
        made = replace(
            products,
            tts=replace(products.tts, segments=tuple(said)),
            translation=replace(products.translation, lines=tuple(lines)),
        )
        return [
            tuple(issue for issue in line.issues if issue == "lost_numbers") for line in quality_of(harness, made).lines
        ]

    assert issues("Eram trinta anos.", "E R$ 25.", passage=1) == [(), ()]
    assert issues("Eram anos.", "E 25 reais.", passage=1) == [("lost_numbers",), ()], "what is said counts"
    assert issues("Eram vinte e cinco reais", "por 30 anos.", passage=1) == [("lost_numbers",), ("lost_numbers",)]
    assert issues("Eram vinte e cinco reais", "por 30 anos.", passage=0) == [(), ()], "moved within a sentence"


def test_a_line_in_the_originals_language_and_one_that_is_its_text_are_told(harness, engines):
    products = harness.made(engines)
    one, two = products.translation.lines
    lines = (replace(one, text="en not a word of it"), replace(two, text="And good night."))
    wrong = replace(products, translation=replace(products.translation, lines=lines))
    first, second = quality_of(harness, wrong).lines
    assert first.issues[0] == "wrong_language"
    assert second.issues[0] == "untranslated"
