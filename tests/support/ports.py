"""Ports of this machine for what is started and ended in tests."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has.

    It is none of those that the system itself gives away: a connection that goes out, or a server that asks for any
    port, would take it before it is listened at, or while whoever listens there is restarted.
    """
    given_away = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else 32_768
    chance = random.SystemRandom()
    for _ in range(1000):
        port = chance.randrange(_LOWEST, given_away) if given_away > 2 * _LOWEST else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody has it
            found: int = probe.getsockname()[1]
            return found
    raise AssertionError("no port is free")


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens at, nor can for as long as the block lasts: connections to it are refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
