"""Functions that read media files in a child process, with limits of time and memory.

A damaged or hostile file can make a demuxer compute for hours, reserve gigabytes or crash. The limits end the child;
the caller gets a MediaError. They grow with the file, and the child ends itself even if its parent was killed.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from dub_assets.core.errors import DubError, MediaError, TransientError

P = ParamSpec("P")
T = TypeVar("T")

_MIB = 2**20
_MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLimits:
    """CPU time, wall time, and memory (beyond that of the started interpreter; not enforced by macOS) of a process."""

    cpu_s: int
    wall_s: int
    memory_bytes: int

    @classmethod
    def of_reading(cls, path: Path) -> Self:
        """Return the limits of one pass over a file, which no ordinary file comes near.

        Indexes take memory in proportion to the file. A disk or network gives at least 2 MiB a second.
        """
        size = path.stat().st_size if path.is_file() else 0
        return cls(
            cpu_s=10 + size // (20 * _MIB), wall_s=60 + size // (2 * _MIB), memory_bytes=1536 * _MIB + min(size, 2**32)
        )

    def apply(self) -> None:
        """Apply the limits to this process. The kernel ends it at the limits of time, with SIGXCPU or SIGALRM."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _set_soft(resource.RLIMIT_CPU, self.cpu_s)
        signal.setitimer(signal.ITIMER_REAL, self.wall_s)
        with contextlib.suppress(OSError, ValueError):  # macOS has no /proc, and no limit of memory
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            _set_soft(resource.RLIMIT_AS, pages * resource.getpagesize() + self.memory_bytes)


def _set_soft(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def contained(
    path: Path, limits: ProcessLimits, function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs
) -> T:
    """Call a function that reads ``path`` in a child process; return its value, or raise its DubError.

    The function is one of a module, and arguments and value can be pickled. Raises MediaError if the child exceeds a
    limit, crashes, or raises anything else.
    """
    done = subprocess.run(
        # -P: modules in the current folder are not imported
        [sys.executable, "-P", "-m", __name__],
        input=pickle.dumps((limits, function, arguments, options)),
        capture_output=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # every thread reserves memory
    )
    if done.returncode:
        raise _ended(path, limits, done.returncode, done.stderr.decode(errors="replace"))
    outcome, value = pickle.loads(done.stdout)  # noqa: S301  # written by this module
    if outcome == "value":
        return value  # type: ignore[no-any-return]
    if outcome == "error":
        raise value
    raise MediaError(f"{path.name} cannot be read ({value}): convert it, or give another file")


def _ended(path: Path, limits: ProcessLimits, code: int, log: str) -> Exception:
    """Return the error of a child that ended without an outcome."""
    if code > 0:
        return RuntimeError(f"the process that reads media files cannot be started: {log.strip()[-2000:]}")
    seconds = {signal.SIGXCPU: limits.cpu_s, signal.SIGALRM: limits.wall_s}.get(signal.Signals(-code))
    if seconds is not None:
        return MediaError(
            f"{path.name} takes more than {seconds} s to read, far more than its size explains: "
            "it is damaged or made to do so; convert it, or give another file"
        )
    if -code == signal.SIGKILL:
        return TransientError(f"the process that reads {path.name} was killed: check the free memory")
    return MediaError(f"{path.name} cannot be read: the reader ended by {signal.Signals(-code).name}; convert the file")


def _outcome(function: Callable[..., object], arguments: tuple[object, ...], options: dict[str, object]) -> object:
    try:
        return "value", function(*arguments, **options)
    except DubError as error:
        return "error", error
    except MemoryError:
        return "refused", "it asks for far more memory than its size explains"
    except Exception as error:  # noqa: BLE001  # whatever a hostile file provokes
        return "refused", f"{type(error).__name__}: {' '.join(str(error).split())}"[:_MAX_REASON_CHARACTERS]


def main() -> None:
    """Read a call from stdin and write its outcome to stdout."""
    result = os.dup(1)
    os.dup2(2, 1)  # libraries print to stderr
    limits, function, arguments, options = pickle.load(sys.stdin.buffer)  # noqa: S301  # the parent wrote it
    limits.apply()
    content = pickle.dumps(_outcome(function, arguments, options))
    with os.fdopen(result, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
