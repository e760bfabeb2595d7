"""``dub-assets settings``: every setting with its default and meaning."""

from __future__ import annotations

import os
import sys

from rich.table import Table

from dub_assets.cli.terminal import PlainConsole
from dub_assets.settings import documented_variables, settings_from


def show_settings(*, markdown: bool) -> None:
    """Print all settings. Raises ConfigurationError if those of the environment cannot be read."""
    settings_from(os.environ)
    if markdown:
        for variable, default, meaning in documented_variables():
            sys.stdout.write(f"| `{variable}` | {default} | {meaning} |\n")
        return
    table = Table("variable", "default", "meaning", box=None)
    for row in documented_variables():
        table.add_row(*row)
    PlainConsole().print(table)
