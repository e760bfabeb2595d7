"""An outbox entry: the callbacks of one retry group, in order, and the state of their delivery.

The bytes of a callback are stored before the first attempt. Every attempt sends the same bytes, even if a later run
changes the objects that the callback describes, or a later version would build another body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.delivery import Delivery, Outcome
from dub_assets.service.callbacks.values import webhook_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCallback:
    """A callback to be sealed; ``name`` tells it from the others of its origin, ``created_s`` is Unix time."""

    name: str
    created_s: float
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCallback:
    """A callback whose bytes are written down."""

    name: str
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """The callbacks of one retry group, counted from 0. ``origin`` is the id of the group's first run."""

    SCHEMA_NAME: ClassVar[str] = "Dispatch"

    origin: str
    sealed: tuple[StoredCallback, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def names(self) -> frozenset[str]:
        """What is sealed already."""
        return frozenset(sealed.name for sealed in self.sealed)

    @property
    def is_settled(self) -> bool:
        """Whether every sealed callback is delivered or lost."""
        return self.delivery.settled >= len(self.sealed)

    def with_sealed(self, posts: Sequence[PendingCallback]) -> OutboxEntry:
        """The dispatch with further callbacks; they count as lost at once where the endpoint has ended."""
        sealed = (*self.sealed, *(StoredCallback(name=post.name, created_s=post.created_s) for post in posts))
        return replace(self, sealed=sealed, delivery=self.delivery.without_endpoint(len(sealed)))

    def next_due(self, now_s: float) -> int | None:
        """The number of the callback to attempt now; None where none is due."""
        return self.delivery.next_due(len(self.sealed), now_s)

    def webhook_id(self, number: int) -> str:
        """The id of a callback, stable over its attempts."""
        return webhook_id(self.origin, number)

    def after_attempt(self, outcome: Outcome, *, now_s: float, rules: RetryRules) -> OutboxEntry:
        """The dispatch after an attempt at the callback that is waiting."""
        number = self.delivery.settled
        delivery = self.delivery.after_attempt(
            outcome,
            webhook_id=self.webhook_id(number),
            created_s=self.sealed[number].created_s,
            now_s=now_s,
            rules=rules,
        )
        return replace(self, delivery=delivery.without_endpoint(len(self.sealed)))

    def losses(self) -> list[str]:
        """What was lost, and why, for people."""
        return [f"{self.sealed[loss.number].name}: {loss.reason}" for loss in self.delivery.losses]
