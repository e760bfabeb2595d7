"""An HTTP server on a local port that answers as a test plans and records the requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ServerRequest:
    """A request: its path, headers by lower-case name, and the JSON of its body."""

    path: str
    headers: Mapping[str, str]
    document: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to a request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any, **more: Any) -> Answer:
        return cls(body=json.dumps(document).encode(), **more)


@dataclass(kw_only=True)
class Server:
    """A running server. ``first`` are the answers to the first requests, ``answer`` returns the later ones."""

    url: str
    answer: Callable[[ServerRequest], Answer]
    first: list[Answer] = field(default_factory=list)
    asked: list[ServerRequest] = field(default_factory=list)


@contextmanager
def answering(answer: Callable[[ServerRequest], Answer]) -> Iterator[Server]:
    """Run a server until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.state = Server(url=f"http://127.0.0.1:{server.server_address[1]}", answer=answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = ServerRequest(path=self.path, headers=headers, document=json.loads(body))
        state.asked.append(asked)
        answer = state.first.pop(0) if state.first else state.answer(asked)
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_arguments: Any) -> None:
        pass
