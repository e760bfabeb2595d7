"""A model hub and a web folder on a local port, which serve files from dictionaries."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass(kw_only=True)
class Hub:
    """What the server has: files by (repository, commit, name), commits by (repository, tag), web files by path.

    ``gated`` lists the tokens that may read a repository; repositories that it does not name are public. ``cuts`` are
    the lengths after which the next responses at a path break off, in order. ``headers`` are added to the responses at
    a path; an empty value removes a header. ``ranges`` says whether range requests are supported.
    ``statuses_after_cut`` are the statuses of a path after one of its responses broke off.
    """

    url: str
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    web: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    gated: dict[str, set[str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    statuses_after_cut: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    ranges: bool = True

    def commit(self, repository: str, revision: str) -> str:
        return self.tags.get((repository, revision), revision)


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Run a hub inside the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.hub = Hub(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reachable(hub: Hub, monkeypatch: pytest.MonkeyPatch, *, token_file: Path) -> None:
    """Point the hub's client of this process to this hub, without a token other than HF_TOKEN."""
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    for module in (constants, file_download):  # older clients have the name in both
        monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(token_file))
    monkeypatch.delenv("HF_TOKEN", raising=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_arguments) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        hub, path = self.server.hub, self.path.split("?")[0]
        asked = " ".join(filter(None, [self.command, path, self.headers.get("Range")]))
        hub.requests.append(asked)
        parts = path.strip("/").split("/")
        if path in hub.statuses:
            self._send(hub.statuses[path], b"", {}, body=body)
        elif path.lstrip("/") in hub.web:
            content = hub.web[path.lstrip("/")]
            self._send_object(content, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'}, body=body)
        elif parts[:2] == ["api", "models"]:
            repository, revision = "/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main"
            answer = {"id": repository, "modelId": repository, "sha": hub.commit(repository, revision), "siblings": []}
            self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, body=body)
        elif len(parts) > 4 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]), body=body)
        else:
            self._send(404, b"", {}, body=body)

    def _resolve(self, repository: str, revision: str, name: str, *, body: bool) -> None:
        hub = self.server.hub
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in hub.gated.get(repository, {token}):
            self._send(403 if token else 401, b"", {"X-Error-Code": "GatedRepo"}, body=body)
            return
        commit = hub.commit(repository, revision)
        content = hub.files.get((repository, commit, name))
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, body=body)
            return
        digest = hashlib.sha256(content).hexdigest()
        headers = {"X-Repo-Commit": commit, "ETag": f'"{digest}"', "X-Linked-Etag": f'"{digest}"'}
        self._send_object(content, headers, body=body)

    def _send_object(self, content: bytes, headers: Mapping[str, str], *, body: bool) -> None:
        """Send a stored object, or the requested range if the client's validator matches."""
        hub = self.server.hub
        headers = {"Accept-Ranges": "bytes", **headers, **hub.headers.get(self.path.split("?")[0], {})}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        current = self.headers.get("If-Range") in {None, headers.get("ETag"), headers.get("Last-Modified")}
        if not (hub.ranges and wanted and current):
            self._send(200, content, headers, body=body)
        elif (start := int(wanted[1])) >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"}, body=body)
        else:
            span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self._send(206, content[start:], headers | span, body=body)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        hub, path = self.server.hub, self.path.split("?")[0]
        if body and content and (cuts := hub.cuts.get(path)):
            if path in hub.statuses_after_cut:
                hub.statuses[path] = hub.statuses_after_cut[path]
            self.wfile.write(content[: cuts.pop(0)])
            self.close_connection = True
        elif body:
            self.wfile.write(content)
