"""Reads and verifies the content credentials of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dub_assets.adapters.credentials.manifest import DUB_ASSERTION, OFFLINE
from dub_assets.adapters.credentials.sidecar import existing_sidecar, is_embeddable, sidecar_of
from dub_assets.core.errors import InputError
from dub_assets.core.files import open_regular
from dub_assets.core.object_key import content_type_of

State = Literal["none", "trusted", "valid", "untrusted", "changed", "invalid"]
"""``trusted``: unchanged, and the anchors trust the signer; ``untrusted``: unchanged, but they do not; ``valid``:
unchanged, and no anchors were given; ``changed``: changed since it was signed; ``invalid``: the credentials are broken.
"""

_UNTRUSTED = "signingCredential.untrusted"
_CHANGED = {"assertion.bmffHash.mismatch", "assertion.dataHash.mismatch", "assertion.boxesHash.mismatch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The credentials of a file, as far as they can be read.

    ``faults`` are codes of the C2PA specification. ``signer`` and ``issuer`` are names in the certificate;
    ``signed_at`` is the time of a time stamp. ``actions`` are C2PA's; ``dub`` is the assertion of dub_assets.
    """

    state: State
    faults: tuple[str, ...] = ()
    signer: str | None = None
    issuer: str | None = None
    signed_at: str | None = None
    title: str | None = None
    actions: tuple[dict[str, Any], ...] = ()
    ingredients: tuple[str, ...] = ()
    dub: dict[str, Any] | None = None


def read_credentials(path: Path, anchors: Path | None = None) -> Credentials:
    """Return the credentials of a file, verified against trust anchors (PEM) if they are given.

    They are in the file, or beside it in a sidecar. Raises InputError if the file or the anchors cannot be read, or the
    file can only have a sidecar and has none.
    """
    import c2pa

    format_, sidecar = content_type_of(path.name), existing_sidecar(path)
    if sidecar is None and not is_embeddable(format_):
        raise InputError(
            f"{path}: files of this kind have content credentials only in a sidecar, and there is no "
            f"{sidecar_of(path).name}"
        )
    try:
        content = sidecar.read_bytes() if sidecar else None
        with open_regular(path) as file, c2pa.Reader(format_, file, content, context=_context(anchors)) as reader:
            manifest = reader.get_active_manifest() or {}
            results = reader.get_validation_results() or {}
            state = reader.get_validation_state() or ""
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror}): check the path") from error
    except c2pa.C2paError as error:
        if "ManifestNotFound" in type(error).__name__ or "ManifestNotFound" in str(error):
            return Credentials(state="none")
        return Credentials(state="invalid", faults=(" ".join(str(error).split())[:200],))
    faults = tuple(dict.fromkeys(fault["code"] for fault in results.get("activeManifest", {}).get("failure", [])))
    return _credentials(manifest, _state(state, faults, has_anchors=anchors is not None), faults)


def _context(anchors: Path | None) -> Any:
    import c2pa

    settings: dict[str, Any] = {"verify": OFFLINE | {"verify_trust": anchors is not None}}
    if anchors is not None:
        settings["trust"] = {"trust_anchors": _certificates(anchors)}
    return c2pa.Context.from_dict(settings)


def _certificates(anchors: Path) -> str:
    """Return a file of certificates (PEM). Raises InputError if it is none."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with open_regular(anchors) as file:
            content = file.read()
        load_pem_x509_certificates(content)
        return content.decode("ascii")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {anchors} as certificates: name a PEM file of those to trust") from error


def _state(state: str, faults: tuple[str, ...], *, has_anchors: bool) -> State:
    if _CHANGED.intersection(faults):
        return "changed"
    if set(faults) - {_UNTRUSTED} or state == "Invalid":
        return "invalid"
    if state == "Trusted":
        return "trusted"
    return "untrusted" if has_anchors else "valid"


def _credentials(manifest: dict[str, Any], state: State, faults: tuple[str, ...]) -> Credentials:
    signature = manifest.get("signature_info") or {}
    data = {assertion["label"]: assertion.get("data") for assertion in manifest.get("assertions", [])}
    actions = data.get("c2pa.actions.v2") or data.get("c2pa.actions") or {}
    return Credentials(
        state=state,
        faults=faults,
        signer=signature.get("common_name"),
        issuer=signature.get("issuer"),
        signed_at=signature.get("time"),
        title=manifest.get("title"),
        actions=tuple(actions.get("actions", [])),
        ingredients=tuple(str(ingredient.get("title")) for ingredient in manifest.get("ingredients", [])),
        dub=data.get(DUB_ASSERTION),
    )
