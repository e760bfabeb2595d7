"""The table of segments in Dagster's UI: bounded, and safe to render."""

from __future__ import annotations

from pathlib import Path

from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.core.media import MediaObject
from dub_assets.core.timing import Interval
from dub_assets.resources.asset_metadata import SegmentRow, segment_table

SOME = Interval(start_ms=0, end_ms=1500)


def row(index: int, text: str = "x", **more) -> SegmentRow:
    return SegmentRow(index=index, interval=SOME, text=text, **more)


def rows_of(rows: list[SegmentRow], folder: Path, address: str | None = "http://127.0.0.1:3010") -> list[str]:
    lines = segment_table(rows, LocalObjectStore(folder, address=address)).value.splitlines()
    return [line for line in lines[2:] if line.startswith("|")]


def test_a_long_job_has_a_short_table_with_edited_and_flagged_segments_in_it(tmp_path: Path):
    rows = [row(index, edited=index == 700, first=index == 500) for index in range(800)]
    shown = rows_of(rows, tmp_path)
    assert len(shown) == 60
    assert shown[-1].startswith("| **0700 edited** |")
    assert shown[-2].startswith("| 0500 |")
    assert shown[0].startswith("| 0000 |")
    assert segment_table(rows, LocalObjectStore(tmp_path)).value.endswith("... and 740 more: `dub-assets segments JOB`")


def test_the_size_of_a_table_has_a_limit(tmp_path: Path):
    clip = MediaObject(key=f"projects/{'p' * 100}/interim/{'j' * 100}/segments/0000_mix.wav", size_bytes=1, sha256="0")
    media = dict.fromkeys(("mix", "background", "original", "speech", "picture"), clip)
    rows = [row(index, "word " * 1000, media=media, cells={"issues": "late " * 1000}) for index in range(10_000)]
    assert len(segment_table(rows, LocalObjectStore(tmp_path, address="http://x")).value) < 120_000


def test_texts_are_shown_as_they_are(tmp_path: Path):
    hostile = "a|b\n<img src=x onerror=alert(1)> [x](javascript:alert(1)) *b* `c` \\ # & é 안녕"
    (line,) = rows_of([row(0, hostile)], tmp_path)
    assert line.count("|") == 5
    assert not set("<>[]*`") & set(line)
    assert "안녕" in line


def test_there_are_no_links_without_a_server(tmp_path: Path):
    clip = MediaObject(key="p/0000_mix.wav", size_bytes=1, sha256="0")
    (line,) = rows_of([row(0, media={"mix": clip, "picture": None})], tmp_path, address=None)
    assert "](" not in line
    (line,) = rows_of([row(0, media={"mix": clip, "picture": None})], tmp_path)
    assert line.endswith("| [mix](http://127.0.0.1:3010/p/0000_mix.wav) |")
