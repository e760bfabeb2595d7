"""Signs videos by C2PA with a certificate chain and a private key."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.credentials.manifest import OFFLINE, ORIGINAL, manifest
from dub_assets.core.credentials import CredentialOptions, DubClaims
from dub_assets.core.errors import ConfigurationError, ServiceUnavailableError
from dub_assets.core.files import atomic_file
from dub_assets.core.object_key import content_type_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_BEGIN = "-----BEGIN "
_MP4 = "video/mp4"
_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


class C2paSigner:
    """``ports.CredentialSigner``. Raises ConfigurationError if certificate and key cannot be used.

    The key is in no attribute that is shown and in no error.
    """

    def __init__(self, options: CredentialOptions) -> None:
        self._chain = _pem("CREDENTIALS_CERTIFICATE", options.certificate or "")
        self._key = _pem("CREDENTIALS_KEY", options.key or "")
        self._timestamp_url = options.timestamp_url
        self._algorithm = _algorithm(self._chain, self._key)

    @property
    def certificate_sha256(self) -> str:
        """Identify the certificate chain that signs."""
        return hashlib.sha256(self._chain).hexdigest()

    def sign(self, video: Path, claims: DubClaims) -> None:
        """Replace an MP4 by the same one with signed credentials, and verify them.

        Raises ServiceUnavailableError if the time stamp authority does not answer, and ConfigurationError if the
        certificate is not one for C2PA.
        """
        import c2pa

        settings = {"verify": OFFLINE | {"verify_after_sign": True}, "builder": {"thumbnail": {"enabled": False}}}
        has_ingredient = content_type_of(claims.original.name) in c2pa.Builder.get_supported_mime_types()
        definition = manifest(claims, has_ingredient=has_ingredient)
        info = c2pa.C2paSignerInfo(self._algorithm, self._chain, self._key, self._timestamp_url)
        try:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Builder.from_json(json.dumps(definition), c2pa.Context.from_dict(settings)) as builder,
                atomic_file(video) as signed,
            ):
                if has_ingredient:
                    _add_original(builder, claims)
                with video.open("rb") as source, signed.open("w+b") as target:
                    builder.sign(signer, _MP4, source, target)
        except c2pa.C2paError as error:
            raise self._refusal(error) from None  # the cause could show what was signed with

    def _refusal(self, error: Exception) -> ConfigurationError | ServiceUnavailableError:
        reason = " ".join(str(error).split())[:200]
        if self._timestamp_url and any(word in reason.lower() for word in ("http", "timestamp", "time stamp")):
            return ServiceUnavailableError(f"{self._timestamp_url} gave no time stamp ({reason}): it is asked again")
        return ConfigurationError(
            f"the video cannot be signed ({reason}): check that CREDENTIALS_CERTIFICATE is a chain for C2PA"
        )


def _add_original(builder: Any, claims: DubClaims) -> None:
    """Add the original as the ingredient that was opened, with its own credentials if it has some."""
    ingredient = {"title": claims.original_name, "relationship": "parentOf", "instance_id": ORIGINAL}
    with claims.original.open("rb") as original:
        builder.add_ingredient(json.dumps(ingredient), content_type_of(claims.original.name), original)


def _pem(variable: str, value: str) -> bytes:
    """Return the PEM that a variable has or names."""
    if value.startswith(_BEGIN):
        return value.replace("\\n", "\n").encode()
    try:
        content = Path(value).expanduser().read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{variable} cannot be read ({error.strerror}): give a path, or PEM") from None
    if _BEGIN.encode() not in content:
        raise ConfigurationError(f"{variable} names a file that is no PEM: give a path of one, or PEM")
    return content


def _algorithm(chain: bytes, key: bytes) -> bytes:
    """Return C2PA's name of the algorithm of a key. Raises ConfigurationError if it is not the certificate's."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(chain)
    except ValueError:
        raise ConfigurationError("CREDENTIALS_CERTIFICATE is no certificate in PEM") from None
    try:
        private = load_pem_private_key(key, password=None)
    except (TypeError, ValueError):
        raise ConfigurationError("CREDENTIALS_KEY is no private key in PEM, or is encrypted") from None
    if private.public_key() != certificate.public_key():
        raise ConfigurationError("CREDENTIALS_KEY is not the key of the first certificate in CREDENTIALS_CERTIFICATE")
    return _algorithm_of(private)


def _algorithm_of(key: PrivateKeyTypes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return b"ps256"
    raise ConfigurationError("CREDENTIALS_KEY is of no kind that C2PA knows: take EC (P-256), Ed25519 or RSA")
