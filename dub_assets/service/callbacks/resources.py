"""The Dagster resource of the sensors of callbacks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import dagster as dg

from dub_assets.resources.storage import StorageResource
from dub_assets.service.callbacks.delivery_service import DeliveryService
from dub_assets.service.callbacks.dispatcher import CallbackDispatcher
from dub_assets.service.callbacks.follower import Follower
from dub_assets.service.callbacks.sender import HttpCallbackSender
from dub_assets.settings import Settings


class CallbackServices:
    """Makes the delivery service of a process, which has one, because its dispatcher knows the attempts under way.

    A plain object and no Dagster configuration, so that the UI does not show the secret.
    """

    def __init__(self, settings: Settings, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now_s = now_s
        self._lock = threading.Lock()
        self._service: DeliveryService | None = None
        self._follower: Follower | None = None

    def service(self, instance: dg.DagsterInstance) -> DeliveryService:
        """Return the delivery service. Its threads outlast the tick, and so does its own copy of the instance."""
        with self._lock:
            if self._service is None:
                own = dg.DagsterInstance.from_ref(instance.get_ref()) if instance.is_persistent else instance
                self._service = self._delivery_service(own)
            return self._service

    def follow(self, service: DeliveryService) -> None:
        """Have a thread deliver what changes until the next tick. Without a queue there is nothing to follow."""
        if self._settings.queue.url:
            with self._lock:
                self._follower = self._follower or Follower(service.deliver_changes)
            self._follower.extend()

    def _delivery_service(self, instance: dg.DagsterInstance) -> DeliveryService:
        options, archive = self._settings.callbacks, StorageResource.of(self._settings).archive
        sender = HttpCallbackSender(
            timeout_s=options.timeout_ms / 1000,
            secret=options.secret,
            allowed_hosts=frozenset(options.allowed_hosts),
            localhost_host=options.localhost_host or None,
            ca_file=options.ca_file,
            now_s=self._now_s,
        )
        dispatcher = CallbackDispatcher(sender, rules=options.retry_rules, now_s=self._now_s)
        return DeliveryService(instance, archive, dispatcher, now_s=self._now_s)
