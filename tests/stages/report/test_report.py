from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeEngines

from dub_assets.core.signal.level import factor
from dub_assets.stages.final_video.programme_mix import speech_only
from dub_assets.stages.final_video.stage import render_video
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.products import Products
from dub_assets.stages.quality.stage import measure_quality
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.report import stage
from dub_assets.stages.report.stage import write_report
from dub_assets.stages.report.values import Report


@pytest.fixture
def finished(harness, engines) -> tuple[Products, FinalVideo, Quality]:
    return finish(harness, engines)


def finish(harness, engines) -> tuple[Products, FinalVideo, Quality]:
    products = harness.run_stages(engines)
    final = render_video(products, options=harness.options.mix, ctx=harness.ctx, previous=None)
    quality = measure_quality(
        products, final, engines=FakeEngines(), options=harness.options, ctx=harness.ctx, previous=None
    )
    return products, final, quality


def page_of(harness, report: Report) -> str:
    return harness.ctx.workspace.open(report.page).read_text(encoding="utf-8")


def data_of(harness, report: Report) -> dict:
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page_of(harness, report), re.DOTALL)
    return json.loads(data[1])


def test_page_is_stored_beside_the_document_and_shows_both_texts(harness, finished):
    report = write_report(*finished, ctx=harness.ctx, previous=None)
    assert report.page.key == "projects/project/outputs/metadata/job.report.html"
    page = page_of(harness, report)
    assert "Good morning." in page
    assert "pt Good morning." in page


def test_page_of_a_short_programme_holds_four_whole_tracks(harness, finished):
    data = data_of(harness, write_report(*finished, ctx=harness.ctx, previous=None))
    heard = [(sound["track"], base64.b64decode(sound["data"]).decode()) for sound in data["sounds"]]
    assert heard == [
        ("original", "original.flac 0 10000"),
        ("dub", "dub.flac 0 10000"),
        ("background", "background.flac 0 10000"),
        ("mix", "job.mp4 0 10000"),
    ]
    assert set(data["lanes"]) == {"original", "mix"}
    assert data["lanes"]["mix"]["columns"] == 500
    assert len(base64.b64decode(data["lanes"]["mix"]["peaks"])) == 500


def test_page_of_a_long_programme_holds_segments_by_priority(harness, finished, monkeypatch):
    products, final, quality = finished
    first, second = products.tts.segments
    flagged = replace(products, tts=replace(products.tts, segments=(first, replace(second, issues=("late_start",)))))
    monkeypatch.setattr(stage, "_FULL_SOUND_MS", 5_000)
    both = data_of(harness, write_report(flagged, final, quality, ctx=harness.ctx, previous=None))
    assert [(sound["track"], sound["start"]) for sound in both["sounds"]] == [
        ("original", 4_000),
        ("mix", 4_000),
        ("original", 0),
        ("mix", 0),
    ]
    monkeypatch.setattr(stage, "_MAX_SOUND_BYTES", 10)
    one = data_of(harness, write_report(flagged, final, quality, ctx=harness.ctx, previous=None))
    assert [(sound["track"], sound["start"]) for sound in one["sounds"]] == [("original", 4_000), ("mix", 4_000)]


def test_limits_the_columns_of_images(harness, finished, monkeypatch):
    monkeypatch.setattr(stage, "_MAX_COLUMNS", 100)
    data = data_of(harness, write_report(*finished, ctx=harness.ctx, previous=None))
    assert data["lanes"]["original"]["columns"] == 100


def test_keeps_an_unchanged_page_and_replaces_a_changed_one(harness, finished):
    products, final, quality = finished
    report = write_report(products, final, quality, ctx=harness.ctx, previous=None)
    assert write_report(products, final, quality, ctx=harness.ctx, previous=report) is report
    (heard, *others) = products.transcript.segments
    reworded = replace(products, transcript=replace(products.transcript, segments=(replace(heard, text="!"), *others)))
    assert write_report(reworded, final, quality, ctx=harness.ctx, previous=report) is not report
    remixed = replace(final, blocks=())
    assert write_report(products, remixed, quality, ctx=harness.ctx, previous=report) is not report


def test_writes_a_page_for_a_programme_without_speech(harness):
    products, final, quality = finish(harness, FakeEngines(regions=[]))
    report = write_report(products, final, quality, ctx=harness.ctx, previous=None)
    assert report.flagged_count == 0
    assert "No speech was found" in page_of(harness, report)


def test_speech_only_is_the_difference_between_mix_and_background(harness, finished):
    products, final, _ = finished
    alone = np.concatenate([block.samples for block in speech_only(products, ctx=harness.ctx)])
    mix = harness.dub(final)
    background = harness.ctx.sounds.read(harness.ctx.workspace.open(products.stems.background)).samples
    assert alone.shape == (480_000, 1)
    assert np.abs(alone).max() > 0.01
    on_speech, on_all = factor(final.gain.speech_db), factor(final.gain.programme_db)
    assert mix / on_all - background == pytest.approx(np.repeat(alone, 2, axis=1) * on_speech, abs=1e-4)
