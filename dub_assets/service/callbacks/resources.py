"""Callbacks: where they are kept, and who brings them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.resources.storage import StorageResource
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher
from dub_assets.service.callbacks.outbox_store import ArchivedOutbox
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.settings import Settings


class CallbackServices:
    """Everything that the sensor of callbacks needs; one a process, since its courier knows what is on its way.

    A plain object, not Dagster configuration: the secret is read from the environment and shown nowhere.
    """

    def __init__(self, settings: Settings, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self.now_s = now_s
        self.at_work = threading.Lock()
        """Held by the tick that is at work: on a busy host Dagster may start the next before it has ended."""

    @property
    def watch_s(self) -> int:
        """How long the sensor of callbacks watches at a turn: as long as that of the queue, if there is one."""
        return self._settings.queue.wait_s if self._settings.queue.url else 0

    @cached_property
    def archive(self) -> JobArchive:
        """The objects of all jobs."""
        return StorageResource.of(self._settings).archive

    @cached_property
    def book(self) -> ArchivedOutbox:
        """What is to be sent, and how far it has come."""
        return ArchivedOutbox(self.archive)

    @cached_property
    def courier(self) -> CallbackDispatcher:
        """Who makes the attempts."""
        options = self._settings.callbacks
        sender = HttpCallbackSender(
            timeout_s=options.timeout_ms / 1000,
            secret=options.secret,
            allowed_hosts=options.hosts,
            localhost_host=options.localhost_host or None,
            ca_file=options.ca_file,
            now_s=self.now_s,
        )
        return CallbackDispatcher(sender, self.book, rules=options.retry_rules, now_s=self.now_s)
