from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.report_pages import DURATION_MS, HOSTILE, example, segment, track_images, unplayable_clips, view

from dub_assets.core.timing import Interval
from dub_assets.stages.report.page.render import render_page
from dub_assets.stages.report.values import Finding, ReportView, SoundClip

IMAGES = list(track_images())


class ParsedPage(HTMLParser):
    """A parsed page: its elements with the names of their attributes, its texts and its scripts."""

    def __init__(self, source: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside: list[str] = []
        self.feed(source.decode())
        self.close()

    def handle_starttag(self, tag, attributes):
        self._inside.append(tag)
        self.elements.append((tag, tuple(name for name, _ in attributes)))
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside.append(f"/{tag}")

    def handle_data(self, data):
        if self._inside and self._inside[-1] == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)


def parsed(report: ReportView, sounds=None) -> ParsedPage:
    return ParsedPage(render_page(report, IMAGES, unplayable_clips() if sounds is None else sounds))


def test_shows_every_segment_with_both_texts_and_its_findings():
    page = parsed(example())
    cards = [names for tag, names in page.elements if tag == "li" and "data-priority" in names]
    assert len(cards) == 12
    assert page.texts.count("안녕하세요. 오늘은 새로운 이야기를 시작하려고 합니다.") == 11
    for text in (
        "not dubbed",
        "fast: 1.30 times",
        "text by an editor",
        "Korean",
        "English",
        "-20.1",
        "failed",
        "1 of 3 passed",
    ):
        assert any(text in shown for shown in page.texts), text
    assert ("lang", "ko") in page.attributes


def test_shows_speakers_with_letter_voice_and_pitch():
    page = parsed(example())
    for text in ("Speaker A", "jf_gongitsune+jf_tebukuro", "118 Hz", "unknown", "0:08.4 ", "50%"):
        assert text in page.texts, text
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert "Segment 0001, speaker B, 0:02.4: no findings" in labels
    colours = {value.split()[-1] for name, value in page.attributes if name == "class" and "turn " in value}
    assert colours == {"voice-0", "voice-1", "voice-2"}


def test_omits_the_section_of_speakers_without_diarisation():
    page = render_page(view(segment(0)), IMAGES, unplayable_clips()).decode()
    assert "Speaker A" not in page
    assert "speakers-title" not in page


def test_orders_segments_by_priority():
    ids = [value for name, value in parsed(example()).attributes if name == "id" and re.fullmatch(r"s\d{4}", value)]
    assert ids[:4] == ["s0003", "s0006", "s0010", "s0000"]
    assert ids[3:] == sorted(ids[3:])


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=60)
def test_escapes_every_text(source: str, target: str, finding: str) -> None:
    plain = parsed(view(segment(0, Finding(level="review", text="x"), text="x", translated="x")))
    hostile = parsed(view(segment(0, Finding(level="review", text=finding), text=source, translated=target or "x")))
    assert hostile.elements == plain.elements
    assert hostile.scripts == plain.scripts


def test_escapes_hostile_names_and_texts():
    report = replace(view(segment(0, text=HOSTILE, translated=HOSTILE)), job_id=HOSTILE)
    page = parsed(report)
    assert page.elements == parsed(view(segment(0))).elements
    assert sum(HOSTILE in text for text in page.texts) >= 3


def test_escapes_data_inside_the_script_element():
    sounds = [SoundClip(track="mix", interval=Interval(start_ms=0, end_ms=DURATION_MS), content=b"</script><b>")]
    page = parsed(example(), sounds)
    data = json.loads(page.scripts[0])
    assert base64.b64decode(data["sounds"][0]["data"]) == b"</script><b>"
    assert len(page.scripts) == 2


def test_is_self_contained_and_allows_only_its_own_script():
    page = parsed(example())
    addresses = [value for name, value in page.attributes if name in {"src", "href"}]
    assert all(value.startswith(("#", "data:")) for value in addresses)
    (policy,) = [value for name, value in page.attributes if name == "content" and value.startswith("default-src")]
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_disables_the_players_of_segments_without_sound():
    window = Interval(start_ms=0, end_ms=6_000)  # the first two segments
    page = render_page(example(), IMAGES, [SoundClip(track="mix", interval=window, content=b"x")]).decode()
    enabled = re.findall(r'<button type="button" data-play="(\w+)" >', page)
    assert enabled == ["mix", "mix"]
    assert re.findall(r'name="track" value="(\w+)" disabled', page) == ["original", "dub", "background"]


def test_says_that_a_job_has_no_speech():
    page = parsed(view())
    assert "No speech was found: the original sound is kept." in page.texts


@pytest.mark.parametrize("language", ["und", "pt"])
def test_shows_names_of_languages(language: str):
    report = replace(example(), source_language=language)
    assert {"und": "Unknown language", "pt": "Portuguese"}[language] in parsed(report).texts


def test_splits_wide_images_into_tiles():
    image = IMAGES[0]
    wide = replace(image, columns=9_000, peaks=bytes(9_000), shades=bytes(9_000 * image.bands))
    data = json.loads(ParsedPage(render_page(example(), [wide], unplayable_clips())).scripts[0])
    tiles = [base64.b64decode(tile) for tile in data["lanes"]["original"]["tiles"]]
    assert [int.from_bytes(tile[16:20], "big") for tile in tiles] == [4_096, 4_096, 808]
