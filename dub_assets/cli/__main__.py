"""``python -m dub_assets.cli``."""

from dub_assets.cli.app import main

main()
