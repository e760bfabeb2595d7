"""Stored records of messages between their receipt and their deletion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dub_assets.core.errors import ErrorCode, MessageRefusedError
from dub_assets.service.received_message import ReceivedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """A message whose run is requested and not known to be stored yet; ``receipt`` deletes it."""

    message_id: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessages:
    """The cursor of the queue's sensor."""

    messages: tuple[HeldMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The deployment that handled a message last, the time in milliseconds since 1970, and the failed attempts."""

    deployment: str
    at_ms: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessage:
    """A message that can never succeed, as far as it could be read, and the reason.

    ``put_away`` is set for messages of earlier versions once a copy is in the dead-letter queue. ``refused_at_s`` is
    Unix time.
    """

    message_id: str
    body: str = field(repr=False)
    attributes: Mapping[str, str]
    group: str | None
    reason: str
    job_id: str | None
    project_id: str | None
    callback_url: str | None = field(repr=False)
    task: str | None
    segments: tuple[int, ...]
    put_away: bool
    refused_at_s: float = 0.0
    error_code: ErrorCode = "invalid_message"

    @classmethod
    def of(cls, message: ReceivedMessage, refusal: MessageRefusedError, *, now_s: float = 0.0) -> RefusedMessage:
        """Return the record of a refusal. Characters that UTF-8 cannot encode become ``?``."""
        return cls(
            message_id=message.message_id,
            body=_writable(message.body),
            attributes={_writable(name): _writable(value) for name, value in message.attributes.items()},
            group=message.group,
            reason=refusal.reason,
            job_id=refusal.job_id,
            project_id=refusal.project_id,
            callback_url=refusal.callback_url,
            task=refusal.task,
            segments=refusal.segments,
            put_away=False,
            refused_at_s=now_s,
            error_code=refusal.error_code,
        )

    def delivered(self, receipt: str) -> ReceivedMessage:
        """Return the message as it was delivered with this receipt."""
        return ReceivedMessage(
            message_id=self.message_id,
            receipt=receipt,
            body=self.body,
            receive_count=1,
            sent_at_ms=0,
            group=self.group,
            attributes=self.attributes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessages:
    """Messages that were refused in the same tick, stored in one object.

    ``delivered`` are the ids of messages whose callbacks are acknowledged, as of the last time that this was stored.
    ``is_outbox``: no attempt has failed, so the outbox has no entries of these messages.
    """

    messages: tuple[RefusedMessage, ...]
    delivered: tuple[str, ...] = ()
    is_outbox: bool = False


def _writable(text: str) -> str:
    return text.encode(errors="replace").decode()
