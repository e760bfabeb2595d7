"""Points at which a process can be made to kill itself with SIGKILL: before and after every step of a message's way.

A point is armed by writing its name into a file. The first process to reach it takes the file away and is gone.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

Condition = Callable[[tuple[Any, ...], Any], bool]


def armed_file() -> Path:
    return Path(os.environ["FAULTS"]) / "armed"


def reached(point: str) -> None:
    """Die, if this is the point that is armed."""
    file = armed_file()
    try:
        if file.read_text(encoding="utf-8") == point:
            file.rename(file.with_name(f"taken.{os.getpid()}"))
            os.kill(os.getpid(), signal.SIGKILL)
    except FileNotFoundError:
        pass  # nothing is armed, or another process was quicker


def killable(owner: Any, name: str, point: str, *, before: Condition | None = None, after: Condition) -> None:
    """Put ``point.before`` and ``point.after`` around a method; the conditions say which calls count."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before is not None and before(args, None):
            reached(f"{point}.before")
        result = method(*args, **kwargs)
        if after(args, result):
            reached(f"{point}.after")
        return result

    setattr(owner, name, wrapped)


def always(args: tuple[Any, ...], result: Any) -> bool:
    return True
