import time
from email.utils import formatdate
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dub_assets.core.codec import decode, encode
from dub_assets.core.retries import RetryRules, retry_after_s
from dub_assets.service.callbacks.bodies import progress
from dub_assets.service.callbacks.delivery import Delivered, Delivery, Failed, Gone, Outcome, Refused
from dub_assets.service.callbacks.values import ProgressStage, Subject, webhook_id

PROGRESS_STAGES = get_args(ProgressStage)

RULES = RetryRules()
ID = webhook_id("run", 0)
FAILED = Failed(reason="answered 500")


def after(delivery: Delivery, outcome: Outcome, now_s: float, created_s: float = 0.0) -> Delivery:
    return delivery.after_attempt(outcome, webhook_id=ID, created_s=created_s, now_s=now_s, rules=RULES)


def test_a_callback_is_due_once_the_one_before_is_delivered():
    delivery = Delivery()
    assert delivery.next_due(0, 0.0) is None
    assert delivery.next_due(2, 0.0) == 0
    delivery = after(delivery, Delivered(status_code=204), 0.0)
    assert delivery.next_due(2, 0.0) == 1
    delivery = after(delivery, Delivered(status_code=204), 0.0)
    assert delivery.next_due(2, 0.0) is None
    assert delivery.losses == ()


def test_pauses_grow_up_to_two_hours():
    pauses = [RULES.pause_s(ID, failures) for failures in range(1, 10)]
    assert pauses[:8] == sorted(set(pauses[:8]))
    for pause, base in zip(pauses, [1, 5, 30, 120, 600, 1800, 3600, 7200, 7200], strict=True):
        assert base <= pause <= base * 1.25


def test_jitter_differs_between_callbacks_and_not_between_processes():
    assert RULES.pause_s(ID, 3) == pytest.approx(32.778675, abs=1e-6)
    assert len({RULES.pause_s(webhook_id("run", number), 3) for number in range(20)}) == 20


def test_a_failed_callback_delays_the_next():
    delivery = after(Delivery(), FAILED, 100.0)
    assert delivery.next_due(2, 100.0) is None
    assert delivery.next_due(2, delivery.due_s - 0.001) is None
    assert delivery.next_due(2, delivery.due_s) == 0
    assert delivery.problem == "answered 500"


def test_success_resets_the_pauses():
    delivery = after(after(after(Delivery(), FAILED, 0.0), FAILED, 10.0), Delivered(status_code=200), 20.0)
    assert delivery == Delivery(settled=1)


def test_retry_after_lengthens_a_pause_within_bounds():
    assert RULES.pause_s(ID, 1, 17.0) == 17.0
    assert RULES.pause_s(ID, 8, 1.0) == RULES.pause_s(ID, 8)
    assert RULES.pause_s(ID, 1, float("inf")) == 6 * 3600
    assert after(Delivery(), Failed(reason="busy", retry_after_s=17.0), 100.0).due_s == 117.0


@pytest.mark.parametrize("outcome", [Gone(reason="gone"), Refused(reason="private")])
def test_a_gone_or_refused_endpoint_gets_no_more(outcome: Outcome):
    delivery = after(Delivery(settled=1), outcome, 0.0)
    assert delivery.ended == outcome.reason
    assert delivery.next_due(7, 1e9) is None
    delivery = delivery.without_endpoint(4)
    assert [loss.number for loss in delivery.losses] == [1, 2, 3]
    assert delivery.settled == 4
    assert delivery.without_endpoint(4) == delivery


def test_a_delivery_that_has_not_ended_loses_nothing():
    assert Delivery(settled=1).without_endpoint(4) == Delivery(settled=1)


def test_gives_up_a_callback_after_three_days_and_goes_on_with_the_next():
    delivery, now_s, attempts = Delivery(), 0.0, 0
    while delivery.settled == 0 and attempts < 100:
        assert delivery.next_due(2, now_s) == 0
        delivery, attempts = after(delivery, FAILED, now_s), attempts + 1
        now_s = max(now_s, delivery.due_s)
    assert 69 * 3600 < now_s <= 72 * 3600
    assert 30 < attempts < 50
    assert delivery.losses[0].number == 0
    assert delivery.losses[0].reason == f"given up after {attempts} attempts: answered 500"
    assert delivery.next_due(2, now_s) == 1


def test_attempts_an_old_callback_once():
    delivery = Delivery()
    assert delivery.next_due(1, 1e9) == 0
    assert after(delivery, Delivered(status_code=200), 1e9).losses == ()
    assert len(after(delivery, FAILED, 1e9).losses) == 1


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        (formatdate(1_700_000_090, usegmt=True), 90.0),
        (formatdate(1_600_000_000, usegmt=True), 0.0),
        ("Tue, 14 Nov 2023 22:14:20", 60.0),
        ("9" * 5000, float("inf")),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, pause_s: float | None):
    assert retry_after_s(header, 1_700_000_000.0) == pause_s


def test_a_date_without_a_zone_is_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    read = retry_after_s("Tue, 14 Nov 2023 22:14:20", 1_700_000_000.0)
    monkeypatch.undo()
    time.tzset()
    assert read == 60.0


@given(st.text())
def test_reads_or_ignores_any_retry_after(header: str):
    pause_s = retry_after_s(header, 1_700_000_000.0)
    assert pause_s is None or pause_s >= 0


OUTCOMES = st.one_of(
    st.just(Delivered(status_code=204)),
    st.builds(Failed, reason=st.just("answered 503"), retry_after_s=st.none() | st.floats(0, 1e7)),
)


class Deliveries(RuleBasedStateMachine):
    """A job's callbacks, a dispatcher that may die before it stores an outcome, an endpoint and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = RetryRules(max_age_s=3600)
        self.now_s = 1_700_000_000.0
        self.created_s: list[float] = []
        self.stored = Delivery()
        self.arrived: list[tuple[int, str, bytes]] = []
        self.attempts: list[tuple[int, str, bytes, float]] = []
        self.acknowledged: set[int] = set()

    @precondition(lambda self: len(self.created_s) < len(PROGRESS_STAGES))
    @rule()
    def the_run_progresses(self) -> None:
        self.created_s.append(self.now_s)

    @rule(seconds=st.floats(0.1, 4000))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def time_passes_until_the_next_is_due(self) -> None:
        self.now_s = max(self.now_s, self.stored.due_s)

    @rule(outcome=OUTCOMES)
    def the_dispatcher_runs(self, outcome: Outcome) -> None:
        self.attempt(outcome)

    @rule(outcome=OUTCOMES)
    def the_dispatcher_dies_before_it_stores(self, outcome: Outcome) -> None:
        before = self.stored
        self.attempt(outcome)
        self.stored = before

    @rule(outcome=st.sampled_from([Gone(reason="gone"), Refused(reason="refused")]))
    @precondition(lambda self: len(self.attempts) > 6)
    def the_endpoint_ends(self, outcome: Outcome) -> None:
        self.attempt(outcome)

    def attempt(self, outcome: Outcome) -> None:
        number = self.stored.next_due(len(self.created_s), self.now_s)
        if number is None:
            self.stored = self.stored.without_endpoint(len(self.created_s))
            return
        name = webhook_id("run", number)
        body = progress(Subject(job_id="j", project_id="p"), PROGRESS_STAGES[number]).encoded()
        self.attempts.append((number, name, body, self.now_s))
        if isinstance(outcome, Delivered):
            self.acknowledged.add(number)
        self.stored = self.stored.after_attempt(
            outcome, webhook_id=name, created_s=self.created_s[number], now_s=self.now_s, rules=self.rules
        )
        if self.stored.settled == number:
            assert self.stored.due_s - self.now_s >= self.rules.pauses_s[min(self.stored.failures, 8) - 1]
            assert self.stored.due_s - self.now_s <= self.rules.longest_wait_s
            assert self.stored.due_s <= self.created_s[number] + self.rules.max_age_s

    @invariant()
    def the_order_is_kept(self) -> None:
        numbers = [number for number, *_ in self.attempts]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(max(numbers, default=-1) + 1))

    @invariant()
    def each_retry_is_the_same_callback(self) -> None:
        assert len({attempt[:3] for attempt in self.attempts}) == len({number for number, *_ in self.attempts})

    @invariant()
    def each_settled_callback_is_acknowledged_or_lost(self) -> None:
        lost = {loss.number for loss in self.stored.losses}
        assert set(range(self.stored.settled)) <= self.acknowledged | lost
        assert [loss.number for loss in self.stored.losses] == sorted(lost)
        assert lost <= set(range(self.stored.settled))

    @invariant()
    def nothing_is_lost_without_an_attempt_unless_the_delivery_has_ended(self) -> None:
        if self.stored.ended is None:
            assert {loss.number for loss in self.stored.losses} <= {number for number, *_ in self.attempts}

    def teardown(self) -> None:
        """If every further attempt fails, all callbacks are settled in bounded time and attempts."""
        end_s = self.now_s + self.rules.max_age_s + self.rules.longest_wait_s
        for _ in range(20 * (len(self.created_s) + 1)):
            self.attempt(FAILED)
            if self.stored.settled == len(self.created_s):
                break
            self.now_s = max(self.now_s, self.stored.due_s)
        assert self.stored.settled == len(self.created_s)
        assert self.now_s <= end_s


Deliveries.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestDeliveries = Deliveries.TestCase


def test_the_state_can_be_stored():
    waiting = after(after(Delivery(), FAILED, 0.25), Gone(reason="gone"), 1.5)
    for state in (Delivery(), after(Delivery(), FAILED, 0.25), waiting):
        assert decode(Delivery, encode(state)) == state
