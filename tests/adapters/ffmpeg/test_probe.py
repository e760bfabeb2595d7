"""What a media file holds."""

import shutil
from fractions import Fraction

import pytest
from support.media_clips import H264, ffmpeg, numbered, write_noise
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool

pytestmark = pytest.mark.media

AAC = ("-c:a", "aac")


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    numbered(folder / "picture.mp4", rate="30000/1001")
    write_noise(folder / "stereo.wav", 44_100, 2)
    write_noise(folder / "mono.wav", 48_000, 1)
    write_noise(folder / "six.wav", 48_000, 6)
    return folder


@pytest.fixture(scope="module")
def clip(folder):
    """An ordinary clip: H.264 and AAC, index at the front."""
    path = folder / "clip.mp4"
    inputs = ("-i", folder / "picture.mp4", "-i", folder / "stereo.wav")
    ffmpeg(*inputs, "-c:v", "copy", *AAC, "-metadata:s:a:0", "language=eng", "-movflags", "+faststart", path)
    return path


def test_an_ordinary_clip(tool, clip):
    info = tool.probe(clip)

    assert info.size_bytes == clip.stat().st_size
    assert info.duration_ms == 3000
    assert info.sound_frames == 144_000
    assert info.picture is not None
    assert (info.picture.codec, info.picture.width, info.picture.height) == ("h264", 160, 96)
    assert info.picture.frame_rate == Fraction(30000, 1001)
    assert not info.picture.variable_frame_rate
    assert info.picture.rotation_deg == 0
    assert info.tracks == (info.track,)
    assert (info.track.codec, info.track.channels, info.track.rate_hz) == ("aac", 2, 44_100)
    assert (info.track.index, info.track.language, info.track.default) == (0, "eng", True)


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".ts", ".avi", ".flv"])
def test_every_container_tells_the_same(tool, clip, tmp_path, suffix):
    other = tmp_path / f"clip{suffix}"
    ffmpeg("-i", clip, "-c", "copy", other)

    info = tool.probe(other)

    assert info.picture is not None
    assert info.picture.codec == "h264"
    assert not info.picture.variable_frame_rate
    assert info.track.rate_hz == 44_100
    assert abs(info.duration_ms - 3000) <= 34


def test_the_longest_track_gives_the_length_counted_from_the_first_frame(tool, folder, tmp_path):
    late = tmp_path / "late.mkv"
    inputs = ("-i", folder / "picture.mp4", "-itsoffset", "0.5", "-i", folder / "mono.wav")
    ffmpeg(*inputs, "-c:v", "copy", "-c:a", "flac", "-output_ts_offset", "5", late)

    assert tool.probe(late).duration_ms == 3500


def test_the_default_track_is_chosen_and_all_are_listed(tool, folder, tmp_path):
    path = tmp_path / "tracks.mkv"
    inputs = [part for name in ("picture.mp4", "mono.wav", "six.wav", "stereo.wav") for part in ("-i", folder / name)]
    maps = [part for index in range(4) for part in ("-map", index)]
    dispositions = ("-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "0")
    languages = ("-metadata:s:a:0", "language=kor", "-metadata:s:a:1", "language=eng")
    ffmpeg(*inputs, *maps, "-c:v", "copy", "-c:a", "flac", *dispositions, *languages, path)

    info = tool.probe(path)

    assert [track.channels for track in info.tracks] == [1, 6, 2]
    assert [track.language for track in info.tracks] == ["kor", "eng", None]
    assert info.track == info.tracks[1]


def test_without_a_default_the_first_track_is_chosen(tool, folder, tmp_path):
    path = tmp_path / "tracks.mkv"
    inputs = [part for name in ("picture.mp4", "mono.wav", "stereo.wav") for part in ("-i", folder / name)]
    maps = ("-map", 0, "-map", 1, "-map", 2)
    ffmpeg(*inputs, *maps, "-c:v", "copy", "-c:a", "flac", "-disposition:a", "0", "-default_mode", "passthrough", path)

    info = tool.probe(path)

    assert not any(track.default for track in info.tracks)
    assert info.track == info.tracks[0]


@pytest.mark.parametrize(("counterclockwise", "clockwise"), [(90, 270), (-90, 90), (180, 180)])
def test_a_phone_video_says_by_how_much_to_turn_it(tool, clip, tmp_path, counterclockwise, clockwise):
    turned = tmp_path / "phone.mp4"
    ffmpeg("-display_rotation", counterclockwise, "-i", clip, "-c", "copy", turned)

    picture = tool.probe(turned).picture

    assert picture is not None
    assert picture.rotation_deg == clockwise
    assert (picture.width, picture.height) == (160, 96)


def test_a_variable_frame_rate_is_noticed(tool, folder, tmp_path):
    path = tmp_path / "variable.mp4"
    dropped = ("-vf", "select=not(mod(n*n\\,7))+lt(n\\,20)", "-fps_mode", "passthrough", "-enc_time_base", "1:90000")
    ffmpeg("-i", folder / "picture.mp4", "-i", folder / "mono.wav", *dropped, *H264, *AAC, path)

    picture = tool.probe(path).picture

    assert picture is not None
    assert picture.variable_frame_rate


def test_cover_art_is_no_picture(tool, folder, tmp_path):
    path, cover = tmp_path / "song.mp3", tmp_path / "cover.jpg"
    ffmpeg("-i", folder / "picture.mp4", "-frames:v", 1, cover)
    maps = ("-map", 0, "-map", 1, "-disposition:v", "attached_pic")
    ffmpeg("-i", folder / "stereo.wav", "-i", cover, *maps, "-c:a", "libmp3lame", "-c:v", "copy", path)

    info = tool.probe(path)

    assert info.picture is None
    assert abs(info.duration_ms - 3000) <= 26


@pytest.mark.parametrize("name", ["-x.mp4", "%04d.mp4", "a:b c.mp4", "발표 자료.mp4", "http:x.mp4", "it's [1],2;.mp4"])
def test_any_name_will_do(tool, clip, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    shutil.copy(clip, path)

    assert tool.probe(path.relative_to(tmp_path)) == tool.probe(clip)
