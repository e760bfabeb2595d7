"""Delivery headers by the Standard Webhooks convention, version 1 (symmetric signatures)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from dub_assets.core.errors import ConfigurationError

_PREFIX = "whsec_"


def delivery_headers(secret: str | None, *, webhook_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt; without a secret only ``webhook-id``.

    ``timestamp_s`` is the attempt's Unix time. Source: the Standard Webhooks specification 1.0, "signature scheme":
    HMAC-SHA256 over ``id.timestamp.body``, in base64 behind ``v1,``.
    """
    headers = {"webhook-id": webhook_id}
    if secret is not None:
        signed = f"{webhook_id}.{timestamp_s}.".encode() + body
        digest = hmac.new(signing_key(secret), signed, hashlib.sha256).digest()
        headers["webhook-timestamp"] = str(timestamp_s)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for: base64, with or without ``whsec_`` before and padding behind.

    The reference libraries read a secret without the prefix as base64 too. Anything else is a ConfigurationError:
    guessing would sign with a key that the consumer does not have.
    """
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError(_ADVICE) from error
    if not key:
        raise ConfigurationError(_ADVICE)
    return key


_ADVICE = (
    "JOB_CALLBACK_SECRET is no secret by Standard Webhooks: give base64 of at least 24 random bytes, with or without "
    f"{_PREFIX!r} before it; `openssl rand -base64 32` makes one"
)
