"""The command line: the same jobs as in Dagster, no logic of its own."""

from __future__ import annotations

import sys

from dub_assets.cli.interruptions import Interruptions


def main() -> None:
    """Run a command; a signal ends it in order, during imports too."""
    command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with Interruptions(command) as interruptions:
        try:
            from dub_assets.cli.app import main as run  # noqa: PLC0415 - hundreds of milliseconds

            run()
        except BaseException:  # what fails because of the interruption is not reported
            if interruptions.received is not None:
                interruptions.end()
            raise
        if interruptions.received is not None:
            interruptions.end()


__all__ = ["main"]
