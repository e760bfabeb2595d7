"""Rendering under odd names and from broken files."""

from pathlib import Path

import pytest
from support.media_clips import ffmpeg, leftovers, numbered, opened, packet_hashes, write_noise
from support.media_renditions import dub_for, render, subtitles_in
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import InputError
from dub_assets.core.media import Rendition

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    picture, sound = numbered(folder / "picture.mp4"), write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", folder / "clip.mp4")
    return folder / "clip.mp4"


def test_names_are_only_names(tool, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = Path("-i %03d: 한국어 [v],'x'.mp4")
    source.write_bytes(clip.read_bytes())
    dub, _ = dub_for(tool, source, Path("-y.m4a"))
    tool.extract_sound(source, tool.probe(source), original := Path("-y.flac"))
    subtitles = subtitles_in(Path(), "pt")
    languages = {"source_language": "en", "target_language": "pt"}
    rendition = Rendition(
        source=source, info=tool.probe(source), dub=dub, original=original, subtitles=subtitles, **languages
    )

    tool.render(rendition, Path("-n: %d 더빙.mp4"))

    assert packet_hashes(Path("-n: %d 더빙.mp4")) == packet_hashes(source)


def test_a_failure_leaves_nothing_behind(tool, clip, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    broken = tmp_path / "dub.m4a"
    broken.write_text("no sound")
    info = tool.probe(clip)
    languages = {"source_language": "en", "target_language": "pt"}
    rendition = Rendition(source=clip, info=info, dub=broken, original=broken, subtitles=(), **languages)

    with pytest.raises(InputError, match=r"dub\.m4a"):
        tool.render(rendition, out / "dubbed.mp4")

    assert leftovers(out) == []


def test_a_playlist_in_the_place_of_subtitles_is_not_followed(tool, clip, tmp_path):
    subtitles = subtitles_in(tmp_path, "pt", text="")
    subtitles[0].path.write_text(f"ffconcat version 1.0\nfile '{clip}'\n")

    dubbed, _ = render(tool, clip, tmp_path, subtitles=subtitles)

    with opened(dubbed) as container:
        assert not [packet for packet in container.demux(subtitles=0) if packet.size > 2]
