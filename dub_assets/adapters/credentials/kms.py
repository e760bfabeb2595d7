"""Signing with a key that stays in AWS KMS."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from dub_assets.adapters.aws import aws_client, aws_errors
from dub_assets.core.errors import ConfigurationError, ServiceUnavailableError

if TYPE_CHECKING:
    from botocore.client import BaseClient

PREFIX = "arn:aws"
"""Beginning of the name of a key in KMS; partitions of AWS add to it."""

_REGION_FIELD = 3
_ALGORITHMS = {
    b"es256": ("ECDSA_SHA_256", "sha256"),
    b"es384": ("ECDSA_SHA_384", "sha384"),
    b"es512": ("ECDSA_SHA_512", "sha512"),
    b"ps256": ("RSASSA_PSS_SHA_256", "sha256"),
}
_MAX_RAW_BYTES = 4096
"""Limit of KMS for data that it hashes itself."""

_NUMBER_BYTES = {b"es256": 32, b"es384": 48, b"es512": 66}
"""Size of each of the two numbers of a signature of ECDSA, as COSE (RFC 9053) writes them."""


class KmsKey:
    """A key in KMS, by its ARN. Raises ConfigurationError if it cannot be used, ServiceUnavailableError for now."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._region = ([*arn.split(":"), *[""] * _REGION_FIELD])[_REGION_FIELD]

    def public_key(self) -> bytes:
        """Return the public key (DER, SubjectPublicKeyInfo)."""
        with self._reported():
            content: bytes = self._client.get_public_key(KeyId=self._arn)["PublicKey"]
            return content

    def sign(self, data: bytes, algorithm: bytes) -> bytes:
        """Return the signature of ``data`` as COSE has it; ``algorithm`` is C2PA's name."""
        if algorithm not in _ALGORITHMS:
            raise ConfigurationError(f"CREDENTIALS_KEY: KMS does not sign by {algorithm.decode()}: take EC or RSA")
        name, digest = _ALGORITHMS[algorithm]
        message: dict[str, object] = {"Message": data, "MessageType": "RAW"}
        if len(data) > _MAX_RAW_BYTES:
            message = {"Message": hashlib.new(digest, data).digest(), "MessageType": "DIGEST"}
        with self._reported():
            answer = self._client.sign(KeyId=self._arn, SigningAlgorithm=name, **message)
        signature: bytes = answer["Signature"]
        return _numbers(signature, _NUMBER_BYTES[algorithm]) if algorithm in _NUMBER_BYTES else signature

    @cached_property
    def _client(self) -> BaseClient:
        return aws_client("kms", region=self._region)

    def _reported(self) -> AbstractContextManager[None]:
        return aws_errors(
            "the key in KMS",
            unavailable=ServiceUnavailableError,
            refused=lambda code, _: ConfigurationError(
                f"KMS refuses CREDENTIALS_KEY ({code}): check its ARN, and the rights kms:Sign and kms:GetPublicKey"
            ),
        )


def _numbers(signature: bytes, size_bytes: int) -> bytes:
    """Return the two numbers of a signature in DER, one after the other."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return b"".join(number.to_bytes(size_bytes, "big") for number in decode_dss_signature(signature))
