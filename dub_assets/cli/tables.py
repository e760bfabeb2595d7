"""Tables that fit a terminal, and are never cut in a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from dub_assets.cli.terminal import PlainConsole, write_line


def print_table(table: Table) -> None:
    """Print a table without cutting names and ids.

    On a terminal other columns wrap. Elsewhere, or if the terminal is still too narrow, the table is as wide as its
    content and nothing wraps.
    """
    console = PlainConsole()
    unlimited = console.options.update(width=_UNLIMITED, max_width=_UNLIMITED)
    needed = console.measure(table, options=unlimited)
    if console.is_terminal and needed.minimum <= console.width:
        console.print(table)
        return
    wide = console.options.update(width=needed.maximum, max_width=needed.maximum)
    for line in console.render_lines(table, wide):
        write_line("".join(segment.text for segment in line).rstrip())


def new_table(columns: Sequence[str], *, whole: Sequence[str]) -> Table:
    """Return a table whose columns ``whole`` are never cut or wrapped, such as ids, which people copy."""
    table = Table(box=None)
    for column in columns:
        table.add_column(column, no_wrap=column in whole, overflow="ignore" if column in whole else "fold")
    return table


_UNLIMITED = 100_000
