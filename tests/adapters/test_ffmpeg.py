"""The one place that starts ffmpeg."""

from pathlib import Path

import ffmpeg
import pytest
from media_clips import write_noise

from dub_assets.domain.errors import ConfigurationError, EngineUnavailableError, InputError, OutOfSpaceError
from dub_assets.media.ffmpeg import Ffmpeg, file_url, find_ffmpeg, media_input


@pytest.fixture
def program() -> Ffmpeg:
    return Ffmpeg(find_ffmpeg())


def a_graph():
    return ffmpeg.input("pipe:0", format="f32le").output("pipe:1", format="f32le")


def test_a_configured_program_goes_before_all_others(tmp_path):
    program = script(tmp_path / "my ffmpeg", "echo ffmpeg version 7.1")

    assert find_ffmpeg(program) == program


def test_a_configured_program_that_cannot_be_run_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere"):
        find_ffmpeg(tmp_path / "nowhere")


def test_the_packaged_program_is_found_where_the_system_has_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "imageio_ffmpeg" in str(find_ffmpeg())


def script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_system_ffmpeg_that_is_too_old_is_passed_over(monkeypatch, tmp_path):
    old = script(tmp_path / "ffmpeg", "echo ffmpeg version 4.4.2-0ubuntu0 Copyright")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_ffmpeg() != old
    with pytest.raises(ConfigurationError, match=r"5\.1 or newer"):
        find_ffmpeg(old)


@pytest.mark.parametrize("version", ["5.1.6-0+deb12u1", "n8.0", "9.0.2", "10.1", "N-118193-g5f38c82536"])
def test_any_system_ffmpeg_that_is_new_enough_is_taken(monkeypatch, tmp_path, version):
    program = script(tmp_path / "ffmpeg", f"echo ffmpeg version {version} Copyright")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_ffmpeg() == program


def test_another_program_is_no_ffmpeg(tmp_path):
    with pytest.raises(ConfigurationError, match="say"):
        find_ffmpeg(script(tmp_path / "say", "echo hello"))


def test_a_program_that_vanished_is_an_error_that_names_it(tmp_path):
    with pytest.raises(EngineUnavailableError, match="gone"):
        Ffmpeg(tmp_path / "gone").run(a_graph(), doing="try")


def test_the_error_is_one_line_that_says_what_was_tried_and_why_it_failed(program, tmp_path):
    text = tmp_path / "talk.mp4"
    text.write_text("no video at all\n" * 100)

    with pytest.raises(InputError) as raised:
        program.run(media_input(text).output("pipe:1", format="null"), doing="decode talk.mp4")

    assert str(raised.value).startswith("could not decode talk.mp4: ")
    assert len(str(raised.value).splitlines()) == 1
    assert " @ 0x" not in str(raised.value)


def test_a_full_disk_is_its_own_error(tmp_path):
    complaint = "[out#0 @ 0x1] [error] Error writing trailer: No space left on device"
    unlucky = script(tmp_path / "unlucky", f"echo '{complaint}' >&2", "exit 228")

    with pytest.raises(OutOfSpaceError, match="could not write the noise: the disk is full"):
        Ffmpeg(unlucky).run(a_graph(), doing="write the noise")


if Path("/dev/full").exists():  # Linux has a device that is always full

    def test_ffmpeg_itself_on_a_full_device(program, tmp_path):
        sound = write_noise(tmp_path / "noise.wav", 48_000)

        with pytest.raises(OutOfSpaceError, match="could not write the noise: the disk is full"):
            program.run(media_input(sound).output("/dev/full", format="flac"), doing="write the noise")


def test_an_output_with_nothing_in_it_is_an_error(program, tmp_path):
    sound = write_noise(tmp_path / "noise.wav", 48_000)
    nothing = media_input(sound)["a:0"].filter("atrim", start=100)

    with pytest.raises(InputError, match="could not cut"):
        program.run(nothing.output(file_url(tmp_path / "out.wav"), format="wav"), doing="cut")


def test_a_process_that_is_killed_is_an_error_that_names_the_signal(tmp_path):
    with pytest.raises(InputError, match="SIGKILL"):
        Ffmpeg(script(tmp_path / "killed", "kill -9 $$")).run(a_graph(), doing="try")


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{secret}'\n",
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{secret}</BaseURL></MPD>',
        "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
        ";FFMETADATA1\ntitle=x\n",
    ],
    ids=["hls", "concat", "dash", "srt", "ffmetadata"],
)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ts"])
def test_lists_of_other_files_are_not_opened(program, tmp_path, content, suffix):
    secret = write_noise(tmp_path / "secret.wav", 48_000)
    playlist = tmp_path / f"talk{suffix}"
    playlist.write_text(content.format(secret=secret))
    out = tmp_path / "out.flac"

    with pytest.raises(InputError):
        program.run(media_input(playlist)["a:0"].output(file_url(out), format="flac"), doing="open a list")

    assert not out.exists()


def test_no_name_is_read_as_an_option_a_pattern_or_a_protocol(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert file_url(Path("-x.mp4")) == f"file:{tmp_path}/-x.mp4"
    assert file_url(Path("http:a.mp4")) == f"file:{tmp_path}/http:a.mp4"
