"""Downloads over HTTP that can be interrupted at any time and continue where they stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.core.errors import FileMissingError, ServiceUnavailableError
from dub_assets.core.files import disk_errors, write_atomic

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 30.0
"""Seconds to wait for a connection, and for each block of a body."""

RETRIES, BACKOFF = 4, 0.5
"""Further attempts of a request, and the factor in seconds of the pauses before them, which double."""

_BLOCK_BYTES = 1 << 16  # a block that a broken connection cuts off is lost
_RETRIED = (408, 429, 500, 502, 503, 504)
_MISSING = (401, 403, 404, 410)
_RANGE_NOT_SATISFIABLE = 416

ReportBytes = Callable[[int, int | None], None]
"""Receives the bytes on disk and the total bytes, None if the server does not report them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFile:
    """A file on a web server; ``size`` is its length in bytes if it is known beforehand."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None


def download(source: WebFile, target: Path, report: ReportBytes | None = None) -> bool:
    """Download a file to ``target`` and return whether an earlier, interrupted download was continued.

    The bytes go to ``<target>.part`` first. A later call continues that file with a Range request if the server still
    has the same object (If-Range with its ETag, else its Last-Modified), and starts over otherwise. A connection that
    breaks is retried for as long as each attempt brings more bytes.

    Raises FileMissingError, ServiceUnavailableError if the server does not answer or keeps ending early, and
    OutOfSpaceError.
    """
    part = _Part(target)
    continued, failures = False, 0
    with _session() as session:
        while True:
            before = part.size
            try:
                continued |= _receive(session, source, part, report)
                break
            except _InterruptedError as error:
                failures = 0 if part.size > before else failures + 1
                if failures > RETRIES:
                    raise _unanswered(source, error.__cause__ or error) from error
                time.sleep(BACKOFF * 2**failures)
    part.finish()
    return continued


class _InterruptedError(Exception):
    """The body ended too early."""


class _Part:
    """An incomplete download, and beside it the validator of the object that it belongs to."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        return self._path.stat().st_size if self._path.is_file() else 0

    def validator(self, address: str) -> str | None:
        """Return the validator for If-Range, or None if there is nothing to continue."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return note["validator"] if self.size and note.get("address") == address else None

    def start_over(self, address: str, validator: str | None) -> None:
        with disk_errors(self._target):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._note.unlink(missing_ok=True)
            self._path.write_bytes(b"")
        if validator:
            write_atomic(self._note, json.dumps({"address": address, "validator": validator}).encode())

    def append(self, blocks: Iterator[bytes]) -> None:
        with disk_errors(self._target), self._path.open("ab") as stream:
            for block in blocks:
                stream.write(block)

    def finish(self) -> None:
        """Rename the complete file."""
        with disk_errors(self._target):
            self._path.replace(self._target)
            self._note.unlink(missing_ok=True)


def _receive(session: requests.Session, source: WebFile, part: _Part, report: ReportBytes | None) -> bool:
    """Make one request and append its body; return whether it continued the part."""
    validator = part.validator(source.address)
    headers = {"Accept-Encoding": "identity", **source.headers}
    if validator:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": validator}
    with _answer(session, source, headers) as response:
        continues = response.status_code == 206 and _range_start(response) == part.size
        if response.status_code == _RANGE_NOT_SATISFIABLE and _range_total(response) == part.size:
            return True
        if response.status_code in {206, _RANGE_NOT_SATISFIABLE} and not continues:
            part.start_over(source.address, None)
            raise _InterruptedError("the server answered with another range")
        if not continues:
            part.start_over(source.address, _validator(response))
        length = response.headers.get("Content-Length")
        total = part.size + int(length) if length else source.size
        part.append(_blocks(response, part.size, total, report))
        if total is not None and part.size < total:
            raise _InterruptedError(f"{part.size} of {total} bytes were received")
    return continues


def _blocks(response: requests.Response, done: int, total: int | None, report: ReportBytes | None) -> Iterator[bytes]:
    """Yield and report the blocks of a body. Raises _InterruptedError if the connection breaks."""
    import requests

    if report:
        report(done, total)
    blocks = response.iter_content(_BLOCK_BYTES)
    while True:
        try:
            block = next(blocks, b"")
        except requests.RequestException as error:
            raise _InterruptedError from error
        if not block:
            return
        yield block
        done += len(block)
        if report:
            report(done, total)


@contextmanager
def _answer(session: requests.Session, source: WebFile, headers: Mapping[str, str]) -> Iterator[requests.Response]:
    import requests

    try:
        response = session.get(source.address, headers=headers, stream=True, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise _unanswered(source, error) from error
    with response:
        status = response.status_code
        if status in _MISSING:
            raise FileMissingError(
                f"{source.address} is not there ({status}): put the file into the weights folder yourself"
            )
        if status >= 400 and status != _RANGE_NOT_SATISFIABLE:
            raise _unanswered(source, requests.HTTPError(f"status {status}"))
        yield response


def _session() -> requests.Session:
    """Return a session that retries requests after a broken connection or from an overloaded server."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    retry = Retry(total=RETRIES, backoff_factor=BACKOFF, status_forcelist=_RETRIED, raise_on_status=False)
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _validator(response: requests.Response) -> str | None:
    """Return the object's validator for If-Range: its strong ETag, else its Last-Modified."""
    if response.headers.get("Accept-Ranges") == "none":
        return None
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")


def _range_start(response: requests.Response) -> int | None:
    """Return the first byte of a partial response (``Content-Range: bytes 100-199/200``)."""
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(start) if start.isdecimal() else None


def _range_total(response: requests.Response) -> int | None:
    """Return the length of the whole object (``Content-Range: bytes */200``)."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdecimal() else None


def _unanswered(source: WebFile, error: BaseException) -> ServiceUnavailableError:
    reason = str(error) if type(error).__name__ == "HTTPError" else type(error).__name__
    return ServiceUnavailableError(
        f"{source.address} did not answer ({reason}): check the network and pull again; what was downloaded is kept"
    )


def read_json(address: str) -> Any:
    """Return the JSON document at an address. Raises FileMissingError or ServiceUnavailableError."""
    source = WebFile(address=address)
    with _session() as session, _answer(session, source, {"Accept": "application/json"}) as response:
        try:
            return response.json()
        except ValueError as error:
            raise ServiceUnavailableError(f"{address} did not answer with JSON: check the address") from error
