"""Delivery headers by the Standard Webhooks specification 1.0 (symmetric signatures)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from dub_assets.core.errors import ConfigurationError

_PREFIX = "whsec_"
_ADVICE = (
    "JOB_CALLBACK_SECRET is no secret by Standard Webhooks: give base64 of at least 24 random bytes, with or without "
    f"{_PREFIX!r} before it; `openssl rand -base64 32` makes one"
)


def delivery_headers(secret: str | None, *, webhook_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt; without a secret only ``webhook-id``.

    ``timestamp_s`` is the attempt's Unix time. The signature is ``v1,`` and the base64 of HMAC-SHA256 over
    ``id.timestamp.body`` (section "signature scheme"). Raises ConfigurationError if the secret is unusable.
    """
    headers = {"webhook-id": webhook_id}
    if secret is not None:
        signed = f"{webhook_id}.{timestamp_s}.".encode() + body
        digest = hmac.new(signing_key(secret), signed, hashlib.sha256).digest()
        headers["webhook-timestamp"] = str(timestamp_s)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def signing_key(secret: str) -> bytes:
    """Return the key of a secret: base64, with or without the prefix ``whsec_`` and padding.

    Raises ConfigurationError for anything else; a guess would sign with a key that the consumer does not have. The
    reference libraries read a secret without the prefix as base64 too.
    """
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError(_ADVICE) from error
    if not key:
        raise ConfigurationError(_ADVICE)
    return key
