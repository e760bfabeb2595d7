"""The progress of a run: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import IO, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from dub_assets.cli.interruptions import current as current_interruptions
from dub_assets.cli.terminal import PlainConsole, real_stderr, write_line

_UNITS = {"transcript": "chunks", "translation": "lines", "tts_segments": "lines", "segment_mixes": "lines"}
_IN_SECONDS = {"stems", "final_video"}
_STARTING = "starting"
_PREPARING = {
    _STARTING: "loading Dagster",
    "stems": "reading the video",
    "transcript": "loading recogniser",
    "translation": "loading translator",
    "tts_segments": "loading voices",
    "segment_tts": "loading voices",
    "segment_mixes": "reading stems",
    "final_video": "reading mixes",
    "quality": "measuring",
    "report": "drawing",
}
"""What a stage does before it reports an amount, in at most 18 letters, which fit a terminal of 40 columns."""

_BAR_COLUMNS = 32
_LEAST_BAR_COLUMNS = 8
_FIGURES_COLUMNS = 48
"""Width of the other columns at most: a stage, 1:02:00/1:30:00, and the time elapsed."""
_SHOW_CURSOR = "\x1b[?25h\n"


class Display:
    """Shows the progress of a run between entering and leaving. This base class shows nothing."""

    def begin(self, stage: str) -> None:
        """Show that a stage begins: it loads its models, or finds that nothing changed."""

    def report(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units of a stage are finished."""

    def end(self, stage: str, *, failed: bool) -> None:
        """Show that a stage has ended."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


def display_for(*, quiet: bool) -> Display:
    """Return bars on a terminal, plain lines elsewhere, nothing if quiet; all of it on standard error."""
    if quiet:
        return Display()
    stream = real_stderr()
    console = PlainConsole(file=stream)
    return _Bars(console) if stream.isatty() and not console.is_dumb_terminal else _Lines(stream)


class _Lines(Display):
    """Prints a line when a stage begins, when its amount is known and when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun: dict[str, float] = {}
        self._totals: dict[str, int] = {}
        self._ended: set[str] = set()

    def begin(self, stage: str) -> None:
        if stage not in self._begun:
            self._begun[stage] = time.monotonic()
            write_line(f"{stage}: begins", self._stream)

    def report(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002 - one line a stage, not one a unit
        self.begin(stage)
        if stage not in self._totals:
            write_line(f"{stage}: {_amount(stage, total)}", self._stream)
        self._totals[stage] = total

    def end(self, stage: str, *, failed: bool) -> None:
        if stage not in self._begun or stage in self._ended:
            return
        self._ended.add(stage)
        elapsed_s = time.monotonic() - self._begun[stage]
        write_line(f"{stage}: {'failed' if failed else 'done'} after {elapsed_s:.1f} s", self._stream)


class _Bars(Display):
    """Shows a line a stage: a bar, the amount done, and the time elapsed."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=14)),
            _Bar(console),
            _Amount(table_column=Column(no_wrap=True, justify="right")),
            _Elapsed(table_column=Column(no_wrap=True, justify="right")),
            console=console,
            redirect_stdout=False,  # descriptors 1 and 2 are muted, and Dagster captures these streams
            redirect_stderr=False,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if interruptions := current_interruptions():
            stream = self._progress.console.file
            interruptions.before_exit(lambda: _show_cursor(stream) if self._progress.live.is_started else None)
        self._starting = self._progress.add_task(_STARTING, total=None, state="preparing")
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._progress.tasks:
            if task.stop_time is None:
                self._progress.stop_task(task.id)
        self._progress.update(self._starting, visible=False)
        self._progress.stop()

    def begin(self, stage: str) -> None:
        if stage not in self._tasks:
            self._progress.update(self._starting, visible=False)
            self._tasks[stage] = self._progress.add_task(stage, total=None, state="preparing")

    def report(self, stage: str, done: int, total: int) -> None:
        self.begin(stage)
        self._progress.update(self._tasks[stage], completed=done, total=total, state="working")

    def end(self, stage: str, *, failed: bool) -> None:
        if stage not in self._tasks:
            return
        task = self._tasks[stage]
        self._progress.stop_task(task)
        if failed:
            self._progress.update(task, state="failed")
            return
        total = next(known.total for known in self._progress.tasks if known.id == task)
        if total is None:
            self._progress.update(task, state="done")
        self._progress.update(task, completed=total or 1, total=total or 1)


class _Bar(BarColumn):
    """A bar that leaves room for the other columns on a narrow terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: Task) -> Text | object:  # type: ignore[override]
        room = self._console.width - _FIGURES_COLUMNS
        if room < _LEAST_BAR_COLUMNS:
            return Text("")
        self.bar_width = min(room, _BAR_COLUMNS)
        return super().render(task)


class _Amount(ProgressColumn):
    """The amount done in the stage's unit, or what the stage does before it reports one."""

    max_refresh = 0.1

    def render(self, task: Task) -> Text:
        state = task.fields["state"]
        if state == "failed":
            return Text("failed")
        if task.total is None:
            return Text(_PREPARING.get(task.description, "working"))
        if state == "done":
            return Text("done")
        return Text(f"{_number(task.description, int(task.completed))}/{_amount(task.description, int(task.total))}")


class _Elapsed(ProgressColumn):
    """The time since the stage began."""

    def render(self, task: Task) -> Text:
        return Text(_clock(int(task.elapsed or 0)))


def _number(stage: str, units: int) -> str:
    return _clock(units) if stage in _IN_SECONDS else str(units)


def _amount(stage: str, units: int) -> str:
    """Return an amount in the stage's unit: a time, or a count of lines."""
    return _clock(units) if stage in _IN_SECONDS else f"{units} {_UNITS.get(stage, 'lines')}"


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _show_cursor(stream: IO[str]) -> None:
    stream.write(_SHOW_CURSOR)
    stream.flush()
