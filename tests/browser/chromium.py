"""A headless Chromium, driven: pages as people see them."""

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
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a page is seen on."""

    name: str
    width: int
    height: int
    dark: bool = False
    phone: bool = False


class Page:
    """A page in a browser."""

    def __init__(self, driver: webdriver.Chrome, screen: Screen) -> None:
        self.driver = driver
        self.screen = screen

    def __call__(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, element: WebElement) -> None:
        """Click where a hand would: with the element in the middle of the window."""
        self("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def wait(self, what: Callable[[], Any], why: str) -> Any:
        """What ``what`` gives once it gives something."""
        until = time.monotonic() + _PATIENCE_S
        while not (found := what()):
            assert time.monotonic() < until, f"{why}: not within {_PATIENCE_S} s"
            time.sleep(0.05)
        return found

    def is_drawn(self) -> bool:
        """True once a report has drawn its pictures."""
        return bool(self("return 'ready' in document.documentElement.dataset"))

    def complaints(self) -> list[str]:
        """What the console says that is worse than information."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def keep(self, target: Path) -> None:
        """Keep a picture of what is seen."""
        target.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(target))


@contextmanager
def browser(screen: Screen, profile: Path) -> Iterator[Page]:
    """A browser with an empty page on a screen."""
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
    """A report, opened from disk on a screen, its pictures drawn."""
    with browser(screen, profile) as page:
        page.driver.get(file.as_uri())
        page.wait(page.is_drawn, "the page draws its pictures")
        yield page


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is not installed: apt-get install chromium chromium-driver"
    return found


def measured(page: Page, script: str) -> Any:
    """What a script that returns JSON found."""
    return json.loads(page(script))
