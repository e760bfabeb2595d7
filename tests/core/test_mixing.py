from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dub_assets.core.signal.mixing import fade, gate, mix, spread, to_stereo
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import Interval

RATE_HZ = 48_000
HALF_POWER = np.float32(0.5**0.5)


def noise(frames: int, channels: int, seed: int = 0) -> Sound:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    return Sound(samples=samples, rate_hz=RATE_HZ)


def test_mono_goes_to_both_channels_of_stereo_unchanged() -> None:
    mono = noise(100, 1)
    assert np.array_equal(to_stereo(mono).samples, np.repeat(mono.samples, 2, axis=1))
    stereo = noise(100, 2)
    assert np.array_equal(to_stereo(stereo).samples, stereo.samples)


def test_surround_is_mixed_down_by_bs_775() -> None:
    one_each = Sound(samples=np.eye(6, dtype=np.float32), rate_hz=RATE_HZ)
    assert to_stereo(one_each).samples.tolist() == [
        [1.0, 0.0],
        [0.0, 1.0],
        [HALF_POWER, HALF_POWER],
        [0.0, 0.0],
        [HALF_POWER, 0.0],
        [0.0, HALF_POWER],
    ]


@pytest.mark.parametrize("channels", [3, 4, 5, 7, 8])
def test_other_layouts_keep_left_and_right_apart(channels: int) -> None:
    one_each = to_stereo(Sound(samples=np.eye(channels, dtype=np.float32), rate_hz=RATE_HZ)).samples
    assert one_each[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert one_each[:, 0].sum() == pytest.approx(one_each[:, 1].sum())


def test_unknown_layouts_are_refused() -> None:
    with pytest.raises(ValueError, match="9 channels"):
        to_stereo(noise(10, 9))
    with pytest.raises(ValueError, match="speech of 2 channels"):
        spread(noise(10, 2), 6)
    with pytest.raises(ValueError, match="44100"):
        mix(noise(10, 1), Sound(samples=noise(10, 1).samples, rate_hz=44_100), 1.0, 1.0)


@pytest.mark.parametrize(
    ("channels", "places"), [(1, [0]), (2, [0, 1]), (3, [2]), (4, [0, 1]), (5, [2]), (6, [2]), (8, [2])]
)
def test_speech_goes_to_the_centre_or_to_left_and_right(channels: int, places: list[int]) -> None:
    speech = noise(50, 1)
    result = spread(speech, channels).samples
    for channel in range(channels):
        expected = speech.samples[:, 0] if channel in places else np.zeros(50)
        assert np.array_equal(result[:, channel], expected)


def test_gains_are_exact_and_the_mix_is_as_long_as_the_longer() -> None:
    background, speech = noise(100, 2, 1), noise(160, 1, 2)
    mixed = mix(background, speech, 0.35, 1.0).samples
    assert mixed.shape == (160, 2)
    assert mixed.dtype == np.float32
    assert np.array_equal(mixed[:100], background.samples * np.float32(0.35) + speech.samples[:100])
    assert np.array_equal(mixed[100:], np.repeat(speech.samples[100:], 2, axis=1))
    assert mix(speech, noise(40, 1), 1.0, 1.0).frames == 160


def test_a_gain_of_zero_is_silence_and_of_one_the_very_samples() -> None:
    background, speech = noise(100, 2, 1), noise(100, 2, 2)
    assert np.array_equal(mix(background, speech, 1.0, 0.0).samples, background.samples)
    assert np.array_equal(mix(background, speech, 0.0, 1.0).samples, speech.samples)


def test_fades_rise_and_add_up_to_one_with_their_reverse() -> None:
    ramp = fade(480)
    assert np.all(np.diff(ramp) > 0)
    assert 0.0 < ramp[0] < 0.001
    assert np.allclose(ramp + ramp[::-1], 1.0, atol=1e-6)
    assert fade(0).shape == (0,)


def test_the_gate_is_open_inside_and_its_ramps_lie_outside() -> None:
    curve = gate([Interval(start_ms=100, end_ms=200)], ramp_ms=10, start_frame=0, frames=48 * 300)
    assert curve.dtype == np.float32
    assert np.all(curve[48 * 100 : 48 * 200] == 1.0)
    assert np.array_equal(curve[48 * 90 : 48 * 100], fade(480))
    assert np.array_equal(curve[48 * 200 : 48 * 210], fade(480)[::-1])
    assert not curve[: 48 * 90].any()
    assert not curve[48 * 210 :].any()


def test_where_ramps_meet_the_higher_counts() -> None:
    near = [Interval(start_ms=10, end_ms=20), Interval(start_ms=30, end_ms=40)]
    curve = gate(near, ramp_ms=10, start_frame=0, frames=48 * 50)
    assert curve[48 * 20 : 48 * 30].min() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(curve[48 * 20 : 48 * 25], fade(480)[::-1][:240])


def test_a_gate_without_ramps_or_intervals_is_hard_or_shut() -> None:
    hard = gate([Interval(start_ms=1, end_ms=2)], ramp_ms=0, start_frame=0, frames=144)
    assert hard.tolist() == [0.0] * 48 + [1.0] * 48 + [0.0] * 48
    assert not gate([], ramp_ms=5, start_frame=0, frames=100).any()
    assert not gate([Interval(start_ms=1, end_ms=1)], ramp_ms=5, start_frame=0, frames=100).any()


@given(
    st.lists(
        st.builds(
            lambda start, length: Interval(start_ms=start, end_ms=start + length),
            st.integers(0, 90),
            st.integers(0, 40),
        ),
        max_size=5,
    ),
    st.integers(0, 20),
    st.lists(st.integers(0, 2_000), max_size=8),
)
@settings(max_examples=100)
def test_the_gate_does_not_depend_on_the_blocks(intervals: list[Interval], ramp_ms: int, sizes: list[int]) -> None:
    blocks, start = [], 0
    for frames in sizes:
        blocks.append(gate(intervals, ramp_ms=ramp_ms, start_frame=start, frames=frames))
        start += frames
    whole = gate(intervals, ramp_ms=ramp_ms, start_frame=0, frames=start)
    assert np.array_equal(np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32), whole)
