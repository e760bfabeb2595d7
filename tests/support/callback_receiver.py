"""The consumer of callbacks: a real HTTP server that answers 422 to what the consumer would refuse.

How else it should answer is planned per request.
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
    """An answer other than the consumer's own."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """No answer until the receiver closes."""


@dataclass(frozen=True, kw_only=True)
class Drip:
    """``beginning`` at once, then a byte of ``drop`` after every ``pause_s`` until somebody hangs up."""

    beginning: bytes
    drop: bytes = b"x"
    pause_s: float = 0.02


@dataclass(frozen=True, kw_only=True)
class Reset:
    """The connection is reset once the request has been read."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """These bytes for an answer, whatever they are."""

    content: bytes


Behaviour = Answer | Silence | Drip | Reset | Raw


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request that arrived, and what was answered to it; None where nothing was, or not by the rules."""

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
    """The server. ``plan`` holds the behaviour of the next requests; after that it behaves as the consumer does."""

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
        """``metadata.stage`` of the callbacks that were received with 2xx, in the order of their arrival."""
        taken = [one for one in self.received if one.answered is not None and 200 <= one.answered < 300]
        return [one.json["metadata"]["stage"] for one in taken]

    def next_behaviour(self) -> Behaviour | None:
        with self._lock:
            return self.plan.popleft() if self.plan else None

    def judge(self, body: bytes) -> str | None:
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
        """Callers that hang up, or do not like the certificate, are no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            if not getattr(self, "raw_requestline", b""):  # the caller did not wait for its request to be read
                self.server.receiver.hung_up.set()

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behaviour = receiver.next_behaviour()
        fault = receiver.judge(body) if behaviour is None else None
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
        """Nothing: tests read ``received``."""


def _consumers_answer(fault: str | None) -> Answer:
    if fault is None:
        return Answer(status=204)
    return Answer(status=422, body=json.dumps({"detail": fault}).encode())
