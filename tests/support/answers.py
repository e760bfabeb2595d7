"""A server that gives every request the same bytes for an answer: what no well-behaved server can be made to send."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(reply: bytes | None) -> Iterator[str]:
    """The address of a server that answers ``reply`` to everything, or holds its tongue where there is none."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if reply is None:
                over.wait()
            elif _request_is_read(self.request):
                self.request.sendall(reply)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()


def _request_is_read(connection) -> bool:
    """Read a request's head and as much of its body as it announces; only then is an answer heard."""
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(65536)
        if not block:
            return False
        received += block
    head, _, body = received.partition(b"\r\n\r\n")
    announced = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    missing = int(announced.partition(b":")[2]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536)) or missing
    return True
