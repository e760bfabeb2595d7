"""``python -m dub_assets.cli``."""

from dub_assets.cli import main

main()
