"""Files that are refused: each with one readable line."""

import re
import socket

import pytest
from support.media_clips import ffmpeg, numbered, without_time_steps, write_noise
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.errors import InputError
from dub_assets.core.limits import MediaLimits

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def tool() -> FfmpegMediaTool:
    return media_tool()


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Numbered frames without sound."""
    return numbered(tmp_path_factory.mktemp("clips") / "picture.mp4", rate="30000/1001")


@pytest.fixture(scope="module")
def clip(picture):
    """An ordinary clip, its index at the end."""
    path, sound = picture.with_name("clip.mp4"), write_noise(picture.with_name("stereo.wav"), 44_100, 2)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", path)
    return path


def refusal(tool: FfmpegMediaTool, path) -> str:
    with pytest.raises(InputError) as raised:
        tool.probe(path)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def test_a_missing_file_is_refused(tool, tmp_path):
    assert "there is no file" in refusal(tool, tmp_path / "talk.mp4")


def test_a_folder_is_refused(tool, tmp_path):
    assert "is not a file" in refusal(tool, tmp_path)


def test_a_socket_is_refused_without_being_opened(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("talk.mp4")
        assert "is not a file" in refusal(tool, tmp_path / "talk.mp4")


def test_an_empty_file_is_refused(tool, tmp_path):
    (tmp_path / "talk.mp4").touch()

    assert "is empty" in refusal(tool, tmp_path / "talk.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mp3", ".aac", ".wav", ".flac", ".ts", ".mpg", ".ogg", ".avi"])
@pytest.mark.parametrize("content", [b"This is a letter, not a film.\n" * 500, bytes(range(256)) * 400])
def test_other_files_are_refused_whatever_their_name(tool, tmp_path, suffix, content):
    path = tmp_path / f"talk{suffix}"
    path.write_bytes(content)

    assert path.name in refusal(tool, path)


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{clip}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {clip}\n",
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{clip}</BaseURL></MPD>',
        "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
        "[Reference]\nRef1=file://{clip}\n",
    ],
    ids=["hls", "concat", "dash", "srt", "asx"],
)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".mkv"])
def test_a_playlist_is_refused_whatever_its_name(tool, clip, tmp_path, content, suffix):
    path = tmp_path / f"talk{suffix}"
    path.write_text(content.format(clip=clip))

    assert "is not a media file" in refusal(tool, path)


def test_a_film_without_sound_is_refused(tool, picture):
    assert "no sound track" in refusal(tool, picture)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".flac", ".mp3"])
def test_a_file_cut_short_is_refused(tool, clip, tmp_path, suffix):
    whole, short = tmp_path / f"whole{suffix}", tmp_path / f"short{suffix}"
    codecs = ("-c", "copy", "-movflags", "+faststart") if suffix in {".mp4", ".mkv", ".avi"} else ("-vn",)
    ffmpeg("-i", clip, *codecs, whole)
    tool.probe(whole)
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])

    assert "is cut short: it should last 3.0 s" in refusal(tool, short)


def test_a_file_whose_index_was_cut_off_is_refused(tool, clip, tmp_path):
    short = tmp_path / "short.mp4"
    short.write_bytes(clip.read_bytes()[:-1000])

    assert "cut short" in refusal(tool, short)


def test_a_file_of_no_length_is_refused(tool, tmp_path):
    path = tmp_path / "nothing.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc", "-frames:a", 0, path)

    assert "nothing.wav has no length" in refusal(tool, path)


def test_more_channels_than_flac_holds_are_refused(tool, tmp_path):
    path = tmp_path / "many.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=cl=hexadecagonal:d=0.5", path)

    assert "more than 8 channels" in refusal(tool, path)


def test_an_impossible_sample_rate_is_refused(tool, tmp_path):
    path = write_noise(tmp_path / "fast.wav", 48_000)
    content = path.read_bytes()
    path.write_bytes(content[:24] + (2**31 - 1).to_bytes(4, "little") + content[28:])

    assert "no sound track that can be decoded" in refusal(tool, path)


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (MediaLimits(max_duration_s=2.9), "is 3.0 s long, the limit is 2.9 s"),
        (MediaLimits(max_size_bytes=1000), "the limit is 1000"),
        (MediaLimits(max_pixels=160 * 96 - 1), "a picture of 160 x 96"),
    ],
)
def test_a_file_over_a_limit_is_refused_with_the_limit(clip, limits, complaint):
    assert complaint in refusal(media_tool(limits=limits), clip)


def test_a_file_just_within_the_limits_is_accepted(clip):
    exact = MediaLimits(max_duration_s=3, max_size_bytes=clip.stat().st_size, max_pixels=160 * 96)

    assert media_tool(limits=exact).probe(clip).duration_ms == 3000


@pytest.mark.parametrize(("b_frames", "times"), [(0, "1 presentation time;"), (2, r"\d presentation times;")])
def test_a_picture_that_lost_its_times_is_refused(tool, picture, tmp_path, b_frames, times):
    path, sound = tmp_path / "talk.mp4", write_noise(tmp_path / "mono.wav", 48_000, 1)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "libx264", "-bf", b_frames, "-c:a", "aac", path)
    without_time_steps(path, 0)

    assert re.search(rf"talk\.mp4 is damaged: the \d+ frames of its picture share {times}", refusal(tool, path))
