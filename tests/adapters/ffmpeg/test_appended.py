"""Files that were joined byte for byte."""

from __future__ import annotations

import pytest
from support.media_clips import ffmpeg, numbered, write_noise
from support.media_tool import media_tool

pytestmark = pytest.mark.media

TOOL = media_tool()
OF_SOUND = {".wav": (), ".w64": (), ".aiff": (), ".caf": (), ".tta": (), ".m4a": (), ".wma": ()}
OF_PICTURES = {
    ".mp4": ("-c:v", "copy", "-c:a", "aac"),
    ".mov": ("-c:v", "copy", "-c:a", "pcm_s16le"),
    ".flv": ("-c:v", "copy", "-c:a", "aac"),
    ".wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    return numbered(folder / "picture.mp4"), write_noise(folder / "noise.wav", 48_000)


@pytest.mark.parametrize(("suffix", "options"), [*OF_SOUND.items(), *OF_PICTURES.items()])
def test_an_appended_recording_is_a_finding(inputs, tmp_path, suffix, options):
    picture, sound = inputs
    whole, joined = tmp_path / f"talk{suffix}", tmp_path / f"joined{suffix}"
    ffmpeg(*(("-i", picture) if suffix in OF_PICTURES else ()), "-i", sound, *options, whole)
    joined.write_bytes(whole.read_bytes() * 2)

    assert TOOL.probe(whole).findings == ()
    (finding,) = TOOL.probe(joined).findings
    assert finding.startswith("another recording is appended to this one at 3.0 s")


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mpg", ".mp3", ".ogg"])
def test_a_joined_file_that_is_read_to_its_end_is_dubbed_whole(inputs, tmp_path, suffix):
    _, sound = inputs
    whole, joined = tmp_path / f"talk{suffix}", tmp_path / f"joined{suffix}"
    ffmpeg("-i", sound, whole)
    joined.write_bytes(whole.read_bytes() * 2)

    info = TOOL.probe(joined)

    assert info.duration_ms == pytest.approx(6000, abs=100)
    assert not any("appended" in finding for finding in info.findings)
