"""Free and closed ports for servers that tests start and stop."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a free port of 127.0.0.1 outside the range of ephemeral ports.

    An ephemeral port could be taken by an outgoing connection before the server listens, or while it restarts.
    """
    ephemeral_from = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else 32_768
    chance = random.SystemRandom()
    for _ in range(1000):
        port = chance.randrange(_LOWEST, ephemeral_from) if ephemeral_from > 2 * _LOWEST else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # taken
            found: int = probe.getsockname()[1]
            return found
    raise AssertionError("no port is free")


@contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port that refuses connections, and that no server can listen at in the block."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
