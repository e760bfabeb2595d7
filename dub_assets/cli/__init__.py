"""The command line: the same jobs as in Dagster, no logic of its own."""

from dub_assets.cli.app import main

__all__ = ["main"]
