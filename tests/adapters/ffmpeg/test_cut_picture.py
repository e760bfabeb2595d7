"""Cutting the picture to the frame, checked by the numbers that the frames show."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.media_clips import H264, ffmpeg, leftovers, numbered, numbers, opened, write_noise
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import InputError
from dub_assets.core.media import PictureCut
from dub_assets.core.timing import Interval

pytestmark = pytest.mark.media

INTERVALS = [(0, 1), (0, 1000), (960, 1000), (1000, 1001), (1333, 2100), (2000, 2960)]


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """The numbered picture, at 25 frames a second and NTSC's rate, with sound (before it, in one), in containers."""
    folder = tmp_path_factory.mktemp("clips")
    sound = write_noise(folder / "noise.wav", 48_000)
    numbered(folder / "pal.mp4")
    numbered(folder / "ntsc.mp4", rate="30000/1001")
    numbered(folder / "mpeg2.mpg", "-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-q:v", "2")
    numbered(folder / "divx.avi", "-c:v", "mpeg4", "-g", "30", "-bf", "2", "-q:v", "2")
    numbered(folder / "vp9.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "1M")
    ffmpeg("-i", folder / "ntsc.mp4", "-c", "copy", folder / "ntsc.mkv")
    ffmpeg("-i", folder / "pal.mp4", "-i", sound, "-c:v", "copy", "-c:a", "aac", "-muxdelay", "3", folder / "sound.ts")
    offset = ("-itsoffset", "0.7", "-i", folder / "pal.mp4", "-i", sound)
    ffmpeg(*offset, "-c:v", "copy", "-c:a", "aac", folder / "offset.mp4")
    ffmpeg("-ss", "0.72", "-i", folder / "offset.mp4", "-c", "copy", folder / "edited.mp4")
    dropped = ("-vf", "select=not(mod(n*n\\,7))+lt(n\\,20)", "-fps_mode", "passthrough", "-enc_time_base", "1:1000")
    ffmpeg("-i", folder / "pal.mp4", *dropped, *H264, folder / "variable.mkv")
    return folder


def cut(tool, source: Path, target: Path, start_ms: int, end_ms: int) -> list[tuple[Fraction, int]]:
    tool.cut_picture(PictureCut(source=source, interval=Interval(start_ms=start_ms, end_ms=end_ms)), target)
    return numbers(target)


def shown_within(source: Path, start_ms: int, end_ms: int) -> list[tuple[Fraction, int]]:
    """What should be in the cut: times from its first frame, and numbers."""
    frames = numbers(source)
    begin, end = (frames[0][0] + Fraction(ms, 1000) for ms in (start_ms, end_ms))
    within = [(time, number) for time, number in frames if begin <= time < end]
    within = within or [max((time, number) for time, number in frames if time <= begin)]
    return [(time - within[0][0], number) for time, number in within]


@pytest.mark.parametrize(
    "name",
    [
        "pal.mp4",
        "ntsc.mp4",
        "ntsc.mkv",
        "sound.ts",
        "mpeg2.mpg",
        "divx.avi",
        "vp9.webm",
        "offset.mp4",
        "edited.mp4",
        "variable.mkv",
    ],
)
def test_the_frames_are_exactly_those_shown_within_the_interval(tool, clips, tmp_path, name):
    for start_ms, end_ms in INTERVALS:
        frames = cut(tool, clips / name, tmp_path / "cut.mp4", start_ms, end_ms)

        expected = shown_within(clips / name, start_ms, end_ms)
        assert [number for _, number in frames] == [number for _, number in expected], (start_ms, end_ms)
        assert frames[0][0] == 0
        assert all(abs(a - b) < 0.001 for (a, _), (b, _) in zip(frames, expected, strict=True))


def test_a_second_in_the_frames_count_from_25(tool, clips, tmp_path):
    frames = cut(tool, clips / "pal.mp4", tmp_path / "cut.mp4", 1000, 1200)

    assert [number for _, number in frames] == [25, 26, 27, 28, 29]


def test_a_cut_past_the_last_frame_shows_the_last_frame(tool, clips, tmp_path):
    for name in ("pal.mp4", "sound.ts", "divx.avi"):
        assert [number for _, number in cut(tool, clips / name, tmp_path / "cut.mp4", 5000, 6000)] == [74]


def test_a_cut_far_into_a_file_without_an_index(tool, tmp_path):
    source = numbered(tmp_path / "long.ts", *H264[:-2], "-g", "200", seconds=10)

    assert [number for _, number in cut(tool, source, tmp_path / "cut.mp4", 7480, 7600)] == [187, 188, 189]


def test_the_cut_is_h264_without_sound_chapters_or_tags(tool, clips, tmp_path):
    chapters, source, target = tmp_path / "chapters.txt", tmp_path / "source.mp4", tmp_path / "cut.mp4"
    chapters.write_text(";FFMETADATA1\ntitle=Secret\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=One\n")
    ffmpeg("-i", clips / "offset.mp4", "-i", chapters, "-map_metadata", 1, "-c", "copy", source)

    cut(tool, source, target, 1000, 1500)

    with opened(target) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        context = container.streams.video[0].codec_context
        assert (context.codec.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 160, 96)
        assert "title" not in container.metadata
        assert container.duration == 13 * 40_000


@pytest.mark.parametrize(("counterclockwise", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_phone_video_is_upright(tool, clips, tmp_path, counterclockwise, turns):
    source, target = tmp_path / "phone.mp4", tmp_path / "cut.mp4"
    ffmpeg("-display_rotation", counterclockwise, "-i", clips / "pal.mp4", "-c", "copy", source)

    tool.cut_picture(PictureCut(source=source, interval=Interval(start_ms=1000, end_ms=1040)), target)

    with opened(clips / "pal.mp4") as container:
        lying = list(container.decode(video=0))[25].to_ndarray(format="gray").astype(int)
    with opened(target) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        upright = frame.to_ndarray(format="gray").astype(int)
    assert np.abs(upright - np.rot90(lying, turns)).mean() < 4


def test_odd_sizes_and_deep_colours_become_what_every_player_shows(tool, tmp_path):
    source, target = tmp_path / "odd.mkv", tmp_path / "cut.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=161x91:d=1", "-pix_fmt", "yuv444p10le", "-c:v", "ffv1", source)

    tool.cut_picture(PictureCut(source=source, interval=Interval(start_ms=0, end_ms=200)), target)

    with opened(target) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.width, context.height) == ("yuv420p", 160, 90)


def test_names_are_only_names(tool, clips, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-y %02d:한국어.mp4").write_bytes((clips / "pal.mp4").read_bytes())

    assert len(cut(tool, Path("-y %02d:한국어.mp4"), Path("-n %03d:조각.mp4"), 0, 200)) == 5


def test_a_file_of_sound_alone_has_no_picture_to_cut(tool, clips, tmp_path):
    with pytest.raises(InputError, match="no picture to cut"):
        cut(tool, clips / "noise.wav", tmp_path / "cut.mp4", 0, 200)

    assert leftovers(tmp_path) == []
