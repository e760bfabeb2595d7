"""The progress of a pull: a bar a file on a terminal, plain lines elsewhere; all of it on standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from dub_assets.cli.terminal import PlainConsole, write_line
from dub_assets.core.printable import printable
from dub_assets.engines.models.pull import PullProgress

_MIB = 1024 * 1024
_LINE_EVERY = 0.25
"""Share of a large file after which a plain line shows its progress."""

_LARGE_BYTES = 16 * _MIB


class PullDisplay:
    """Shows the progress of files between entering and leaving. This base class shows nothing."""

    def report(self, progress: PullProgress) -> None:
        """Show how much of a file is there."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


def pull_display() -> PullDisplay:
    """Return bars on a terminal, plain lines elsewhere."""
    return _Bars() if sys.stderr.isatty() else _Lines()


def shown_size(size: int | None) -> str:
    """Return a size for display, in MiB or bytes."""
    if size is None:
        return "unknown"
    return f"{size / _MIB:,.1f} MiB" if size >= _MIB / 10 else f"{size:,} bytes"


class _Lines(PullDisplay):
    """Prints a line when a file begins, and one at each quarter of a large file."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], float] = {}

    def report(self, progress: PullProgress) -> None:
        key = progress.model.pin, progress.file.name
        if key not in self._shown:
            kept = f", {shown_size(progress.done)} of it from an earlier pull" if progress.done else ""
            self._say(progress, f"{shown_size(progress.total)}{kept}")
            self._shown[key] = _share(progress)
        elif (progress.total or 0) >= _LARGE_BYTES and _share(progress) >= self._shown[key] + _LINE_EVERY:
            self._say(progress, f"{_share(progress):.0%}")
            self._shown[key] = _share(progress)

    def _say(self, progress: PullProgress, text: str) -> None:
        write_line(f"{_title(progress)}: {text}", sys.stderr)


def _title(progress: PullProgress) -> str:
    model = progress.model
    return printable(f"{model.home if model.on_hub else model.name}: {progress.file.name}")


def _share(progress: PullProgress) -> float:
    return progress.done / progress.total if progress.total else 0.0


class _Bars(PullDisplay):
    """Shows a bar a file, with size, speed and the time left."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=PlainConsole(stderr=True),
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def report(self, progress: PullProgress) -> None:
        key = progress.model.pin, progress.file.name
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(_title(progress), total=progress.total)
        self._progress.update(self._tasks[key], completed=progress.done, total=progress.total)
