"""``dub-assets credentials``: certificates for development, and the credentials and marks of files."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dub_assets.adapters.credentials.development import DEVELOPMENT, development_chain
from dub_assets.adapters.credentials.reading import Credentials, read_credentials
from dub_assets.adapters.credentials.signing import C2paSigner
from dub_assets.adapters.ffmpeg.marking import read_marks
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.errors import ConfigurationError, DubError, InputError
from dub_assets.core.files import require_writable
from dub_assets.settings import settings_from

_STATES = {
    "none": "the file has no content credentials",
    "trusted": "unchanged since it was signed, by a signer whom the anchors trust",
    "valid": "unchanged since it was signed; --trust verifies the signer",
    "untrusted": "unchanged since it was signed, but by a signer whom the anchors do not trust",
    "changed": "changed since it was signed",
    "invalid": "the content credentials are broken",
}
_GOOD = {"trusted", "valid"}


class NotVerifiedError(DubError):
    """A file is not what its credentials say, or has none."""


def make_development_chain(out: Path | None) -> None:
    """Write a chain for development to a folder, and print the variables that sign with it.

    Raises InputError if the folder has one already: results that it signed could not be verified any more.
    """
    folder = out or settings_from(os.environ).paths.home / "credentials"
    require_writable(folder, advice="name another folder with --out")
    files = {name: folder / f"{name}.pem" for name in ("root", "certificate", "key")}
    if taken := next((path for path in files.values() if path.exists()), None):
        raise InputError(f"{taken} exists: keep using it, or name another folder with --out")
    chain = development_chain()
    files["root"].write_bytes(chain.root)
    files["certificate"].write_bytes(chain.chain)
    with open(os.open(files["key"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as key:  # noqa: PTH123
        key.write(chain.key)
    write_line(f"export CREDENTIALS_CERTIFICATE={files['certificate']}")
    write_line(f"export CREDENTIALS_KEY={files['key']}")
    write_line(f"# verify with: dub-assets credentials verify FILE --trust {files['root']}")


def show_credentials(file: Path, *, as_json: bool) -> None:
    """Print the credentials and marks of a file. Raises InputError if it cannot be read."""
    credentials = read_credentials(file)
    marks = asdict(read_marks(file))
    if as_json:
        write_json({"file": str(file), "state": credentials.state, **_as_json(credentials), "marks": marks})
        return
    _print(credentials)
    for name, value in marks.items():
        write_line(f"{name.replace('_', ' ')}: {value or 'none'}")


def verify_credentials(file: Path, anchors: Path | None, *, as_json: bool) -> None:
    """Print whether a file is unchanged since it was signed.

    Raises NotVerifiedError if it is not, or has no credentials, or is signed by somebody else than the anchors trust.
    """
    credentials = read_credentials(file, anchors)
    if as_json:
        write_json({"file": str(file), "state": credentials.state, **_as_json(credentials)})
    elif credentials.state in _GOOD:
        _print(credentials)
    if credentials.state not in _GOOD:
        faults = f" ({', '.join(credentials.faults)})" if credentials.faults else ""
        raise NotVerifiedError(f"{file}: {_STATES[credentials.state]}{faults}")


def sign_copy(file: Path, dub: Path) -> None:
    """Sign a file as made of a signed dub, and print where its credentials are.

    Raises ConfigurationError without a certificate, NotVerifiedError if the dub is unsigned or changed.
    """
    options = settings_from(os.environ).credentials
    if options.certificate is None:
        raise ConfigurationError("CREDENTIALS_CERTIFICATE is unset: `dub-assets credentials init` makes one to try")
    credentials = read_credentials(dub)
    if credentials.state not in _GOOD:
        raise NotVerifiedError(f"{dub}: {_STATES[credentials.state]}: name the signed dub that {file} was made of")
    if not file.is_file():
        raise InputError(f"there is no file {file}: check the path")
    if file.resolve() == dub.resolve():
        raise InputError(f"{file} is the dub itself: it is signed")
    signed = C2paSigner(options).sign_copy(file, dub, credentials.dub)
    write_line(f"signed: {signed}")


def _print(credentials: Credentials) -> None:
    write_line(_STATES[credentials.state])
    if credentials.state == "none":
        return
    development = ", a certificate for development" if credentials.issuer == DEVELOPMENT else ""
    at = f" at {credentials.signed_at}" if credentials.signed_at else ""
    write_line(f"signed by: {credentials.signer} ({credentials.issuer}{development}){at}")
    write_line(f"actions: {', '.join(str(action.get('action')) for action in credentials.actions) or 'none'}")
    write_line(f"made from: {', '.join(credentials.ingredients) or 'no ingredient'}")
    dub = credentials.dub or {}
    for name, value in dub.items():
        if name != "history":
            write_line(f"{name.replace('_', ' ')}: {_shown(value)}")
    for revision in dub.get("history", ()):
        changed = ", ".join(revision["segments"])
        write_line(f"revision {revision['revision']}: {f'segments {changed}' if changed else 'the whole dub'}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _as_json(credentials: Credentials) -> dict[str, Any]:
    return {name: value for name, value in asdict(credentials).items() if name != "state"}
