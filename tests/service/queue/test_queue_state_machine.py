"""Every order of sends, looks, deaths and outages that Hypothesis thinks of, on a queue with a clock of its own."""

from __future__ import annotations

import json
import tempfile
from collections import Counter

import dagster as dg
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.deployment import RUN_KEY, Deployment, full
from support.fakes_queue import FakeQueue

from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.core.errors import DubError, StorageUnavailableError
from dub_assets.service.queue.resources import QueueResource

_VISIBILITY_S = 60


@pytest.fixture(scope="module")
def deployment():
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        environment = {"JOB_QUEUE_URL": "memory://queue", "DUB_ASSETS_HOME": folder, "DUB_ASSETS_CACHE": folder}
        yield Deployment(environment | {"JOB_MAX_PENDING_RUNS": "4", "JOB_MAX_RECEIVES": "1000"}, instance)


class Deliveries(RuleBasedStateMachine):
    """A queue, a deployment on it, and what may become of both."""

    deployment: Deployment
    """Set by the test: making one takes longer than a hundred looks."""

    @initialize(fifo=st.booleans())
    def begin(self, fifo: bool) -> None:
        self.dead = FakeQueue(fifo=fifo)
        self.queue = FakeQueue(fifo=fifo, visibility_timeout_s=_VISIBILITY_S, wait_s=0, dead_letters=self.dead)
        self.sent: list[str] = []
        self.refused: list[str] = []
        self.instance = dg.DagsterInstance.ephemeral()
        self.deployment.restart(self.instance)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(QueueResource, "queue", self.queue)

    @rule(job=st.sampled_from(["a", "b", "c"]))
    def send(self, job: str) -> None:
        self.sent.append(self.queue.send(full(job), group=job))

    @rule(body=st.sampled_from(["not json", "{}", json.dumps({"job_id": "d", "task": "dance"})]))
    def send_what_is_refused(self, body: str) -> None:
        self.refused.append(self.queue.send(body, group="refused"))

    @rule()
    def look(self) -> None:
        self.deployment.tick()

    @rule()
    def look_and_die_before_any_run_is_stored(self) -> None:
        self.deployment.evaluate()

    @rule(stored=st.integers(0, 3))
    def look_and_die_between_two_runs(self, stored: int) -> None:
        answer = self.deployment.evaluate()
        self.deployment.store_runs((answer.run_requests or ())[:stored])

    @rule()
    def look_and_die_between_creating_and_queueing(self) -> None:
        answer = self.deployment.evaluate()
        self.deployment.store_runs(answer.run_requests or (), status=dg.DagsterRunStatus.NOT_STARTED)

    @rule()
    def look_and_fail_to_store_the_runs(self) -> None:
        self.deployment.keep(self.deployment.evaluate())

    @rule(writes=st.integers(0, 4))
    def look_while_the_store_goes_down(self, writes: int) -> None:
        left = iter(range(writes))
        put = LocalObjectStore.put

        def failing(store: LocalObjectStore, *arguments: object) -> None:
            if next(left, None) is None:
                raise StorageUnavailableError("the store is down")
            put(store, *arguments)

        with pytest.MonkeyPatch.context() as outage:
            outage.setattr(LocalObjectStore, "put", failing)
            try:
                self.deployment.tick()
            except DubError:
                return  # the tick fails, for all to see, where nothing came of it

    @rule(seconds=st.sampled_from([5, _VISIBILITY_S + 1]))
    def wait(self, seconds: int) -> None:
        self.queue.now_s += seconds

    @rule()
    def finish_runs(self) -> None:
        self.deployment.finish_runs()

    @invariant()
    def no_message_has_two_runs_and_none_is_gone_without_one(self) -> None:
        if hasattr(self, "queue"):
            runs = self._runs()
            assert all(count == 1 for count in runs.values())
            assert {*self.sent} <= {*runs} | self._in_queue()
            assert {*self.refused} <= self._recorded() | self._in_queue()

    def teardown(self) -> None:
        if not hasattr(self, "queue"):
            return
        try:
            self._drain()
        finally:
            self.patch.undo()
            self.instance.dispose()

    def _drain(self) -> None:
        for _ in range(200):
            if not self._in_queue():
                break
            self.queue.now_s += _VISIBILITY_S + 1
            self.deployment.tick()
            self.deployment.finish_runs()
        assert self._runs() == Counter(self.sent)
        assert self._recorded() == {*self.refused}
        dead = {message.attributes["source_message_id"] for message in self.dead.receive(1000)}
        assert dead == {*self.refused}

    def _runs(self) -> Counter[str]:
        return Counter(run.tags[RUN_KEY] for run in self.deployment.runs())

    def _recorded(self) -> set[str]:
        return {message.message_id for message in self.deployment.refusals()}

    def _in_queue(self) -> set[str]:
        return {held.message_id for held in self.queue._held}


def test_no_order_of_events_loses_a_message_or_runs_it_twice(deployment: Deployment):
    class Machine(Deliveries):
        pass

    Machine.deployment = deployment
    test = Machine.TestCase()
    test.settings = settings(
        max_examples=20,
        stateful_step_count=20,
        phases=[Phase.explicit, Phase.generate],  # a look takes too long for shrinking
    )
    test.runTest()
