"""Functions that tests call in a child process with limits."""

import ctypes
import os
import time


def computes_for_ever() -> None:
    """Compute without end."""
    while True:
        pass


def waits_for_ever() -> None:
    """Wait for ten minutes."""
    time.sleep(600)


def takes_memory() -> int:
    """Reserve 2 GiB."""
    return len(bytearray(2**31))


def crashes() -> None:
    """Read from address 0."""
    ctypes.string_at(0)


def fails(error: Exception) -> None:
    """Raise an error."""
    raise error


def prints() -> str:
    """Print by the file descriptor and by Python."""
    os.write(1, b"noise")
    print("noise")
    return "value"
