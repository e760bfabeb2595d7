from __future__ import annotations

from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.tts_segments.clips import line_levels

QUIET = [-70.0] * 5
OPTIONS = MixOptions(level_range_db=6.0, soft_range_db=15.0)


def test_keeps_the_level_of_a_whisper():
    assert line_levels([-20.0, -20.0, -33.5, -20.0, -32.0], QUIET, OPTIONS) == [-20.0, -20.0, -33.5, -20.0, -32.0]


def test_limits_how_soft_and_loud_a_line_is():
    assert line_levels([-20.0, -20.0, -50.0, -20.0, -8.0], QUIET, OPTIONS) == [-20.0, -20.0, -35.0, -20.0, -14.0]


def test_keeps_a_whisper_above_the_background():
    levels = line_levels([-20.0, -20.0, -34.0, -20.0, -34.0], [-20.0, -20.0, -36.0, -20.0, -25.0], OPTIONS)
    assert levels == [-20.0, -20.0, -30.0, -20.0, -26.0]


def test_a_line_whose_original_has_no_level_is_at_the_median():
    assert line_levels([-20.0, None, -22.0], QUIET[:3], OPTIONS) == [-20.0, -21.0, -22.0]
    assert line_levels([None, None], QUIET[:2], OPTIONS) == [None, None]


def test_soft_lines_have_at_least_the_range_of_all_lines():
    wide = MixOptions(level_range_db=20.0, soft_range_db=15.0)
    assert line_levels([-20.0, -38.0, -20.0], QUIET[:3], wide) == [-20.0, -38.0, -20.0]
