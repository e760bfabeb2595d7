"""A consumer of callbacks: an HTTP server that answers 422 to bodies that the consumer would refuse.

Tests can plan other answers for the next requests.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from support.callback_schema import consumer_fault
from support.published_schemas import callback_fault


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer with this status, whatever the body of the request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """No answer until the receiver closes."""


@dataclass(frozen=True, kw_only=True)
class Drip:
    """``beginning`` at once, then ``drop`` after each ``pause_s`` until the client hangs up."""

    beginning: bytes
    drop: bytes = b"x"
    pause_s: float = 0.02


@dataclass(frozen=True, kw_only=True)
class Reset:
    """A reset of the connection after the request is read."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """These bytes as the answer."""

    content: bytes


Behaviour = Answer | Silence | Drip | Reset | Raw


@dataclass(frozen=True, kw_only=True)
class Received:
    """A received request. ``answered`` is the status of the answer, None if there was none or no valid one."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    answered: int | None
    fault: str | None

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


class CallbackReceiver:
    """The server. ``plan`` has the answers to the next requests; after those it answers as the consumer does."""

    def __init__(self, *plan: Behaviour, validate: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.plan: deque[Behaviour] = deque(plan)
        self.received: list[Received] = []
        self.hung_up = threading.Event()
        self.closing = threading.Event()
        self._validate = validate
        self._scheme = "https" if tls else "http"
        self._lock = threading.Lock()
        self._server = _Server(self)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str = "/callbacks/{job_id}", *, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    @property
    def stages(self) -> list[str]:
        """``metadata.stage`` of the acknowledged callbacks, in the order of their arrival."""
        acknowledged = [request for request in self.received if 200 <= (request.answered or 0) < 300]
        return [request.json["metadata"]["stage"] for request in acknowledged]

    def next_behaviour(self) -> Behaviour | None:
        with self._lock:
            return self.plan.popleft() if self.plan else None

    def fault_of(self, body: bytes) -> str | None:
        return consumer_fault(body) or callback_fault(body) if self._validate else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, receiver: CallbackReceiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up or refuse the certificate."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            if not getattr(self, "raw_requestline", b""):  # the client did not wait for its request to be read
                self.server.receiver.hung_up.set()

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behaviour = receiver.next_behaviour()
        fault = receiver.fault_of(body) if behaviour is None else None
        answer = behaviour or _consumers_answer(fault)
        receiver.received.append(
            Received(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                answered=answer.status if isinstance(answer, Answer) else None,
                fault=fault,
            )
        )
        self._behave(answer)

    do_GET = do_POST  # noqa: N815  # http.server's name; a redirect may turn a POST into a GET

    def _behave(self, behaviour: Behaviour) -> None:
        receiver = self.server.receiver
        self.close_connection = True
        match behaviour:
            case Answer(status=status, headers=headers, body=body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            case Raw(content=content):
                self.wfile.write(content)
            case Silence():
                receiver.closing.wait()
            case Reset():
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            case Drip(beginning=beginning, drop=drop, pause_s=pause_s):
                self._drip(beginning, drop, pause_s)

    def _drip(self, beginning: bytes, drop: bytes, pause_s: float) -> None:
        try:
            self.wfile.write(beginning)
            while not self.server.receiver.closing.wait(pause_s):
                self.wfile.write(drop)
        except OSError:
            self.server.receiver.hung_up.set()

    def log_message(self, *_: object) -> None:
        """Log nothing: tests read ``received``."""


def _consumers_answer(fault: str | None) -> Answer:
    if fault is None:
        return Answer(status=204)
    return Answer(status=422, body=json.dumps({"detail": fault}).encode())
