"""Lengths that headers declare: whole files of every writer are accepted, files that were cut short are refused."""

import shutil
import subprocess

import pytest
from support.media_clips import ffmpeg, numbered, write_noise
from support.media_tool import media_tool

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.errors import InputError

pytestmark = pytest.mark.media

TOOL = media_tool()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    numbered(folder / "picture.mp4")
    write_noise(folder / "noise.wav", 48_000, 2)
    ffmpeg("-f", "lavfi", "-i", "color=red:size=160x96", "-frames:v", 1, folder / "still.jpg")
    return folder


def streamed(path, *arguments):
    """Write a file through a pipe, so that no header can be completed."""
    command = [str(find_ffmpeg()), "-v", "error", *map(str, arguments), "-"]
    with path.open("wb") as file:
        subprocess.run(command, stdout=file, check=True)
    return path


@pytest.mark.parametrize(
    ("container", "options"),
    [
        ("wav", ()),
        ("au", ()),
        ("caf", ()),
        ("asf", ("-c:a", "wmav2")),
        ("matroska", ("-c:a", "aac")),
        ("flv", ("-c:a", "aac", "-ar", "44100")),
        ("mp4", ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov")),
        ("ogg", ("-c:a", "libvorbis")),
        ("flac", ()),
    ],
)
def test_a_streamed_file_is_accepted(folder, tmp_path, container, options):
    path = streamed(tmp_path / "streamed", "-i", folder / "noise.wav", *options, "-f", container)

    assert abs(TOOL.probe(path).duration_ms - 3000) <= 60


@pytest.mark.parametrize("sound", [("-c:a", "libmp3lame"), ("-c:a", "pcm_s16le")])
@pytest.mark.parametrize("rate", [1, 25])
def test_a_streamed_still_picture_with_sound_is_accepted(folder, tmp_path, sound, rate):
    still = ("-loop", 1, "-framerate", rate, "-i", folder / "still.jpg")
    codecs = ("-c:v", "libx264", "-tune", "stillimage", "-t", 3, *sound)
    path = streamed(tmp_path / "still.mkv", *still, "-i", folder / "noise.wav", *codecs, "-f", "matroska")

    assert abs(TOOL.probe(path).duration_ms - 3000) <= 60


@pytest.mark.parametrize(
    "name", ["whole.wav", "rf64.wav", "whole.w64", "whole.aiff", "whole.caf", "whole.au", "whole.mxf"]
)
def test_a_cut_file_is_refused_and_one_that_lost_its_last_bytes_is_accepted(folder, tmp_path, name):
    whole, short, nearly = (tmp_path / f"{prefix}{name}" for prefix in ("", "short-", "nearly-"))
    picture = ("-i", folder / "picture.mp4", "-c:v", "mpeg2video") if name.endswith("mxf") else ()
    options = ("-rf64", "always") if name.startswith("rf64") else ()
    ffmpeg("-i", folder / "noise.wav", *picture, *options, whole)
    shutil.copy(whole, nearly)
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    with nearly.open("r+b") as file:
        file.truncate(whole.stat().st_size - 2000)

    assert abs(TOOL.probe(whole).duration_ms - 3000) <= 40
    assert abs(TOOL.probe(nearly).duration_ms - 3000) <= 100
    with pytest.raises(InputError, match=r"is cut short: it should last 3\.\d s"):
        TOOL.probe(short)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x7FFFFFDB])
def test_a_wav_of_an_unknown_size_is_accepted(folder, tmp_path, size):
    path = tmp_path / "streamed.wav"
    content = bytearray((folder / "noise.wav").read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = size.to_bytes(4, "little")
    path.write_bytes(content)

    assert TOOL.probe(path).duration_ms == 3000
