"""Output to the terminal: escaped text, and a standard error that Dagster does not capture."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO

from rich.console import Console, ConsoleDimensions
from rich.text import Text

from dub_assets.core.printable import printable

_LEAST_COLUMNS = 10


class PlainConsole(Console):
    """A console that prints strings as they are: no markup, no emoji codes, control characters escaped."""

    def __init__(self, file: TextIO | None = None, *, stderr: bool = False) -> None:
        super().__init__(file=file, stderr=stderr, markup=False, emoji=False, highlight=False)

    @property
    def size(self) -> ConsoleDimensions:
        """The present size of the terminal that this console writes to."""
        try:
            columns, lines = os.get_terminal_size(self.file.fileno())
        except (AttributeError, OSError, ValueError):
            return super().size
        if "COLUMNS" in os.environ or columns < _LEAST_COLUMNS:
            return super().size
        return ConsoleDimensions(columns, lines)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render_str(self, text: str, **options: Any) -> Text:
        """Escape the text of a string that is printed or shown in a table."""
        return super().render_str(printable(text), **options)


def write_line(text: str, file: TextIO | None = None) -> None:
    """Write a line at once, to standard output unless ``file`` is given."""
    stream = file or sys.stdout
    stream.write(printable(text) + "\n")
    stream.flush()


def write_json(value: Any) -> None:
    """Write a JSON document to standard output, without control characters other than line breaks."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write("".join(_json_escape(character) for character in text) + "\n")
    sys.stdout.flush()


def _json_escape(character: str) -> str:
    if character == "\n" or printable(character) == character:
        return character
    return json.dumps(character)[1:-1]


def real_stderr() -> TextIO:
    """Return standard error on a descriptor of its own, which stays the terminal when descriptor 2 is redirected."""
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # replaced by an object in memory, or closed
        return sys.stderr
    return open(descriptor, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")  # noqa: PTH123


@contextmanager
def muted_descriptors() -> Iterator[None]:
    """Discard what is written to descriptors 1 and 2, by libraries and by Dagster's copies of a step's output.

    Only ``real_stderr`` then reaches the terminal, and standard output has the result only. Dagster still captures a
    step's output into the run's compute logs.
    """
    with ExitStack() as stack:
        for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            stack.enter_context(_muted(descriptor))
            stack.callback(stream.flush)
        yield


@contextmanager
def _muted(descriptor: int) -> Iterator[None]:
    try:
        kept = os.dup(descriptor)
    except OSError:  # closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
