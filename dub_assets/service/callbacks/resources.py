"""The Dagster resource of ``callbacks_sensor``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.resources.storage import StorageResource
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher
from dub_assets.service.callbacks.outbox import Outbox
from dub_assets.service.callbacks.pending_refusals import PendingRefusals
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.settings import Settings


class CallbackServices:
    """What the sensor of callbacks needs. A process has one, because its dispatcher knows the attempts under way.

    A plain object and no Dagster configuration, so that the UI does not show the secret.
    """

    def __init__(self, settings: Settings, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self.now_s = now_s
        self.tick_lock = threading.Lock()
        """Held during a tick: on a busy host Dagster may start the next tick before one has ended."""

    @property
    def watch_s(self) -> int:
        """For how long a tick polls: as long as that of the queue; 0 if there is no queue."""
        return self._settings.queue.wait_s if self._settings.queue.url else 0

    @cached_property
    def archive(self) -> JobArchive:
        """The objects of all jobs."""
        return StorageResource.of(self._settings).archive

    @cached_property
    def outbox(self) -> Outbox:
        """The stored callbacks."""
        return Outbox(self.archive)

    @cached_property
    def refusals(self) -> PendingRefusals:
        """The refused messages whose callbacks are pending."""
        return PendingRefusals(archive=self.archive, outbox=self.outbox, now_s=self.now_s)

    @cached_property
    def dispatcher(self) -> CallbackDispatcher:
        """The dispatcher, with a sender as configured."""
        options = self._settings.callbacks
        sender = HttpCallbackSender(
            timeout_s=options.timeout_ms / 1000,
            secret=options.secret,
            allowed_hosts=frozenset(options.allowed_hosts),
            localhost_host=options.localhost_host or None,
            ca_file=options.ca_file,
            now_s=self.now_s,
        )
        return CallbackDispatcher(sender, self.outbox, rules=options.retry_rules, now_s=self.now_s)
