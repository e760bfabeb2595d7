"""The straight clock: jumps are joined, everything else is left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest

from dub_assets.adapters.ffmpeg.straight_clock import StraightClock

PICTURE, SOUND = 0, 1


@dataclass
class Packet:
    """What the clock reads and changes of a packet; times are in milliseconds."""

    stream_index: int
    pts: int | None
    dts: int | None
    duration: int = 40
    time_base: Fraction = Fraction(1, 1000)


def moved(times_ms: list[tuple[int, int]], container: str = "mpegts") -> tuple[list[int], StraightClock]:
    """Return the straight times of packets, given as stream and time, and the clock."""
    clock, packets = StraightClock(container), [Packet(stream, time, time) for stream, time in times_ms]
    for packet in packets:
        clock.move(packet, packet.stream_index)
        assert packet.pts == packet.dts
    return [packet.dts for packet in packets if packet.dts is not None], clock


def both(start_ms: int, count: int = 50) -> list[tuple[int, int]]:
    """Packets of picture and sound, a pair every 40 ms."""
    return [(stream, start_ms + 40 * n) for n in range(count) for stream in (PICTURE, SOUND)]


def test_a_clock_without_jumps_is_left_as_it_is():
    times, clock = moved(both(90_000))

    assert times == [time for _, time in both(90_000)]
    assert clock.jumps_s == []


@pytest.mark.parametrize("second_ms", [0, 3_000, 50_000_000])
def test_both_streams_go_on_where_the_first_part_ends(second_ms):
    times, clock = moved(both(10_000) + both(second_ms))

    assert times == [time for _, time in both(10_000, count=100)]
    assert clock.jumps_s == [12]


def test_packets_of_the_first_part_may_come_after_the_jump():
    first, second = both(10_000), both(0)
    interleaved = [*first[:-1], second[0], first[-1], *second[1:]]

    times, _ = moved(interleaved)

    assert times[-2:] == [10_000 + 99 * 40] * 2
    assert times[len(first)] == first[-1][1]


def test_a_single_wrong_time_moves_nothing_else():
    times, _ = moved([*both(10_000), (PICTURE, 99_000_000), *both(12_040)])

    assert times[-100:] == [time for _, time in both(12_040)]


def test_a_sparse_picture_is_no_jump():
    sound = [(SOUND, time) for time in range(0, 60_000, 40)]
    slides = [(PICTURE, time) for time in range(0, 60_000, 15_000)]
    packets = sorted(sound + slides, key=lambda packet: packet[1])

    times, clock = moved(packets)

    assert times == [time for _, time in packets]
    assert clock.jumps_s == []


def test_gaps_are_meant_in_containers_with_an_index():
    times, clock = moved(both(0) + both(100_000), container="matroska,webm")

    assert times[-1] == both(100_000)[-1][1]
    assert clock.jumps_s == []


def test_three_parts_follow_one_another():
    times, clock = moved(both(0) + both(0) + both(0))

    assert times == [time for _, time in both(0, count=150)]
    assert clock.jumps_s == [2, 4]


def test_packets_without_a_time_are_left_alone():
    clock, packet = StraightClock("mpegts"), Packet(SOUND, None, None)
    clock.move(packet, packet.stream_index)
    assert (packet.pts, packet.dts) == (None, None)
