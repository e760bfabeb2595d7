"""Signs videos by C2PA with a certificate chain and a private key, which may stay in AWS KMS."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.credentials.kms import PREFIX as KMS_ARN
from dub_assets.adapters.credentials.kms import KmsKey
from dub_assets.adapters.credentials.manifest import OFFLINE, ORIGINAL, manifest
from dub_assets.core.credentials import CredentialOptions, DubClaims
from dub_assets.core.errors import ConfigurationError, DubError, ServiceUnavailableError
from dub_assets.core.files import atomic_file
from dub_assets.core.object_key import content_type_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_BEGIN = "-----BEGIN "
_MP4 = "video/mp4"
_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


class C2paSigner:
    """``ports.CredentialSigner``. Raises ConfigurationError if certificate and key cannot be used.

    The key is in no attribute that is shown and in no error.
    """

    def __init__(self, options: CredentialOptions) -> None:
        key = options.key or ""
        self._chain = _pem("CREDENTIALS_CERTIFICATE", options.certificate or "")
        self._key = KmsKey(key) if key.startswith(KMS_ARN) else _pem("CREDENTIALS_KEY", key)
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
        faults: list[Exception] = []
        try:
            with (
                self._signer(faults) as signer,
                c2pa.Builder.from_json(json.dumps(definition), c2pa.Context.from_dict(settings)) as builder,
                atomic_file(video) as signed,
            ):
                if has_ingredient:
                    _add_original(builder, claims)
                with video.open("rb") as source, signed.open("w+b") as target:
                    builder.sign(signer, _MP4, source, target)
        except c2pa.C2paError as error:
            # the cause could show what was signed with
            raise (faults[0] if faults else self._refusal(error)) from None

    def _signer(self, faults: list[Exception]) -> Any:
        """Return the library's signer. It hides errors of a callback, which are appended to ``faults``."""
        import c2pa

        if isinstance(self._key, bytes):
            info = c2pa.C2paSignerInfo(self._algorithm, self._chain, self._key, self._timestamp_url)
            return c2pa.Signer.from_info(info)
        key = self._key

        def sign(data: bytes) -> bytes:
            try:
                return key.sign(data, self._algorithm)
            except DubError as error:
                faults.append(error)
                raise

        algorithm = c2pa.C2paSigningAlg[self._algorithm.decode().upper()]
        return c2pa.Signer.from_callback(sign, algorithm, self._chain.decode(), self._timestamp_url)

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


def _algorithm(chain: bytes, key: bytes | KmsKey) -> bytes:
    """Return C2PA's name of the algorithm of a key. Raises ConfigurationError if it is not the certificate's."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(chain)
    except ValueError:
        raise ConfigurationError("CREDENTIALS_CERTIFICATE is no certificate in PEM") from None
    try:
        public = (
            load_pem_private_key(key, password=None).public_key()
            if isinstance(key, bytes)
            else load_der_public_key(key.public_key())
        )
    except (TypeError, ValueError):
        raise ConfigurationError("CREDENTIALS_KEY is no private key in PEM, or is encrypted") from None
    if public != certificate.public_key():
        raise ConfigurationError("CREDENTIALS_KEY is not the key of the first certificate in CREDENTIALS_CERTIFICATE")
    return _algorithm_of(public)


def _algorithm_of(key: PublicKeyTypes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PublicKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPublicKey):
        return b"ps256"
    raise ConfigurationError("CREDENTIALS_KEY is of no kind that C2PA knows: take EC (P-256), Ed25519 or RSA")
