"""Links to a job's files in Dagster's UI, clicked in Chromium while ``dub-assets dev`` runs."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from chromium import Page, Screen, browser
from selenium.webdriver.remote.webelement import WebElement
from support.command_line import CommandLine, make_video
from support.dev_process import running_dev
from support.ports import free_port

pytestmark = pytest.mark.browser

SCREEN = Screen(name="ui", width=1280, height=900)


@pytest.fixture(scope="module")
def files_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory, files_port: int) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("dubbed")
    video = make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUB_ASSETS_FILES_PORT", str(files_port))
        run = CommandLine(folder, video, patch)
        run.dub("--quiet")
        yield run


@pytest.fixture(scope="module")
def ui(dubbed: CommandLine, files_port: int) -> Iterator[str]:
    """Yield the address of Dagster's UI for the job's home."""
    with running_dev(dubbed.folder / "home", DUB_ASSETS_FILES_PORT=str(files_port)) as dev:
        dev.wait_for("the UI is ready")
        yield f"http://127.0.0.1:{dev.port}"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(SCREEN, tmp_path_factory.mktemp("profile")) as page:
        yield page


def follow(page: Page, address: str, link: str) -> None:
    """Open an address, click the link to a file, and switch to the tab that it opens."""

    def visible_link() -> WebElement | None:
        return next((one for one in page.all(f'a[href*="{link}"]') if one.is_displayed()), None)

    page.driver.get(address)
    before = set(page.driver.window_handles)
    page.press(page.wait(visible_link, f"{address} links to {link}"))
    (opened,) = page.wait(lambda: set(page.driver.window_handles) - before, "the link opens a tab")
    page.driver.switch_to.window(opened)


def test_the_link_of_the_video_plays_it_from_any_position(dubbed: CommandLine, ui: str, page: Page):
    follow(page, f"{ui}/assets/final_video?partition={dubbed.job}", f"{dubbed.job}.mp4")
    video = "const video = document.querySelector('video');"
    page.wait(lambda: page(f"{video} return video && video.readyState >= 2"), "the video loads")
    assert page(f"{video} return video.duration") == pytest.approx(4, abs=0.2)
    page(f"{video} video.pause(); video.currentTime = 2.5; video.play()")
    page.wait(lambda: page(f"{video} return video.currentTime > 2.6 && !video.error"), "the video plays from 2.5 s on")


def test_the_link_of_the_report_opens_it(dubbed: CommandLine, ui: str, page: Page):
    follow(page, f"{ui}/assets/report?partition={dubbed.job}", f"{dubbed.job}.report.html")
    page.wait(page.is_drawn, "the report draws its images")
    assert dubbed.job in page("return document.title")
    name = urlsplit(page.driver.current_url).path
    assert [text for text in page.console_errors() if name in text] == []  # Dagster's own UI has others
