"""The courier: makes the attempts that are due, endpoint by endpoint, and writes down what came of each.

Attempts are made in threads that outlast the call which asked for them: an endpoint that answers late, or never, holds
up nobody but its own callbacks. Threads are daemonic; an attempt that is cut off with the process is made again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dub_assets.core.errors import DubError
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.outbox_entry import OutboxEntry
from dub_assets.service.callbacks.ports import CallbackSender, OutboxStore

_log = logging.getLogger(__name__)

_SHIFT_S = 30.0
"""How long a lane starts attempts; the dispatches it was given are read anew after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What one job has to tell one endpoint: its dispatches in order; a later one waits for those before it."""

    job_id: str
    endpoint: str
    parcels: tuple[tuple[str, OutboxEntry], ...]
    """URL and dispatch."""

    @property
    def name(self) -> tuple[str, str]:
        """What tells channels apart."""
        return self.job_id, self.endpoint


class CallbackDispatcher:
    """Delivers channels in parallel: at most ``lanes_per_endpoint`` at one endpoint, ``lanes`` in all.

    One process has one courier: it keeps a channel from being worked on twice at a time.
    """

    def __init__(
        self,
        sender: CallbackSender,
        book: OutboxStore,
        *,
        rules: RetryRules,
        now_s: Callable[[], float] = time.time,
        lanes: int = 64,
        lanes_per_endpoint: int = 4,
    ) -> None:
        self._sender = sender
        self._book = book
        self._rules = rules
        self._now_s = now_s
        self._lanes = lanes
        self._lanes_per_endpoint = lanes_per_endpoint
        self._lock = threading.Lock()
        self._busy: set[tuple[str, str]] = set()
        self._running: list[_DeliveryWorker] = []

    def busy(self) -> frozenset[tuple[str, str]]:
        """The names of the channels that are being worked on; their dispatches are not to be touched."""
        with self._lock:
            return frozenset(self._busy)

    def deliver(self, channels: Iterable[Channel], *, wait_s: float) -> None:
        """Start on every channel that is not worked on already; returns when all is done, or after ``wait_s``.

        Channels for which there is no lane are left: the caller brings them again.
        """
        started = self._start(channels)
        until = time.monotonic() + wait_s
        for lane in started:
            lane.join(max(0.0, until - time.monotonic()))

    def _start(self, channels: Iterable[Channel]) -> list[_DeliveryWorker]:
        by_endpoint: dict[str, deque[Channel]] = {}
        with self._lock:
            self._running = [lane for lane in self._running if lane.is_alive()]
            for channel in channels:
                if channel.name not in self._busy:
                    by_endpoint.setdefault(channel.endpoint, deque()).append(channel)
            lanes = [lane for endpoint, waiting in by_endpoint.items() for lane in self._hire(endpoint, waiting)]
            for lane in lanes:
                lane.start()
        return lanes

    def _hire(self, endpoint: str, waiting: deque[Channel]) -> list[_DeliveryWorker]:
        """The lanes for an endpoint's channels, which count as busy from now on."""
        at_endpoint = sum(lane.endpoint == endpoint for lane in self._running)
        free = min(self._lanes_per_endpoint - at_endpoint, self._lanes - len(self._running), len(waiting))
        if free <= 0:
            return []
        self._busy |= {channel.name for channel in waiting}
        hired = [_DeliveryWorker(self, endpoint, waiting) for _ in range(free)]
        self._running += hired
        return hired

    def work(self, waiting: deque[Channel]) -> None:
        """Work through the channels, until none is left or the shift is over."""
        until = time.monotonic() + _SHIFT_S
        while (channel := self._next(waiting)) is not None:
            try:
                if time.monotonic() < until:
                    self._work_on(channel, until)
            except DubError as error:
                _log.warning("callbacks of job %s are interrupted: %s", channel.job_id, error)
            finally:
                with self._lock:
                    self._busy.discard(channel.name)

    def release(self, waiting: deque[Channel]) -> None:
        """Leave the channels that nobody has worked on; there are none but where a lane broke."""
        while (channel := self._next(waiting)) is not None:
            with self._lock:
                self._busy.discard(channel.name)

    def _next(self, waiting: deque[Channel]) -> Channel | None:
        with self._lock:
            return waiting.popleft() if waiting else None

    def _work_on(self, channel: Channel, until: float) -> None:
        for url, dispatch in channel.parcels:
            current = dispatch
            while (number := current.next_due(self._now_s())) is not None and time.monotonic() < until:
                current = self._attempt(url, current, number)
            if not current.is_settled:
                return

    def _attempt(self, url: str, dispatch: OutboxEntry, number: int) -> OutboxEntry:
        body = self._book.body(dispatch.origin, number)
        outcome = self._sender.send(url, body, dispatch.webhook_id(number))
        after = dispatch.after_attempt(outcome, now_s=self._now_s(), rules=self._rules)
        self._book.save(after)
        return after


class _DeliveryWorker(threading.Thread):
    """A thread that works on channels of one endpoint."""

    def __init__(self, courier: CallbackDispatcher, endpoint: str, waiting: deque[Channel]) -> None:
        super().__init__(name=f"callbacks to {endpoint}", daemon=True)
        self.endpoint = endpoint
        self._courier = courier
        self._waiting = waiting

    def run(self) -> None:
        """Work until there is nothing left."""
        try:
            self._courier.work(self._waiting)
        finally:
            self._courier.release(self._waiting)
