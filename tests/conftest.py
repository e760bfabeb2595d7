"""Property tests run the same examples everywhere, and no clock judges them: the machine may be slow.

``pytest --hypothesis-profile default`` looks at other examples.
"""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Take Hypothesis's own profile for continuous integration, where Hypothesis is installed."""
    if config.pluginmanager.hasplugin("hypothesispytest") and not config.getoption("--hypothesis-profile"):
        from hypothesis import settings

        settings.load_profile("ci")
