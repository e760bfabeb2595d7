from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.timing import Interval, slots
from dub_assets.stages.tts_segments import values as synthesis
from dub_assets.stages.tts_segments.fitting import UnplacedLine, place, speed_to_ask
from dub_assets.stages.tts_segments.options import FitOptions

OPTIONS = FitOptions()


def interval(start_ms: int, end_ms: int) -> Interval:
    return Interval(start_ms=start_ms, end_ms=end_ms)


def line(
    start_ms: int, end_ms: int, duration_ms: int, speed: float = 1.0, *, ordinary_ms: int | None = None
) -> UnplacedLine:
    """Speech for a slot; its text is ordinarily as long as the voice takes over it."""
    slot = interval(start_ms, end_ms)
    natural_ms = round(duration_ms * speed) if ordinary_ms is None else ordinary_ms
    return UnplacedLine(segment=slot, slot=slot, ordinary_ms=natural_ms, speed=speed, duration_ms=duration_ms)


def test_a_slot_ends_a_pause_before_the_next_segment():
    found = slots([interval(1000, 2000), interval(4000, 5000)], duration_ms=9000, pause_ms=80)
    assert found == [interval(1000, 3920), interval(4000, 9000)]


def test_a_slot_is_never_empty():
    assert slots([interval(0, 5), interval(10, 20)], duration_ms=20, pause_ms=80)[0] == interval(0, 1)


def test_asks_for_the_speed_that_the_slot_needs_within_the_limits():
    def asked(predicted_ms: int, ordinary_ms: int, max_speed: float = 1.5) -> float:
        return speed_to_ask(predicted_ms, ordinary_ms, interval(0, 1000), max_speed=max_speed, options=OPTIONS)

    assert asked(500, 500) == 1.0
    assert asked(1040, 1040) == 1.0
    assert asked(1200, 1200) == pytest.approx(1.2 / 1.04 * 1.02, abs=0.006)
    assert asked(2000, 1000, max_speed=1.25) == 1.25
    assert asked(2000, 2000, max_speed=3.0) == 1.35
    assert asked(2000, 500, max_speed=3.0) == 1.6


def test_does_not_change_a_line_that_fits():
    (placed,) = place([line(1000, 3000, 1500)], duration_ms=5000, options=OPTIONS)
    assert (placed.placed, placed.stretch, placed.issues) == (interval(1000, 2500), 1.0, ())


def test_stretches_a_line_up_to_the_free_tempo_without_a_flag():
    (placed,) = place([line(1000, 1960, 1250)], duration_ms=2000, options=OPTIONS)
    assert (placed.placed, placed.stretch, placed.rung) == (interval(960, 1960), 1.25, "stretch")


def test_flags_a_line_over_the_free_tempo():
    (placed,) = place([line(1000, 1960, 1300)], duration_ms=2000, options=OPTIONS)
    assert placed.placed == interval(960, 1960)
    assert (placed.rung, placed.issues) == ("flag", ("fast_speech",))


@pytest.mark.parametrize(("duration_ms", "tempo", "issues"), [(1250, 1.25, ()), (1251, 1.251, ("fast_speech",))])
def test_flags_by_the_tempo_as_it_is_shown(duration_ms, tempo, issues):
    unplaced = line(1000, 1960, duration_ms)
    (placed,) = place([unplaced], duration_ms=2000, options=OPTIONS)
    assert synthesis.tempo(unplaced.ordinary_ms, placed.placed) == tempo
    assert placed.issues == issues


def test_tempo_is_measured_against_the_ordinary_rate_not_the_voice():
    (placed,) = place([line(1000, 1960, 1500, ordinary_ms=1200)], duration_ms=2000, options=OPTIONS)
    assert (placed.placed, placed.stretch, placed.issues) == (interval(960, 1960), 1.5, ())


def test_limits_the_speed_up_of_a_very_slow_voice():
    (placed,) = place([line(0, 1000, 2500, ordinary_ms=900)], duration_ms=3000, options=OPTIONS)
    assert placed.stretch == pytest.approx(1.6, abs=0.001)


def test_tempo_includes_the_engine_speed():
    first, _ = place([line(0, 1000, 1500, speed=1.2), line(1080, 4000, 300)], duration_ms=4000, options=OPTIONS)
    assert first.stretch == pytest.approx(OPTIONS.max_tempo / 1.2, abs=0.001)


def test_a_line_that_does_not_fit_makes_the_next_one_late():
    first, second, third = place(
        [line(0, 1000, 2700), line(1080, 2500, 460), line(5000, 6000, 500)], duration_ms=6000, options=OPTIONS
    )
    assert first.placed == interval(0, 2000)
    assert first.issues == ("fast_speech", "over_slot")
    assert second.placed.start_ms == 2080
    assert second.issues == ("late_start",)
    assert third.placed.start_ms == 5000
    assert third.issues == ()


def test_starts_a_line_early_if_the_pause_before_it_is_free():
    free, taken = (
        place([line(0, 920, before_ms), line(1000, 1960, 990)], duration_ms=2000, options=OPTIONS)[1]
        for before_ms in (800, 920)
    )
    assert (free.placed, free.rung) == (interval(970, 1960), "pause")
    assert (taken.placed, taken.rung) == (interval(1000, 1960), "stretch")


def test_the_fit_method_is_the_last_step_that_was_needed():
    segment, slot = interval(1000, 2000), interval(1000, 2500)

    def fit_method(duration_ms: int, speed: float = 1.0, *, shortened: bool = False) -> str:
        natural_ms = round(duration_ms * speed)
        unplaced = UnplacedLine(
            segment=segment,
            slot=slot,
            ordinary_ms=natural_ms,
            speed=speed,
            duration_ms=duration_ms,
            shortened=shortened,
        )
        return place([unplaced], duration_ms=9000, options=OPTIONS)[0].rung

    assert fit_method(1000) == "full"
    assert fit_method(1000, shortened=True) == "shorter"
    assert fit_method(1400) == fit_method(1400, shortened=True) == "pause"
    assert fit_method(1400, speed=1.1) == "speed"
    assert fit_method(1600) == "stretch"
    assert fit_method(2400) == "flag"


def test_starts_lines_early_before_the_end_of_the_programme():
    first, last = place([line(0, 2920, 1000), line(3000, 4000, 2025)], duration_ms=4000, options=OPTIONS)
    assert last.placed == interval(2500, 4000)
    assert last.issues == ("fast_speech", "early_start")
    assert first.placed == interval(0, 1000)


def test_squeezes_more_speech_than_programme_and_flags_it():
    placed = place([line(0, 400, 5000), line(480, 1000, 5000)], duration_ms=1000, options=OPTIONS)
    assert placed[0].placed.end_ms <= placed[1].placed.start_ms
    assert placed[1].placed.end_ms <= 1000
    assert all("fast_speech" in line.issues for line in placed)


@given(st.data())
def test_lines_never_overlap_never_leave_the_programme_and_are_never_slowed(data: st.DataObject):
    count = data.draw(st.integers(1, 12))
    starts = sorted(data.draw(st.lists(st.integers(0, 60_000), min_size=count, max_size=count, unique=True)))
    duration_ms = starts[-1] + data.draw(st.integers(200, 5000))
    segments = [interval(start, start + 1) for start in starts]
    lines = [
        UnplacedLine(
            segment=slot,
            slot=slot,
            ordinary_ms=data.draw(st.integers(1, 9000)),
            speed=data.draw(st.sampled_from([1.0, 1.1, 1.5])),
            duration_ms=data.draw(st.integers(1, 9000)),
        )
        for slot in slots(segments, duration_ms=duration_ms, pause_ms=80)
    ]
    placed = place(lines, duration_ms=duration_ms, options=OPTIONS)
    assert len(placed) == len(lines)
    assert all(one.placed.end_ms <= two.placed.start_ms for one, two in pairwise(placed))
    assert placed[0].placed.start_ms >= 0
    assert placed[-1].placed.end_ms <= duration_ms
    assert all(one.stretch >= 1.0 for one in placed)


@given(st.lists(st.integers(100, 8000), min_size=1, max_size=10))
def test_lines_that_fit_at_the_highest_tempo_start_on_time(durations: list[int]):
    lines, start = [], 0
    for duration in durations:
        room = -(-duration * 100 // 135) + 1
        lines.append(line(start, start + room, duration))
        start += room + OPTIONS.pause_ms
    placed = place(lines, duration_ms=start, options=OPTIONS)
    assert all(
        abs(one.placed.start_ms - slotted.slot.start_ms) <= 40 for one, slotted in zip(placed, lines, strict=True)
    )
    assert all(one.placed.end_ms <= slotted.slot.end_ms + 1 for one, slotted in zip(placed, lines, strict=True))
