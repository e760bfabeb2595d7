"""What a test says hangs on the code alone: not on a clock or on chance, nor on whose shell it runs in.

Property tests run the same examples everywhere; ``pytest --hypothesis-profile default`` looks at others.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dub_assets.settings import documented_variables

pytest_plugins = ["support.aws_server", "support.dagster_jobs", "support.stage_fixtures"]

_OTHERS = {"DAGSTER_HOME", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"}
_FAMILIES = ("AWS_", "HF_", "HUGGINGFACE_")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --ffmpeg, with which the media tests run on another program than the packaged one."""
    parser.addoption("--ffmpeg", help="ffmpeg that the product runs, as DUB_ASSETS_FFMPEG names it")


def pytest_configure(config: pytest.Config) -> None:
    """Take a cache of the checkout's own, and Hypothesis's own profile for continuous integration where it is there."""
    _forget_the_shell()
    if ffmpeg := config.getoption("--ffmpeg"):
        os.environ["DUB_ASSETS_FFMPEG"] = str(config.invocation_params.dir / ffmpeg)
    os.environ["DUB_ASSETS_CACHE"] = str(config.rootpath / Path("build", "cache"))
    if config.pluginmanager.hasplugin("hypothesispytest") and not config.getoption("--hypothesis-profile"):
        from hypothesis import settings

        settings.load_profile("ci")


def _forget_the_shell() -> None:
    """What the service and its libraries would read there is not for tests."""
    ours = {variable for variable, _, _ in documented_variables()} | _OTHERS
    for name in list(os.environ):
        if name.upper() in ours or name.startswith(_FAMILIES):
            del os.environ[name]
