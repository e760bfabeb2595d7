"""Drives a headless Chromium."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The size and the colour scheme of a screen."""

    name: str
    width: int
    height: int
    dark: bool = False
    phone: bool = False


class Page:
    """A page in a browser. Calling it runs a script in the page."""

    def __init__(self, driver: webdriver.Chrome, screen: Screen) -> None:
        self.driver = driver
        self.screen = screen

    def __call__(self, script: str, *arguments: object) -> Any:
        """Run a script and return its result."""
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, element: WebElement) -> None:
        """Scroll an element to the middle of the window and click it."""
        self("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def wait(self, condition: Callable[[], Any], description: str) -> Any:
        """Return the first true value of a condition. Fail after ``_TIMEOUT_S``."""
        until = time.monotonic() + _TIMEOUT_S
        while not (value := condition()):
            assert time.monotonic() < until, f"{description}: not within {_TIMEOUT_S} s"
            time.sleep(0.05)
        return value

    def is_drawn(self) -> bool:
        """Return True if a report has drawn its images."""
        return bool(self("return 'ready' in document.documentElement.dataset"))

    def console_errors(self) -> list[str]:
        """Return the warnings and errors of the browser's console."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def save_screenshot(self, target: Path) -> None:
        """Save a screenshot."""
        target.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(target))


@contextmanager
def browser(screen: Screen, profile: Path) -> Iterator[Page]:
    """Yield a browser with an empty page."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium")
    for switch in (*_SWITCHES, f"--user-data-dir={profile}", f"--window-size={screen.width},{screen.height}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(_program("chromedriver")))
    try:
        scale = 2 if screen.phone else 1
        metrics = {"width": screen.width, "height": screen.height, "deviceScaleFactor": scale, "mobile": screen.phone}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        yield Page(driver, screen)
    finally:
        driver.quit()


@contextmanager
def opened(file: Path, screen: Screen, profile: Path) -> Iterator[Page]:
    """Yield a report that was opened from disk, after it has drawn its images."""
    with browser(screen, profile) as page:
        page.driver.get(file.as_uri())
        page.wait(page.is_drawn, "the page draws its images")
        yield page


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is not installed: apt-get install chromium chromium-driver"
    return path


def json_result(page: Page, script: str) -> Any:
    """Run a script that returns JSON and return its value."""
    return json.loads(page(script))
