"""The report in Chromium, at desktop and phone width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Page, Screen, json_result, opened
from support.report_pages import DURATION_MS, HOSTILE, example, sound, track_images

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.timing import SAMPLE_RATE_HZ, Interval
from dub_assets.stages.report.page.render import render_page
from dub_assets.stages.report.values import SoundClip

pytestmark = pytest.mark.browser

SCREENS = [
    Screen(name="desktop", width=1280, height=900),
    Screen(name="desktop-dark", width=1280, height=900, dark=True),
    Screen(name="phone", width=390, height=844, phone=True),
    Screen(name="phone-dark", width=390, height=844, phone=True, dark=True),
]
SCREENSHOTS = Path("build/browser")
TRACKS = ("original", "dub", "background", "mix")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the example report, with sounds that browsers can play."""
    folder = tmp_path_factory.mktemp("report")
    tool, sounds, clips = FfmpegMediaTool(), SoundfileSoundFiles(), []
    programme = Interval(start_ms=0, end_ms=DURATION_MS)
    for track in TRACKS:
        path = folder / f"{track}.flac"
        with sounds.writer(path, channels=1, rate_hz=SAMPLE_RATE_HZ) as writer:
            writer.write(sound(track, SAMPLE_RATE_HZ))
        clips.append(SoundClip(track=track, interval=programme, content=tool.preview(path, programme)))
    target = folder / "report.html"
    target.write_bytes(render_page(example(), list(track_images()), clips))
    return target


@pytest.fixture(scope="module", params=SCREENS, ids=lambda screen: screen.name)
def page(request: pytest.FixtureRequest, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened(file, request.param, tmp_path_factory.mktemp("profile")) as page:
        yield page


def order(page: Page) -> list[str]:
    return [card.get_attribute("id") for card in page.all(".segment") if card.is_displayed()]


def test_draws_every_segment_without_console_errors(page: Page):
    assert len(page.all(".segment")) == 12
    assert len(page.all("a.bar")) == 12
    for lane in page.all("canvas.lane"):
        colours = page(
            "const c = arguments[0], d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "return new Set(new Uint32Array(d.buffer)).size",
            lane,
        )
        assert colours > 10
    page.save_screenshot(SCREENSHOTS / f"{page.screen.name}.png")
    assert page.console_errors() == []


def test_nothing_overflows_horizontally(page: Page):
    assert page("return document.documentElement.scrollWidth") <= page.screen.width
    overflowing = page(
        "return [...document.querySelectorAll('main > *, .segment *, .tile *, .transport *')].filter((one) =>"
        " one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.className || one.tagName)"
    )
    assert overflowing == []


def test_every_text_has_enough_contrast(page: Page):
    page("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    script = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
    assert json_result(page, script) == []


def test_speakers_differ_in_letter_and_colour(page: Page):
    rows = [row.text.split()[0] for row in page.all(".speakers tbody tr b")]
    assert rows == ["A", "B", "C"]
    turns = page.all(".turn")
    assert len(turns) == 12
    colours = {turn.text: turn.value_of_css_property("background-color") for turn in turns}
    assert sorted(colours) == ["A", "B", "C"]
    assert len(set(colours.values())) == 3
    badge = page.one("#s0001 .speaker b")
    assert badge.value_of_css_property("background-color") == colours["B"]
    truncated = page(
        "return [...document.querySelectorAll('.speakers td, .speakers th')]"
        ".filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"
    )
    assert truncated == []


def test_orders_segments_by_priority_or_time(page: Page):
    assert order(page)[:4] == ["s0003", "s0006", "s0010", "s0000"]
    page.press(page.one('[name="order"][value="time"]'))
    assert order(page) == [f"s{index:04}" for index in range(12)]
    page.press(page.one('[name="order"][value="priority"]'))
    assert order(page)[:3] == ["s0003", "s0006", "s0010"]


def test_shows_only_segments_to_review(page: Page):
    page.press(page.one("#only"))
    assert order(page) == ["s0003", "s0006", "s0010"]
    page.press(page.one("#only"))
    assert len(order(page)) == 12


@pytest.mark.parametrize("track", TRACKS)
def test_every_track_has_the_length_of_the_programme(page: Page, track: str):
    page.press(page.one(f'[name="track"][value="{track}"]'))
    length = "const audio = document.querySelector(`audio[data-track=${arguments[0]}]`); return audio && audio.duration"
    seconds = page.wait(lambda: page(length, track), f"{track} loads")
    assert seconds == pytest.approx(DURATION_MS / 1000, abs=0.1)


RECORD_PLAYBACK = """
window.playback = [];
const record = (event) => window.playback.push([event.type, event.target.dataset.track, event.target.currentTime]);
for (const kind of ["play", "pause"]) document.addEventListener(kind, record, true);
"""


def test_plays_a_segment_and_stops_at_its_end(page: Page):
    page(RECORD_PLAYBACK)
    page.press(page.one('#s0006 [data-play="dub"]'))
    page.wait(lambda: len(page("return window.playback")) == 2, "it plays and stops")
    (played, track, began), (stopped, stopped_track, ended) = page("return window.playback")
    assert (played, track, stopped, stopped_track) == ("play", "dub", "pause", "dub")
    assert began == pytest.approx(11.5, abs=0.1)
    assert ended >= 13.85
    assert "is-current" in page.one("#s0006").get_attribute("class")
    assert float(page.one("#seek").get_attribute("value")) == pytest.approx(13_900, abs=100)
    assert page.console_errors() == []


def test_can_be_used_by_keyboard(page: Page):
    page("document.activeElement.blur(); scrollTo(0, 0)")
    body = page.one("body")
    body.send_keys("1")
    assert page.one('[name="track"]:checked').get_attribute("value") == "original"
    first = page("return document.querySelector('.is-current')?.id")
    body.send_keys("j")
    assert page("return document.querySelector('.segment.is-current').id") != first
    body.send_keys(" ")
    page.wait(lambda: page.one("#play").get_attribute("aria-label") == "Pause", "it plays")
    body.send_keys(" ")
    page.wait(lambda: page.one("#play").get_attribute("aria-label") == "Play", "it pauses")
    bar = page.one('a.bar[href="#s0010"]')
    page("arguments[0].focus()", bar)
    bar.send_keys("\n")
    assert page("return document.activeElement.id") == "s0010"


def test_every_control_has_an_accessible_name(page: Page):
    nameless = page(
        "return [...document.querySelectorAll('button, input, a, canvas, [role=region]')].filter((one) =>"
        " !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim()))"
        ".map((one) => one.outerHTML.slice(0, 80))"
    )
    assert nameless == []


def test_shows_hostile_texts_without_running_them(page: Page):
    assert page("return document.title") == "talk-en-1234: dub report"
    text = page("return document.querySelector('#s0010 .texts p').textContent")
    assert text == HOSTILE
    page.press(page.one("#s0010 h3"))
    page.save_screenshot(SCREENSHOTS / f"{page.screen.name}-segments.png")
    page("document.querySelector('.speakers').scrollIntoView({block: 'end', behavior: 'instant'}); scrollBy(0, 130)")
    page.save_screenshot(SCREENSHOTS / f"{page.screen.name}-speakers.png")
