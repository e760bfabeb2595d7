"""The editing page in Chromium: accessibility in both languages, from a phone to a wide screen, light and dark."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Page, Screen, browser
from support.command_line import CommandLine, make_video
from support.editor_server import running_editor

from dub_assets.adapters.storage.archive import JobArchive

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "axe-core-4.14.1.min.js.gz"
SCREENSHOTS = Path("build/browser")
SCREENS = [
    Screen(name="editor-desktop", width=1440, height=900),
    Screen(name="editor-wide-dark", width=2560, height=1440, dark=True),
    Screen(name="editor-phone", width=390, height=844, phone=True),
    Screen(name="editor-phone-dark", width=390, height=844, phone=True, dark=True),
]


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """Return the command line with a dubbed job of two segments."""
    folder = tmp_path_factory.mktemp("editor")
    video = make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run = CommandLine(folder, video, patch)
        run.dub("--quiet")
        yield run


@pytest.fixture(scope="module")
def address(dubbed: CommandLine) -> Iterator[str]:
    with running_editor(dubbed.job, dubbed.folder) as address:
        yield address


def opened(page: Page, address: str) -> Page:
    page.driver.get(address)
    page.wait(lambda: page("return 'ready' in document.documentElement.dataset"), "the page shows the job")
    return page


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_axe_finds_nothing_and_nothing_overflows(
    screen: Screen, language: str, address: str, tmp_path_factory: pytest.TempPathFactory
):
    with browser(screen, tmp_path_factory.mktemp("profile")) as page:
        opened(page, address)
        choice = "const choice = document.getElementById('language'); choice.value = arguments[0];"
        page(f"{choice} choice.dispatchEvent(new Event('change'))", language)
        page.wait(lambda: page("return document.documentElement.lang") == language, "the language changes")
        page.wait(
            lambda: page("document.querySelector('.row[aria-expanded=false]')?.click()") or page.all("#text"), "opens"
        )
        page("document.querySelector('.place-details').open = true")
        page.save_screenshot(SCREENSHOTS / f"{screen.name}-{language}.png")
        assert page("return document.documentElement.scrollWidth") <= screen.width
        assert violations(page) == []
        page.one("#history").click()
        assert violations(page) == []
        assert page.console_errors() == []


def violations(page: Page) -> list[str]:
    page(gzip.decompress(AXE.read_bytes()).decode())
    found = page.driver.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(JSON.stringify(result.violations.map((one) =>"
        " [one.id, ...one.nodes.map((node) => node.target.join(' '))].join(' ')))))"
    )
    return list(json.loads(found))


def test_an_archive_without_the_job_is_named(dubbed: CommandLine):
    assert isinstance(dubbed.archive, JobArchive)
    assert "there is no job 'nothing'" in dubbed("edit", "nothing", "--no-browser", fails=True)
