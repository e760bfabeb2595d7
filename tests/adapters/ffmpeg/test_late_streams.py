"""Streams that appear midway: joined broadcasts, other stream ids, sound that begins late."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.flash_and_click import FLASHES_S, clicks_of, flashes_of, write_dub, write_picture, write_sound
from support.media_clips import ffmpeg
from support.media_tool import media_tool

from dub_assets.core.media import MediaInfo, PictureCut, Rendition
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

TOOL = media_tool()
SYNC_S = 0.04
OTHER_IDS = ("-streamid", "0:300", "-streamid", "1:301")
PARTS = {
    "plain": ("0:v", "1:a", "copy", "aac"),
    "other ids": ("0:v", "1:a", "copy", "aac", *OTHER_IDS),
    "other programme": ("0:v", "1:a", "copy", "aac", *OTHER_IDS, "-mpegts_service_id", "7"),
    "other order": ("1:a", "0:v", "copy", "aac", *OTHER_IDS),
    "later": ("0:v", "1:a", "copy", "aac", *OTHER_IDS, "-output_ts_offset", "4"),
    "other codecs": ("0:v", "1:a", "mpeg2video", "mp2", *OTHER_IDS),
    "without sound": ("0:v", "0:v", "copy", "aac"),
}
"""Parts of a broadcast: mapped streams, codecs, options."""


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("parts")
    inputs = ("-i", write_picture(folder / "picture.mp4"), "-i", write_sound(folder / "sound.wav"))
    for name, (first, second, picture, sound, *options) in PARTS.items():
        maps = ("-map", first, *(("-map", second) if first != second else ()))
        ffmpeg(*inputs, *maps, "-c:v", picture, "-c:a", sound, *options, folder / f"{name}.ts")
    return {name: (folder / f"{name}.ts").read_bytes() for name in PARTS}


def joined(parts: dict[str, bytes], names: tuple[str, ...], path: Path) -> Path:
    path.write_bytes(b"".join(parts[name] for name in names))
    return path


def dubbed(path: Path, folder: Path) -> tuple[MediaInfo, Path, tuple[str, ...]]:
    """Dub a file with clicks where the original has them; return its info, the result and all findings."""
    info, original, target = TOOL.probe(path), folder / "original.flac", folder / "dubbed.mp4"
    extracted = TOOL.extract_sound(path, info, original)
    languages = {"source_language": "en", "target_language": "pt"}
    dub = write_dub(folder / "dub.flac", original)
    TOOL.render(
        Rendition(source=path, info=info, dub=dub, original=original, subtitles=(), intact=False, **languages), target
    )
    return info, target, (*info.findings, *extracted.findings)


@pytest.mark.parametrize(
    "names",
    [
        ("plain", "other ids"),
        ("plain", "other programme"),
        ("plain", "other order"),
        ("plain", "later"),
        ("plain", "other ids", "plain"),
    ],
    ids=", ".join,
)
def test_streams_with_other_ids_continue_those_before(parts, tmp_path, names):
    path = joined(parts, names, tmp_path / "joined.ts")

    info, target, findings = dubbed(path, tmp_path)

    assert info.duration_ms == pytest.approx(4000 * len(names), abs=250)
    assert any(finding.startswith("the streams of the file change at ") for finding in findings)
    flashes = flashes_of(target)
    assert len(flashes) == len(FLASHES_S) * len(names)
    assert clicks_of(target, 0) == pytest.approx(flashes, abs=SYNC_S)
    assert clicks_of(target, 1) == pytest.approx(flashes, abs=SYNC_S)


def test_a_clip_of_what_follows_can_be_cut(parts, tmp_path):
    path = joined(parts, ("plain", "other ids"), tmp_path / "joined.ts")
    info = TOOL.probe(path)
    interval = Interval(start_ms=4900, end_ms=5300)

    TOOL.cut_picture(
        PictureCut(
            source=path,
            interval=interval,
            picture=info.picture,
            clock_jumps=info.clock_jumps,
            late_streams=info.late_streams,
        ),
        tmp_path / "clip.mp4",
    )

    assert flashes_of(tmp_path / "clip.mp4") == [pytest.approx(0.19, abs=0.05)]


def test_a_picture_of_another_codec_that_follows_is_a_finding(parts, tmp_path):
    path = joined(parts, ("plain", "other codecs"), tmp_path / "joined.ts")

    _, target, findings = dubbed(path, tmp_path)

    assert "a picture (mpeg2video) from 4.0 to 8.0 s is not kept" in findings[0]
    assert len(clicks_of(target, 0)) == len(clicks_of(target, 1)) == 2 * len(FLASHES_S)


@pytest.mark.parametrize("before", [1, 9])
def test_sound_that_begins_midway_is_dubbed_from_there(parts, tmp_path, before):
    path = joined(parts, ("without sound",) * before + ("plain",), tmp_path / "joined.ts")

    info, target, _ = dubbed(path, tmp_path)

    assert info.duration_ms == pytest.approx(4000 * (before + 1), abs=100)
    assert clicks_of(target, 0) == pytest.approx(flashes_of(target)[-len(FLASHES_S) :], abs=SYNC_S)


def test_parallel_sound_tracks_are_not_joined(tmp_path):
    picture, sound = write_picture(tmp_path / "picture.mp4"), write_sound(tmp_path / "sound.wav")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "1:a", "-c:v", "copy", "-c:a", "aac")
    ffmpeg("-i", picture, "-i", sound, *maps, tmp_path / "two.ts")

    info = TOOL.probe(tmp_path / "two.ts")

    assert info.late_streams is None
    assert len(info.tracks) == 2
