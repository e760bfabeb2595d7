"""Consumes messages in a tick: claims them, stores their requests, requests their runs, and deletes them afterwards."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from logging import Logger

import dagster as dg

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.errors import DubError, InputError, MessageRefusedError, ObjectMissingError
from dub_assets.core.keys import claim_key
from dub_assets.resources.tags import JOB_ID, REQUEST_KEY, TASK
from dub_assets.service.cancellation import Cancellations, CancelRequest
from dub_assets.service.pending_messages import Claim, HeldMessage, RefusedMessage
from dub_assets.service.queue.message_models import DubRequests, Request, RunRequest
from dub_assets.service.queue.message_runs import language_of, prepare_runs
from dub_assets.service.queue.ports import Queue
from dub_assets.service.queue.refusals import DeadLetterWorker, Refusals
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.run_index import RunIndex
from dub_assets.service.queue.tasks import REFUSED, refused_request
from dub_assets.service.received_message import FailedReceipt, ReceivedMessage
from dub_assets.service.tick_timing import left_until_tick

_BATCH = 10
_PARALLEL_CALLS = 8
"""Calls that receive messages at the same time as long as only refused messages arrive."""

_BUDGET_S = 20.0
"""How long messages are consumed after the first. A tick has 60 s, and waiting for the first message may take 20 s."""

_BUDGET_WITH_RUN_S = 3.0
"""How long a tick goes on once it has requested a run: Dagster stores runs after the tick."""

_UNTIL_STORED_S = 5
"""How long a message waits that cancels a job whose run was requested in the same tick."""

DEAD_LETTERS = DeadLetterWorker()
"""Moves the refused messages of all ticks of this process."""


@dataclass(kw_only=True)
class ConsumeResult:
    """What a tick made of the messages. ``counts`` has the fates of messages that started no run."""

    runs: list[dg.RunRequest] = field(default_factory=list)
    held: list[HeldMessage] = field(default_factory=list)
    job_ids: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[Exception] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


class MessageConsumer:
    """Consumes messages in one tick. A message is deleted only once its run is stored, in this tick or a later one."""

    def __init__(
        self,
        queue: QueueResource,
        archive: JobArchive,
        runs: RunIndex,
        cancellations: Cancellations,
        log: Callable[[], Logger],
    ) -> None:
        self._resource = queue
        self._options = queue.options
        self._queue = queue.queue
        self._archive = archive
        self._runs = runs
        self._open_log = log
        self._began_s = time.monotonic()
        self._cancellations = cancellations
        self._cancelled = 0
        self._refusals = Refusals(self._queue, archive, DEAD_LETTERS, is_fifo=queue.is_fifo)
        self.result = ConsumeResult()

    @property
    def _log(self) -> Logger:
        """The log of the tick, opened with its first line: Dagster creates a file for it."""
        return self._open_log()

    def settle(self, held: Sequence[HeldMessage]) -> None:
        """Delete the held messages whose runs are stored, and release the others, which are then requested again.

        Dagster stores runs after a tick. If a held message has no run by the next tick, storing it has failed.
        """
        runs = {message.receipt: self._runs.stored(message.message_id) for message in held}
        self._delete({receipt: run for receipt, run in runs.items() if run})
        self._release([receipt for receipt, run in runs.items() if not run])

    def consume(self, max_runs: int, *, waits: bool) -> None:
        """Receive messages and request at most ``max_runs`` runs; ``waits``: whether to wait for a first message."""
        self._archive.store.head(claim_key("nobody"))  # raises if the store is down: nothing is received then
        left = min(max_runs, self._options.max_messages)
        messages = self._receive_first(min(_BATCH, left), waits=waits)
        until_s = time.monotonic() + _BUDGET_S
        while messages:
            accepted = self._consume_batch(messages, left)
            left -= accepted
            if accepted:
                until_s = min(until_s, time.monotonic() + _BUDGET_WITH_RUN_S)
            if left <= 0 or time.monotonic() >= until_s:
                break
            only_refused = not accepted and not self._resource.is_fifo
            calls, most = (_PARALLEL_CALLS, _BATCH) if only_refused else (1, min(_BATCH, left))
            messages = receive_in_parallel(self._queue, most, calls=calls, log=self._open_log)
        self._guarded("refused messages stay in the queue", self._refusals.flush)
        self.result.refusals = self._refusals.summary

    def _receive_first(self, most: int, *, waits: bool) -> list[ReceivedMessage]:
        """Receive the first messages; if there are none, wait for them until just before the next tick is due."""
        messages = self._queue.receive(most, wait_s=None if waits else 0)
        left_s = int(left_until_tick(time.monotonic() - self._began_s)) if waits and self._options.wait_s else 0
        return self._queue.receive(most, wait_s=left_s) if left_s and not messages else messages

    def _consume_batch(self, messages: Sequence[ReceivedMessage], most: int) -> int:
        """Consume messages until ``most`` are accepted; release the other valid ones. Return how many are accepted."""
        accepted = 0
        surplus: list[str] = []
        for message in messages:
            if accepted >= most and not self._starts_no_run(message):
                surplus.append(message.receipt)
                continue
            without_run, runs = self._refusals.count + self._cancelled, len(self.result.runs)
            self._guarded(f"message {message.message_id} stays in the queue", partial(self._consume_message, message))
            accepts = self._refusals.count + self._cancelled == without_run
            accepted += max(len(self.result.runs) - runs, accepts)
        self._guarded("messages are delivered again later", partial(self._release, surplus))
        self._guarded("refused messages stay in the queue", self._refusals.end_batch)
        return accepted

    def _starts_no_run(self, message: ReceivedMessage) -> bool:
        """Whether a message that is delivered for the first time would be refused, or cancels a job."""
        if message.receive_count > 1:
            return False
        try:
            return isinstance(self._resource.parse(message.body), CancelRequest)
        except MessageRefusedError:
            return True

    def _guarded(self, consequence: str, action: Callable[[], None]) -> None:
        """Run an action whose failure must not affect other messages."""
        try:
            action()
        except Exception as error:  # noqa: BLE001  # a bug that one message triggers must not affect the others
            self._log.error(f"{consequence}: {error!r}")
            self.result.counts["left in the queue because of an error"] += 1
            self.result.errors.append(error)

    def _consume_message(self, message: ReceivedMessage) -> None:
        """Request the run of a message, or refuse it.

        A message that is refused at its first delivery is not claimed, which saves an object.
        """
        if self._delete_if_done(message):
            return
        if message.receive_count > 1:
            self._claim_and_request(message)
            return
        try:
            request = self._parse(message)
            if isinstance(request, CancelRequest):  # cancelling twice does no harm: no claim is needed
                self._fulfil(message, request)
            else:
                self._claim_and_request(message, request)
        except MessageRefusedError as refusal:
            self._refuse(message, refusal)

    def _delete_if_done(self, message: ReceivedMessage) -> bool:
        """Delete a message that was delivered again although its run is stored. Return whether that is so."""
        run = self._runs.stored(message.message_id) if message.receive_count > 1 else None
        if run:
            self._delete({message.receipt: run})
            self.result.counts["deleted because their runs are stored"] += 1
        return run is not None

    def _claim_and_request(self, message: ReceivedMessage, request: Request | None = None) -> None:
        key, now_ms = claim_key(message.message_id), round(time.time() * 1000)
        earlier = self._archive.find(Claim, key) if message.receive_count > 1 else None
        attempts = earlier.attempts if earlier else 0
        if earlier and self._is_claimed_elsewhere(earlier, now_ms):
            self.result.counts["left to another deployment"] += 1
            return
        if attempts >= 2 * self._options.max_attempts:
            reason = f"{attempts} attempts to handle the message failed"
            self._log_expired(self._queue.dead_letter(message, reason))
            self.result.counts["dead-lettered without parsing"] += 1
            return
        claim = Claim(deployment=self._runs.deployment, at_ms=now_ms, attempts=attempts + 1)
        self._archive.save(key, claim)
        try:
            self._fulfil(message, request or self._parse_again(message, attempts))
        except MessageRefusedError as refusal:
            self._refuse(message, refusal)
        except DubError:  # not the message's fault: the attempt does not count
            self._archive.save(key, replace(claim, attempts=attempts))
            raise

    def _is_claimed_elsewhere(self, claim: Claim, now_ms: int) -> bool:
        """Whether another deployment has claimed a message and may still handle it."""
        valid_ms = 2000 * self._options.visibility_timeout_s
        return claim.deployment != self._runs.deployment and now_ms - claim.at_ms < valid_ms

    def _parse_again(self, message: ReceivedMessage, attempts: int) -> Request:
        """Parse a message. Raises MessageRefusedError, also after too many attempts."""
        request = self._parse(message)
        if attempts < self._options.max_attempts:
            return request
        raise refused_request(
            request,
            f"{attempts} attempts to start a run for the message failed: see the log of job_queue_sensor",
            error_code="internal",
        )

    def _refuse(self, message: ReceivedMessage, refusal: MessageRefusedError) -> None:
        self._refusals.add(message, RefusedMessage.of(message, refusal, now_s=time.time()))

    def _fulfil(self, message: ReceivedMessage, request: Request) -> None:
        if isinstance(request, CancelRequest):
            self._cancelled += 1
            self._cancel(message, request)
        else:
            self._request_runs(message, request)

    def _cancel(self, message: ReceivedMessage, request: CancelRequest) -> None:
        """Cancel a job and delete the message. Raises MessageRefusedError if there is no such job.

        If this tick has requested a run of the job, the message waits until Dagster has stored that.
        """
        if any(run.tags[JOB_ID] == request.job_id for run in self.result.runs):
            self._log_expired(self._queue.hide([message.receipt], _UNTIL_STORED_S))
            self.result.counts["cancel jobs whose runs are not stored yet"] += 1
            return
        try:
            runs = self._cancellations.find_in_project(request.job_id, request.project_id)
        except InputError as error:
            raise refused_request(request, str(error)) from error
        if runs.open:
            self._cancellations.begin(request.job_id, runs)
        fate = "cancelled jobs" if runs.open else "would cancel jobs that have ended"
        self._log.info("message %s to cancel job %s: %s", message.message_id, request.job_id, fate)
        self._log_expired(self._queue.delete([message.receipt]))
        self.result.counts[fate] += 1

    def _request_runs(self, message: ReceivedMessage, request: RunRequest | DubRequests) -> None:
        """Store what a message asks for, then request its runs. Raises MessageRefusedError."""
        runs = prepare_runs(message.message_id, request, self._archive)
        self.result.job_ids += [run.partition_key for run in runs if run.partition_key]
        self.result.runs += runs
        self.result.held.append(HeldMessage(message_id=message.message_id, receipt=message.receipt))

    def _parse(self, message: ReceivedMessage) -> Request:
        """Return the request of a message. Raises MessageRefusedError."""
        return self._resource.parse(message.body, partial(language_of, archive=self._archive))

    def _delete(self, runs: dict[str, dg.DagsterRun]) -> None:
        """Delete messages whose runs are stored, by receipt.

        Earlier versions also started runs for refused messages, which are dead-lettered first.
        """
        refused = {receipt: run for receipt, run in runs.items() if run.tags.get(TASK) == REFUSED}
        self._log_expired(self._queue.delete([receipt for receipt in runs if receipt not in refused]))
        for receipt, run in refused.items():
            try:
                self._dead_letter_refused(receipt, run.tags[REQUEST_KEY])
            except DubError as error:
                self._log.error(f"a refused message stays in the queue: {error}")
                self.result.errors.append(error)

    def _dead_letter_refused(self, receipt: str, key: str) -> None:
        try:
            refused = self._archive.load(RefusedMessage, key)
        except ObjectMissingError:
            self._log.warning("the record %s of a refused message is missing: its run has the reason", key)
            self._log_expired(self._queue.delete([receipt]))
            return
        if refused.put_away:  # copied by an earlier tick whose deletion failed
            self._log_expired(self._queue.delete([receipt]))
            return
        self._log_expired(self._queue.dead_letter(refused.delivered(receipt), refused.reason))
        self._archive.save(key, replace(refused, put_away=True))

    def _release(self, receipts: Sequence[str]) -> None:
        self._log_expired(self._queue.release(receipts))

    def _log_expired(self, failed: Sequence[FailedReceipt]) -> None:
        """Log receipts that have expired: their messages are delivered again, and their runs are found then."""
        if failed:
            self._log.info("%d receipts have expired: their messages are delivered again", len(failed))


def receive_in_parallel(queue: Queue, most: int, *, calls: int, log: Callable[[], Logger]) -> list[ReceivedMessage]:
    """Return the messages of ``calls`` simultaneous calls, each of which receives up to ``most`` and does not wait.

    Raises the error of a call only if no call received anything. Otherwise the error is logged, because received
    messages stay hidden from all consumers until they are handled.
    """
    if calls == 1:
        return queue.receive(most, wait_s=0)
    with ThreadPoolExecutor(calls) as pool:
        answers = [pool.submit(queue.receive, most, wait_s=0) for _ in range(calls)]
    messages: list[ReceivedMessage] = []
    errors: list[DubError] = []
    for answer in answers:
        try:
            messages += answer.result()
        except DubError as error:
            errors.append(error)
    if errors and not messages:
        raise errors[0]
    for failure in errors:
        log().warning("%s; %d messages were received by other calls", failure, len(messages))
    return messages
