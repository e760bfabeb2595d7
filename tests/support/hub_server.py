"""A model hub and a folder of the web on a local port: what their clients ask, answered from a dictionary."""

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
    """Files by (repository, commit, name), commits by (repository, tag), files of the web by path.

    ``gated`` are the tokens whose accounts may read a repository, by repository; all others are free to read.
    ``cuts`` are the lengths after which the next answers at a path break off, in order; ``headers`` are added to the
    answers at a path, an empty value takes a header away. ``ranges`` is whether partial answers are given.
    ``statuses_after_cut`` are what a path answers with once its answer broke off.
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
    """A hub that ends with the block."""
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
    """Let the hub's client in this process ask this hub, with no token but the one that HF_TOKEN will hold."""
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
        """A stored object: whole, or the part asked for if it is still the object that the client knows."""
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
