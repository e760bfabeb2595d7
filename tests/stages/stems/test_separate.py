from __future__ import annotations

import numpy as np
import pytest
from support.fakes import FakeEngines, FakeSeparator
from support.programmes import DURATION_MS, SPEECH

from dub_assets.stages.stems.stage import separate


def test_vocals_and_background_add_up_to_the_original(harness, engines):
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    original, vocals, background = (
        harness.samples(media) for media in (stems.original, stems.vocals, stems.background)
    )
    assert len(original) == len(vocals) == len(background) == DURATION_MS * 48
    residual = np.sqrt(np.mean((vocals + background - original) ** 2)) / np.sqrt(np.mean(original**2))
    assert 20 * np.log10(residual + 1e-12) < -60


def test_outside_speech_the_background_is_the_original(harness, engines):
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    original, background = harness.samples(stems.original), harness.samples(stems.background)
    far = slice(8000 * 48, 10_000 * 48)
    assert np.array_equal(background[far], original[far])
    inside = slice(1500 * 48, 2500 * 48)
    assert np.allclose(background[inside], original[inside] * np.float32(0.1), atol=1e-6)


def test_a_separator_at_another_rate_stays_aligned(harness):
    engines = FakeEngines(regions=SPEECH, separator=FakeSeparator(rate_hz=44_100))
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    original, vocals, background = (
        harness.samples(media) for media in (stems.original, stems.vocals, stems.background)
    )
    assert len(original) == len(vocals) == len(background) == DURATION_MS * 48
    assert np.allclose(vocals + background, original, atol=1e-6)
    inside = slice(1500 * 48, 2500 * 48)
    lag = int(np.argmax(np.correlate(vocals[inside, 0], original[inside, 0][200:-200], "valid"))) - 200
    assert lag == 0
    assert 0.8 < np.linalg.norm(vocals[inside]) / np.linalg.norm(original[inside]) < 0.9


def test_raises_an_error_if_the_separator_loses_sound(harness):
    engines = FakeEngines(regions=SPEECH, separator=FakeSeparator(rate_hz=44_100, lost_frames=4410))
    with pytest.raises(RuntimeError, match="less sound than it was given"):
        separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)


def test_speech_is_what_the_detector_finds(harness, engines):
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    assert list(stems.speech) == SPEECH


def test_keeps_stems_for_unchanged_inputs_and_separates_again_with_a_newer_engine(harness, engines):
    first = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    assert separate(harness.source, engines=engines, ctx=harness.ctx, previous=first) is first
    newer = FakeEngines(regions=SPEECH, separator=FakeSeparator(version="2"))
    again = separate(harness.source, engines=newer, ctx=harness.ctx, previous=first)
    assert again is not first
    assert again.provenance.engines[0].version == "2"


def test_closes_the_separator_and_reports_progress(harness, engines):
    separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    assert engines.separator().closed
    assert harness.progress.reports[-1] == ("stems", 10, 10)


def test_removes_the_file_of_the_first_estimate(harness, engines):
    stems = separate(harness.source, engines=engines, ctx=harness.ctx, previous=None)
    folder = harness.ctx.workspace.open(stems.vocals).parent
    assert {path.name for path in folder.iterdir()} == {"original.flac", "vocals.flac", "background.flac"}
