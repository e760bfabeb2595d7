"""Signs files by C2PA with a certificate chain and a private key, which may stay in AWS KMS."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.adapters.credentials.kms import PREFIX as KMS_ARN
from dub_assets.adapters.credentials.kms import KmsKey
from dub_assets.adapters.credentials.manifest import OFFLINE, ORIGINAL, copy_manifest, dub_manifest, trial_manifest
from dub_assets.adapters.credentials.sidecar import existing_sidecar, is_embeddable, sidecar_of
from dub_assets.core.credentials import CredentialOptions, DubClaims
from dub_assets.core.errors import ConfigurationError, DubError, InputError, ServiceUnavailableError
from dub_assets.core.files import atomic_file
from dub_assets.core.object_key import content_type_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_BEGIN = "-----BEGIN "
_ANY_FORMAT = "application/octet-stream"
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
        self._try()

    @property
    def certificate_sha256(self) -> str:
        """Identify the certificate chain that signs."""
        return hashlib.sha256(self._chain).hexdigest()

    def sign(self, video: Path, claims: DubClaims) -> None:
        """Replace a video by the same one with signed credentials, and verify them.

        Raises ServiceUnavailableError if the time stamp authority does not answer, and ConfigurationError if the
        certificate is not one for C2PA.
        """
        self._sign(video, dub_manifest(claims), claims.original_name, claims.original, claims.original_credentials)

    def sign_copy(self, path: Path, parent: Path, dub: dict[str, Any] | None) -> Path:
        """Sign a file that was made of a signed one, and return the file that has its credentials.

        That is the file itself, or ``sidecar_of(path)`` if its container has no place for them. Raises like ``sign``.
        """
        return self._sign(path, copy_manifest(path.name, dub), parent.name, parent, existing_sidecar(parent))

    def _sign(
        self, path: Path, definition: dict[str, Any], title: str, ingredient: Path, credentials: Path | None
    ) -> Path:
        import c2pa

        format_ = content_type_of(path.name)
        embeds = is_embeddable(format_)
        target = path if embeds else sidecar_of(path)
        faults: list[Exception] = []
        try:
            with (
                self._signer(faults, self._timestamp_url) as signer,
                _builder(definition) as builder,
                atomic_file(target) as signed,
            ):
                _add_ingredient(builder, title, ingredient, credentials)
                if embeds:
                    with path.open("rb") as source, signed.open("w+b") as file:
                        builder.sign(signer, format_, source, file)
                else:
                    builder.set_no_embed()
                    with path.open("rb") as source, Path(os.devnull).open("w+b") as nothing:
                        signed.write_bytes(builder.sign(signer, format_, source, nothing))
        except c2pa.C2paError as error:
            # the cause could show what was signed with
            raise (faults[0] if faults else self._refusal(path, error)) from None
        return target

    def _try(self) -> None:
        """Sign nothing, without a time stamp. Raises ConfigurationError if the certificate is not one for C2PA."""
        import c2pa

        faults: list[Exception] = []
        try:
            with self._signer(faults, None) as signer, _builder(trial_manifest()) as builder:
                builder.set_no_embed()
                builder.sign(signer, _ANY_FORMAT, io.BytesIO(b"nothing"), io.BytesIO())
        except c2pa.C2paError as error:
            raise (
                faults[0]
                if faults
                else ConfigurationError(
                    f"nothing can be signed ({_reason(error)}): check that CREDENTIALS_CERTIFICATE is a chain for C2PA"
                )
            ) from None

    def _signer(self, faults: list[Exception], timestamp_url: str | None) -> Any:
        """Return the library's signer. It hides errors of a callback, which are appended to ``faults``."""
        import c2pa

        if isinstance(self._key, bytes):
            info = c2pa.C2paSignerInfo(self._algorithm, self._chain, self._key, timestamp_url)
            return c2pa.Signer.from_info(info)
        key = self._key

        def sign(data: bytes) -> bytes:
            try:
                return key.sign(data, self._algorithm)
            except DubError as error:
                faults.append(error)
                raise

        algorithm = c2pa.C2paSigningAlg[self._algorithm.decode().upper()]
        return c2pa.Signer.from_callback(sign, algorithm, self._chain.decode(), timestamp_url)

    def _refusal(self, path: Path, error: Exception) -> DubError:
        """Return why a file is not signed, by a certificate that can sign."""
        if self._timestamp_url and "asset" not in str(error):
            return ServiceUnavailableError(
                f"{self._timestamp_url} gave no time stamp ({_reason(error)}): it is asked again"
            )
        return InputError(f"{path} cannot be signed ({_reason(error)}): check that it is a whole file of its kind")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _builder(definition: dict[str, Any]) -> Any:
    import c2pa

    settings = {"verify": OFFLINE | {"verify_after_sign": True}, "builder": {"thumbnail": {"enabled": False}}}
    return c2pa.Builder.from_json(json.dumps(definition), c2pa.Context.from_dict(settings))


def _add_ingredient(builder: Any, title: str, path: Path, credentials: Path | None) -> None:
    """Add the file that was opened, with its own credentials: those in it, else those in ``credentials``."""
    ingredient: dict[str, Any] = {"title": title, "relationship": "parentOf", "instance_id": ORIGINAL}
    format_ = content_type_of(path.name)
    if credentials is not None:
        ingredient |= _chained(builder, path, credentials, format_)
    with path.open("rb") as file:
        builder.add_ingredient(json.dumps(ingredient), format_, file)


def _chained(builder: Any, path: Path, credentials: Path, format_: str) -> dict[str, Any]:
    """Add a sidecar as a resource and return what refers to it in the ingredient; nothing if it is unreadable."""
    import c2pa

    content = credentials.read_bytes()
    context = c2pa.Context.from_dict({"verify": OFFLINE})
    try:
        with path.open("rb") as file, c2pa.Reader(format_, file, content, context=context) as reader:
            facts = {"active_manifest": json.loads(reader.json())["active_manifest"], "format": format_}
            results = reader.get_validation_results()
    except c2pa.C2paError:
        return {}
    builder.add_resource(credentials.name, io.BytesIO(content))
    data = {"format": "application/c2pa", "identifier": credentials.name}
    return facts | {"manifest_data": data, "validation_results": results}


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
