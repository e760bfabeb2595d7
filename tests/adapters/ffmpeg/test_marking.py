"""The marks of a dubbed video: read back from the file, and by other programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.media_clips import decoded, ffmpeg, opened, packet_hashes
from support.media_renditions import render, subtitles_in
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import InputError
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, DUB_TITLE, Marks, notice_text

pytestmark = pytest.mark.media

NOTICE = notice_text("en", "pt")


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    sources = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000")
    ffmpeg(*sources, "-t", "1", "-metadata", "title=A talk", "-metadata", "comment=Recorded at <home> & away", path)
    return path


def test_a_marked_video_has_xmp_a_notice_and_a_title(tool, clip, tmp_path):
    dubbed, _ = render(tool, clip, tmp_path, subtitles=subtitles_in(tmp_path, "pt"), notice=NOTICE)
    marks = tool.marks(dubbed)
    assert marks == Marks(
        digital_source_type=DIGITAL_SOURCE_TYPE,
        comment=f"Recorded at <home> & away | {NOTICE}",
        dub_title=DUB_TITLE,
    )
    assert marks.missing(NOTICE) == ()
    assert f">{NOTICE}<".encode() in dubbed.read_bytes()


def test_marks_change_neither_picture_nor_sound_nor_other_tags(tool, clip, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "marked").mkdir()
    plain, _ = render(tool, clip, tmp_path / "plain")
    marked, _ = render(tool, clip, tmp_path / "marked", notice=NOTICE)
    assert packet_hashes(plain) == packet_hashes(marked)
    for track in range(2):
        assert decoded(plain, track)[1].tobytes() == decoded(marked, track)[1].tobytes()
    with opened(marked) as container:
        assert container.metadata["title"] == "A talk"
        assert [stream.metadata["name"] for stream in container.streams.audio] == [DUB_TITLE, "Original"]


def test_marks_are_the_same_in_every_run(tool, clip, tmp_path):
    videos = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        videos.append(render(tool, clip, tmp_path / name, notice=NOTICE)[0].read_bytes())
    assert videos[0] == videos[1]


def test_a_dub_without_synthetic_speech_has_no_marks(tool, clip, tmp_path):
    dubbed, _ = render(tool, clip, tmp_path)
    assert tool.marks(dubbed) == Marks(digital_source_type=None, comment="Recorded at <home> & away", dub_title="Dub")
    assert len(tool.marks(dubbed).missing(NOTICE)) == 3


def test_the_notice_survives_a_copy_by_ffmpeg_but_the_other_marks_do_not(tool, clip, tmp_path):
    dubbed, _ = render(tool, clip, tmp_path, notice=NOTICE)
    ffmpeg("-i", dubbed, "-map", "0", "-c", "copy", tmp_path / "copy.mp4")
    assert tool.marks(tmp_path / "copy.mp4").missing(NOTICE) == (
        "the digital source type",
        "the title of the dub's track",
    )


def test_a_file_that_is_no_media_has_no_marks_to_read(tool, tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"text")
    with pytest.raises(InputError, match=r"talk\.mp4"):
        tool.marks(tmp_path / "talk.mp4")
