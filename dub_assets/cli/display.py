"""Showing a run on a terminal, or as plain lines where there is none."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_UNITS = {"stems": "s", "final_video": "s", "transcript": "chunks", "translation": "lines"}


class Display(Protocol):
    """Hears how far a run is, between entering and leaving."""

    def report(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` units of a stage are made."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...


def display_for(*, quiet: bool) -> Display:
    """Bars on a terminal, plain lines elsewhere, nothing when quiet; all of it on standard error."""
    if quiet:
        return _Nothing()
    return _Bars() if sys.stderr.isatty() else _Lines()


class _Nothing:
    def report(self, stage: str, done: int, total: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Lines(_Nothing):
    """One line when a stage begins to report and one when it is done."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._ended: set[str] = set()

    def report(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage not in self._begun:
            self._begun[stage] = now
            self._say(f"{stage}: {total} {_UNITS.get(stage, 'segments')}")
        if done >= total and stage not in self._ended:
            self._ended.add(stage)
            self._say(f"{stage}: done after {now - self._begun[stage]:.1f} s")

    def _say(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class _Bars(_Nothing):
    """A bar a stage: how much is done, and the time left."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(bar_width=32),
            TaskProgressColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f} {task.fields[unit]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def report(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            unit = _UNITS.get(stage, "segments")
            self._tasks[stage] = self._progress.add_task(stage, total=total, unit=unit)
        self._progress.update(self._tasks[stage], completed=done, total=total)
