"""The follower: a thread that goes on for as long as it is extended."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from support.waiting import wait_until

from dub_assets.service.callbacks.follower import Follower


class Clock:
    """A clock that advances in pauses only, by a step for each."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dub_assets.service.callbacks.follower.time", clock)
    return clock


def has_ended(follower: Follower) -> Callable[[], bool]:
    return lambda: not follower._thread.is_alive()


def test_delivers_twice_a_second_and_ends_without_another_tick(clock: Clock):
    times: list[float] = []
    follower = Follower(lambda: times.append(clock.now_s))
    follower.extend()
    wait_until(has_ended(follower), "the end of the thread")
    assert times == [number / 2 for number in range(60)]


def test_a_tick_extends_the_thread_that_there_is(clock: Clock):
    threads: set[int] = set()
    follower: Follower

    def deliver() -> None:
        threads.add(threading.get_ident())
        if clock.now_s == 5:
            follower.extend()

    follower = Follower(deliver)
    follower.extend()
    wait_until(has_ended(follower), "the end of the thread")
    assert len(threads) == 1
    assert clock.now_s == 35


def test_an_error_ends_the_thread_and_the_next_tick_starts_another(clock: Clock, caplog: pytest.LogCaptureFixture):
    errors: list[Exception] = [ConnectionError("the database is away")]
    calls: list[float] = []

    def deliver() -> None:
        calls.append(clock.now_s)
        if errors:
            raise errors.pop()

    follower = Follower(deliver)
    follower.extend()
    wait_until(has_ended(follower), "the end of the thread")
    assert (len(calls), clock.now_s) == (1, 0)
    assert "callbacks wait for the next tick" in caplog.text
    follower.extend()
    wait_until(has_ended(follower), "the end of the second thread")
    assert len(calls) == 61
