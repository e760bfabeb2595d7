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
from support.report_pages import DURATION_MS, HOSTILE, example, lanes, segment, silent_pieces, view

from dub_assets.core.timing import Interval
from dub_assets.stages.report.page.html import page
from dub_assets.stages.report.values import Finding, ReportView, SoundPiece

LANES = list(lanes())


class Read(HTMLParser):
    """What a browser makes of a page: its elements with their attributes' names, and the texts between them."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside: list[str] = []
        self.feed(content.decode())
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


def read(shown: ReportView, sounds=None) -> Read:
    return Read(page(shown, LANES, silent_pieces() if sounds is None else sounds))


def test_every_segment_is_there_with_both_texts_and_its_findings():
    content = read(example())
    cards = [names for tag, names in content.elements if tag == "li" and "data-attention" in names]
    assert len(cards) == 12
    assert content.texts.count("안녕하세요. 오늘은 새로운 이야기를 시작하려고 합니다.") == 11
    for text in (
        "not dubbed",
        "fast: 1.30 times",
        "text by an editor",
        "Korean",
        "English",
        "-20.1",
        "refused",
        "1 of 3 passed",
    ):
        assert any(text in found for found in content.texts), text
    assert ("lang", "ko") in content.attributes


def test_speakers_are_told_by_letter_voice_and_pitch():
    content = read(example())
    for text in ("Speaker A", "jf_gongitsune+jf_tebukuro", "118 Hz", "unknown", "0:08.4 ", "50%"):
        assert text in content.texts, text
    labels = [value for name, value in content.attributes if name == "aria-label"]
    assert "Segment 0001, speaker B, 0:02.4: fine" in labels
    colours = {value.split()[-1] for name, value in content.attributes if name == "class" and "turn " in value}
    assert colours == {"voice-0", "voice-1", "voice-2"}


def test_without_speakers_nothing_is_said_of_them():
    content = page(view(segment(0)), LANES, silent_pieces()).decode()
    assert "Speaker A" not in content
    assert '<section class="card speakers" aria-labelledby="speakers-title" hidden>' in content


def test_segments_come_by_what_needs_attention():
    ids = [value for name, value in read(example()).attributes if name == "id" and re.fullmatch(r"s\d{4}", value)]
    assert ids[:4] == ["s0003", "s0006", "s0010", "s0000"]
    assert ids[3:] == sorted(ids[3:])


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=60)
def test_no_text_becomes_markup(source: str, target: str, found: str) -> None:
    tame = read(view(segment(0, Finding(weight="look", text="x"), text="x", translated="x")))
    wild = read(view(segment(0, Finding(weight="look", text=found), text=source, translated=target or "x")))
    assert wild.elements == tame.elements
    assert wild.scripts == tame.scripts


def test_hostile_names_and_texts_stay_text():
    hostile = replace(view(segment(0, text=HOSTILE, translated=HOSTILE)), job_id=HOSTILE)
    content = read(hostile)
    assert content.elements == read(view(segment(0))).elements
    assert sum(HOSTILE in text for text in content.texts) >= 3


def test_sounds_cannot_close_the_script_element():
    sounds = [SoundPiece(track="mix", interval=Interval(start_ms=0, end_ms=DURATION_MS), content=b"</script><b>")]
    content = read(example(), sounds)
    data = json.loads(content.scripts[0])
    assert base64.b64decode(data["sounds"][0]["data"]) == b"</script><b>"
    assert len(content.scripts) == 2


def test_the_page_needs_nothing_beside_it_and_runs_no_other_script():
    content = read(example())
    addresses = [value for name, value in content.attributes if name in {"src", "href"}]
    assert all(value.startswith(("#", "data:")) for value in addresses)
    (policy,) = [value for name, value in content.attributes if name == "content" and value.startswith("default-src")]
    digest = base64.b64encode(hashlib.sha256(content.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not [name for name, _ in content.attributes if name.startswith("on")]


def test_a_segment_whose_sound_is_not_in_the_page_cannot_be_played():
    window = Interval(start_ms=0, end_ms=6_000)  # the first two segments
    content = page(example(), LANES, [SoundPiece(track="mix", interval=window, content=b"x")]).decode()
    enabled = re.findall(r'<button type="button" data-play="(\w+)" >', content)
    assert enabled == ["mix", "mix"]
    assert re.findall(r'name="track" value="(\w+)" disabled', content) == ["original", "dub", "background"]


def test_a_job_without_speech_says_so():
    content = read(view())
    assert "No speech was found: the original sound is kept." in content.texts


@pytest.mark.parametrize("language", ["und", "pt"])
def test_languages_are_named(language: str):
    shown = replace(example(), source_language=language)
    assert {"und": "Unknown language", "pt": "Portuguese"}[language] in read(shown).texts


def test_pictures_are_cut_into_tiles_that_browsers_draw():
    lane = LANES[0]
    wide = replace(lane, columns=9_000, peaks=bytes(9_000), shades=bytes(9_000 * lane.bands))
    data = json.loads(Read(page(example(), [wide], silent_pieces())).scripts[0])
    tiles = [base64.b64decode(tile) for tile in data["lanes"]["original"]["tiles"]]
    assert [int.from_bytes(tile[16:20], "big") for tile in tiles] == [4_096, 4_096, 808]
