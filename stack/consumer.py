"""The consumer of the stack: receives callbacks, verifies their signatures, prints them and lists them.

``python -m stack.consumer`` is the one of compose.yaml's profile ``local``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dub_assets.service.callbacks.webhook import delivery_headers
from stack.places import Places


class Consumer(ThreadingHTTPServer):
    """Receives callbacks by POST; ``GET /`` lists the received callbacks, each once."""

    daemon_threads = True

    def __init__(self, port: int, secret: str, *, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self._secret = secret
        self._lock = threading.Lock()
        self._received: dict[str, Any] = {}

    def listing(self) -> bytes:
        """Return the received bodies in order."""
        with self._lock:
            return json.dumps(list(self._received.values())).encode()

    def take(self, body: bytes, headers: Any) -> int:
        """Receive a callback. Return the status to answer: 401 if it is not signed with the stack's secret."""
        identity, timestamp = headers.get("webhook-id", ""), int(headers.get("webhook-timestamp", 0))
        wanted = delivery_headers(self._secret, webhook_id=identity, timestamp_s=timestamp, body=body)
        if headers.get("webhook-signature") != wanted["webhook-signature"]:
            return 401
        with self._lock:
            again = identity in self._received
            self._received[identity] = json.loads(body)
        sys.stdout.write(_line(json.loads(body), again=again))
        sys.stdout.flush()
        return 204


class _Handler(BaseHTTPRequestHandler):
    server: Consumer

    def do_POST(self) -> None:
        """Answer a callback."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(self.server.take(body, self.headers))

    def do_GET(self) -> None:
        """Answer with the list of all callbacks."""
        self._answer(200, self.server.listing())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: callbacks are printed."""


def _line(body: dict[str, Any], *, again: bool) -> str:
    told = body["metadata"]
    more = body.get("error") or body.get("result_key") or ""
    repeated = " (again)" if again else ""
    clock = time.strftime("%H:%M:%S")
    return f"{clock}  callback  {told['job_id']:<10} {body['status']:<12} {told['stage']}{repeated}  {more}\n"


def main() -> None:
    """Receive on all addresses of this machine or container."""
    secret = os.environ.get("JOB_CALLBACK_SECRET")
    if not secret:
        raise SystemExit("JOB_CALLBACK_SECRET is not set: the callbacks' signatures could not be checked")
    with Consumer(Places().consumer_port, secret, host="0.0.0.0") as server:  # noqa: S104
        server.serve_forever()


if __name__ == "__main__":
    main()
