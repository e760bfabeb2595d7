"""What is done with messages: looked at, written down, asked for as runs, and deleted once their runs are stored."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from logging import Logger

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import DubError, MessageRefusedError, ObjectMissingError
from dub_assets.core.keys import claim_key, job_record_key, request_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.tags import REQUEST_KEY, TASK
from dub_assets.service.pending_messages import Claim, HeldMessage, RefusedMessage
from dub_assets.service.queue.disposal import Disposal
from dub_assets.service.queue.message_models import Request
from dub_assets.service.queue.receiving import receive_together
from dub_assets.service.queue.refusals import Refusals
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.run_index import RunIndex
from dub_assets.service.queue.tasks import REFUSED, run_request, task_of
from dub_assets.service.received_message import FailedReceipt, ReceivedMessage
from dub_assets.service.tick_timing import left_of_turn

_BATCH = 10
_AT_ONCE = 8
"""Calls that receive messages at the same time while all that come are refused."""

_BUDGET_S = 20.0
"""How long messages are taken after the first came; a tick has 60 s, of which waiting for the first may take 20."""

_GATHERED_WITHIN_S = 3.0
"""How long a tick goes on once it has a run to ask for: runs are stored after the tick."""

DISPOSAL = Disposal()
"""Where refused messages go, from all ticks of this process."""


@dataclass(kw_only=True)
class ConsumeResult:
    """What one look at the queue led to. ``counts`` tells the fate of the messages that no run came of."""

    runs: list[dg.RunRequest] = field(default_factory=list)
    held: list[HeldMessage] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Exception] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


class MessageConsumer:
    """One look at the queue. A message is deleted only once its run is stored, here or in an earlier look."""

    def __init__(self, services: QueueResource, archive: JobArchive, book: RunIndex, log: Logger) -> None:
        self._desk = services
        self._archive = archive
        self._book = book
        self._log = log
        self._began_s = time.monotonic()
        self._refusals = Refusals(services.queue, archive, DISPOSAL, in_order=services.keeps_order)
        self.taken = ConsumeResult()

    def settle(self, held: Sequence[HeldMessage]) -> None:
        """Delete the messages whose runs are stored by now; the others go back to the queue, and are asked for again.

        The look that held a message ended after Dagster had tried to store its run, so one without a run was refused.
        """
        runs = {message.receipt: self._book.stored(message.message_id) for message in held}
        self._finish({receipt: run for receipt, run in runs.items() if run})
        self._release([receipt for receipt, run in runs.items() if not run])

    def take(self, room: int, *, waits: bool) -> None:
        """Receive messages and order their runs, ``room`` at most; ``waits``: whether for a first one."""
        self._archive.store.head(claim_key("nobody"))  # nothing is received while the store does not answer
        left = min(room, self._desk.max_messages)
        messages = self._first(min(_BATCH, left), waits=waits)
        until = time.monotonic() + _BUDGET_S
        while messages:
            accepted = self._take_batch(messages, left)
            left -= accepted
            if accepted:
                until = min(until, time.monotonic() + _GATHERED_WITHIN_S)
            if left <= 0 or time.monotonic() >= until:
                break
            flooded = not accepted and not self._desk.keeps_order
            calls, most = (_AT_ONCE, _BATCH) if flooded else (1, min(_BATCH, left))
            messages = receive_together(self._desk.queue, most, calls=calls)
        self._guarded("refused messages stay in the queue", self._refusals.flush)
        self.taken.refusals = self._refusals.summary

    def _take_batch(self, messages: Sequence[ReceivedMessage], most: int) -> int:
        """Take messages until ``most`` are accepted, and release further valid ones. Return how many were accepted."""
        accepted = 0
        surplus: list[str] = []
        for message in messages:
            if accepted >= most and not self._is_refused(message):
                surplus.append(message.receipt)
                continue
            refused = self._refusals.count
            self._guarded(f"message {message.message_id} stays in the queue", partial(self._take, message))
            accepted += self._refusals.count == refused
        self._guarded("messages come again later", partial(self._release, surplus))
        self._guarded("refused messages stay in the queue", self._refusals.end_batch)
        return accepted

    def _is_refused(self, message: ReceivedMessage) -> bool:
        """Whether a message that comes for the first time is refused."""
        if message.receive_count > 1:
            return False
        try:
            self._desk.read(message.body)
        except MessageRefusedError:
            return True
        return False

    def _first(self, most: int, *, waits: bool) -> list[ReceivedMessage]:
        """The first messages; while none comes, waited for up to Dagster's next turn, when the next look begins."""
        messages = self._desk.queue.receive(most, wait_s=None if waits else 0)
        left_s = int(left_of_turn(time.monotonic() - self._began_s)) if waits and self._desk.wait_s else 0
        return self._desk.queue.receive(most, wait_s=left_s) if left_s and not messages else messages

    def _guarded(self, consequence: str, action: Callable[[], None]) -> None:
        """Do something that, if it fails, concerns no other message."""
        try:
            action()
        except Exception as error:  # noqa: BLE001  # a bug that one message meets must not take its neighbours along
            self._log.error(f"{consequence}: {error!r}")
            self.taken.counts["left, for an error"] += 1
            self.taken.faults.append(error)

    def _take(self, message: ReceivedMessage) -> None:
        """Order the run of a message, or refuse it.

        A message that comes for the first time and is refused is not claimed, which would cost an object.
        """
        if self._is_done(message):
            return
        if message.receive_count == 1:
            try:
                self._order(message, self._desk.read(message.body))
            except MessageRefusedError as refusal:
                self._refuse(message, refusal)
        else:
            self._order(message)

    def _is_done(self, message: ReceivedMessage) -> bool:
        """Whether there is nothing left to do but to delete a message that was delivered again; then that is done."""
        run = self._book.stored(message.message_id) if message.receive_count > 1 else None
        if run:
            self._finish({message.receipt: run})
            self.taken.counts["deleted, their runs being stored"] += 1
        return run is not None

    def _order(self, message: ReceivedMessage, request: Request | None = None) -> None:
        key, now_ms = claim_key(message.message_id), round(time.time() * 1000)
        earlier = self._archive.find(Claim, key) if message.receive_count > 1 else None
        attempts = earlier.attempts if earlier else 0
        if earlier and self._is_elsewhere(earlier, now_ms):
            self.taken.counts["left to another deployment"] += 1
            return
        if attempts >= 2 * self._desk.max_attempts:
            self._explain(self._desk.queue.dead_letter(message, f"it was taken up {attempts} times in vain"))
            self.taken.counts["given up unread"] += 1
            return
        claim = Claim(deployment=self._book.deployment, at_ms=now_ms, attempts=attempts + 1)
        self._archive.save(key, claim)
        try:
            self._ask(message, request or self._request(message, attempts))
        except MessageRefusedError as refusal:
            self._refuse(message, refusal)
        except DubError:  # which is not the message's fault: the attempt does not count
            self._archive.save(key, Claim(deployment=claim.deployment, at_ms=now_ms, attempts=attempts))
            raise

    def _is_elsewhere(self, claim: Claim, now_ms: int) -> bool:
        """Whether another deployment has taken a message up and may still come back to it."""
        patience_ms = 2000 * self._desk.visibility_timeout_s
        return claim.deployment != self._book.deployment and now_ms - claim.at_ms < patience_ms

    def _request(self, message: ReceivedMessage, attempts: int) -> Request:
        """Read a message. Raises MessageRefusedError, also if it was taken up too often in vain."""
        request = self._desk.read(message.body)
        if attempts < self._desk.max_attempts:
            return request
        raise MessageRefusedError(
            f"the message was taken up {attempts} times and no run came of it: see the log of job_queue_sensor",
            job_id=request.job_id,
            callback_url=request.callback_url,
            project_id=request.project_id,
            task=task_of(request).name,
        )

    def _refuse(self, message: ReceivedMessage, refusal: MessageRefusedError) -> None:
        self._refusals.add(message, RefusedMessage.of(message, refusal, now_s=time.time()))

    def _ask(self, message: ReceivedMessage, request: Request) -> None:
        """Write the request down, then ask for its run."""
        run = run_request(message.message_id, request, self._archive)
        self._archive.save(request_key(message.message_id), request)
        if isinstance(request, DubRequest):
            self._archive.save(job_record_key(request.job_id), request)
        if run.partition_key:
            self.taken.job_ids.append(run.partition_key)
        self.taken.runs.append(run)
        self.taken.held.append(HeldMessage(message_id=message.message_id, receipt=message.receipt))

    def _finish(self, runs: dict[str, dg.DagsterRun]) -> None:
        """Delete messages whose runs are stored.

        Earlier versions made runs of refused messages too: those messages are put away with the reason before that.
        """
        refused = {receipt: run for receipt, run in runs.items() if run.tags.get(TASK) == REFUSED}
        self._explain(self._desk.queue.delete([receipt for receipt in runs if receipt not in refused]))
        for receipt, run in refused.items():
            try:
                self._put_away(receipt, run.tags[REQUEST_KEY])
            except DubError as error:
                self._log.error(f"a refused message stays in the queue: {error}")
                self.taken.faults.append(error)

    def _put_away(self, receipt: str, key: str) -> None:
        try:
            refused = self._archive.load(RefusedMessage, key)
        except ObjectMissingError:
            self._log.warning("the record of a refused message is gone from %s: its run has the reason", key)
            self._explain(self._desk.queue.delete([receipt]))
            return
        if refused.put_away:  # by a look whose answer was lost, or with a receipt that had run out
            self._explain(self._desk.queue.delete([receipt]))
            return
        self._explain(self._desk.queue.dead_letter(refused.delivered(receipt), refused.reason))
        self._archive.save(key, replace(refused, put_away=True))

    def _release(self, receipts: Sequence[str]) -> None:
        self._explain(self._desk.queue.release(receipts))

    def _explain(self, failed: Sequence[FailedReceipt]) -> None:
        """A receipt that has run out is no fault: the message comes again, and its run is found then."""
        if failed:
            self._log.info("%d receipts had run out: their messages come again", len(failed))
