"""The editing page in Chromium: a complete edit at the keyboard, accessibility, and a job of 1,200 segments."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Page, Screen, browser
from selenium.webdriver.common.keys import Keys
from support.command_line import CommandLine, make_video
from support.editor_server import running_editor
from support.long_job import save_long_job

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
LONG = 1_200


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """Return the command line with a dubbed job of two segments, and a job of 1,200 that is translated."""
    folder = tmp_path_factory.mktemp("editor")
    video = make_video(folder / "talk.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run = CommandLine(folder, video, patch)
        run.dub("--quiet")
        save_long_job(run.archive, "long", segments=LONG)
        yield run


@pytest.fixture(scope="module")
def address(dubbed: CommandLine) -> Iterator[str]:
    with running_editor(dubbed.job, dubbed.folder) as address:
        yield address


def opened(page: Page, address: str) -> Page:
    page.driver.get(address)
    page.wait(lambda: page("return 'ready' in document.documentElement.dataset"), "the page shows the job")
    return page


def status(page: Page) -> str:
    return page.one("#status").text


def press(page: Page, *keys: str) -> None:
    page.driver.switch_to.active_element.send_keys(*keys)


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


def test_an_edit_from_opening_the_page_to_the_video_at_the_keyboard(
    dubbed: CommandLine, address: str, tmp_path_factory: pytest.TempPathFactory
):
    video = dubbed.folder / "results" / "talk.pt.mp4"
    before = video.read_bytes()
    with browser(SCREENS[0], tmp_path_factory.mktemp("profile")) as page:
        opened(page, address)
        press(page, "j")
        page.wait(lambda: page.all("#text"), "the first segment opens")
        press(page, "e")
        text = page.one("#text")
        text.clear()
        text.send_keys("Bom dia a todos.")
        page.wait(lambda: "about" in page.one("#fit").text, "the length is predicted")
        press(page, Keys.CONTROL, Keys.ENTER)
        page.wait(lambda: "0000 is spoken" in status(page), "the line is spoken")
        assert page.one('.row[data-name="0000"] .target').text == "Bom dia a todos."
        assert "Not in the video yet: 1 changed" in page.one("#pending").text
        press(page, Keys.ESCAPE)
        press(page, "b")
        page.wait(lambda: "The video is rebuilt" in status(page), "the video is rebuilt")
        assert page.one("#pending").text == ""
        assert video.read_bytes() != before
        press(page, Keys.CONTROL, "z")
        page.wait(lambda: "is restored" in status(page), "the edit is undone")
        press(page, Keys.CONTROL, "z")
        page.wait(lambda: page.one('.row[data-name="0000"] .target').text == "pt Good.", "the first edit is undone")
        assert page.console_errors() == []
    rows = json.loads(dubbed("segments", dubbed.job, "--json"))["segments"]
    assert [row["translation"] for row in rows] == ["pt Good.", "pt Night."]
    assert video.read_bytes() == before
    assert len(json.loads(dubbed("revisions", dubbed.job, "--json"))["revisions"]) == 5


def test_a_long_job_has_few_rows_and_finds_every_segment(dubbed: CommandLine, tmp_path_factory: pytest.TempPathFactory):
    with (
        running_editor("long", dubbed.folder) as address,
        browser(SCREENS[0], tmp_path_factory.mktemp("profile")) as page,
    ):
        opened(page, address)
        assert page.one("#count").text == f"{LONG} of {LONG}"
        assert len(page.all(".row")) < 40
        page("const s = document.getElementById('scroller'); s.scrollTop = s.scrollHeight")
        page.wait(lambda: page.all(f'.row[data-name="{LONG - 1}"]'), "the last segment is shown")
        assert len(page.all(".row")) < 40
        page.one("#search").send_keys("number 777")
        page.wait(lambda: page.one("#count").text == f"1 of {LONG}", "the search finds one")
        assert page.one(".row").get_attribute("data-name") == "0777"


def test_an_archive_without_the_job_is_named(dubbed: CommandLine):
    assert isinstance(dubbed.archive, JobArchive)
    assert "there is no job 'nothing'" in dubbed("edit", "nothing", "--no-browser", fails=True)
