"""The one place that starts ffmpeg."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import ffmpeg as graphs
import pytest
from support.media_clips import ffmpeg, numbered, write_noise
from support.media_tool import ffmpeg_under_test

from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, file_url, find_ffmpeg, media_input
from dub_assets.adapters.ffmpeg.ffmpeg_features import REQUIRED
from dub_assets.core.errors import (
    ConfigurationError,
    EngineUnavailableError,
    InputError,
    OutOfSpaceError,
    TransientError,
)

pytestmark = pytest.mark.media


@pytest.fixture
def program() -> Ffmpeg:
    return Ffmpeg(ffmpeg_under_test())


def a_graph():
    return graphs.input("pipe:0", format="f32le").output("pipe:1", format="f32le")


def script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_the_packaged_program_is_the_default(monkeypatch, tmp_path):
    """Neither the PATH nor imageio-ffmpeg's own variable names another one."""
    other = tmp_path / "ffmpeg"
    other.symlink_to(ffmpeg_under_test())
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(other))

    assert "imageio_ffmpeg" in find_ffmpeg().parts


def test_a_configured_program_goes_before_the_packaged_one(tmp_path):
    configured = tmp_path / "my ffmpeg"
    configured.symlink_to(ffmpeg_under_test())

    assert find_ffmpeg(configured) == configured


@pytest.mark.parametrize(
    ("configured", "complaint"),
    [
        ("/nowhere/ffmpeg", "is not a program that can be run"),
        (__file__, "is not a program that can be run"),
        (sys.executable, "is not ffmpeg"),
    ],
)
def test_a_configured_program_that_is_no_ffmpeg_is_an_error_that_names_it(configured, complaint):
    remedy = "unset it to use the packaged ffmpeg, or name another program"

    with pytest.raises(ConfigurationError) as raised:
        find_ffmpeg(Path(configured))

    assert str(raised.value) == f"DUB_ASSETS_FFMPEG={configured} {complaint}: {remedy}"


def test_a_configured_program_that_cannot_do_all_is_an_error_that_names_what_is_absent():
    required = replace(REQUIRED, filters={**REQUIRED.filters, "abracadabra": ""}, encoders={"libx264": "crf mood"})

    with pytest.raises(ConfigurationError) as raised:
        find_ffmpeg(ffmpeg_under_test(), required)

    said = str(raised.value)
    assert "does not offer filter abracadabra, option mood of encoder libx264: unset it" in said
    assert said.startswith(f"DUB_ASSETS_FFMPEG={ffmpeg_under_test()} (ffmpeg version ")


def test_a_program_that_was_replaced_is_checked_again(tmp_path):
    configured = tmp_path / "ffmpeg"
    configured.symlink_to(sys.executable)
    with pytest.raises(ConfigurationError):
        find_ffmpeg(configured)

    configured.unlink()
    configured.symlink_to(ffmpeg_under_test())

    assert find_ffmpeg(configured) == configured


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


def test_the_reason_is_the_error_that_ended_ffmpeg_and_not_damage_that_it_passed_over(program, tmp_path):
    """A picture with errors in most frames, and later a packet of sound that cannot be copied into MP4."""
    picture, sound, clip = numbered(tmp_path / "picture.mp4"), tmp_path / "noise.wav", tmp_path / "clip.ts"
    write_noise(sound, 48_000)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", clip)
    content = bytearray(clip.read_bytes())
    for start in range(len(content) // 10 // 188 * 188, len(content), 188):
        if content[start + 2] == 0 and content[start + 1] & 0x5F == 1:  # the picture's packets that begin no frame
            content[start + 100] ^= 0x55
    header = content.index(b"\xff\xf1", len(content) // 2)
    content[header : header + 2] = bytes(2)
    clip.write_bytes(content)
    source = media_input(clip)
    graph = graphs.output(source["v:0"], source["a:0"], file_url(tmp_path / "out.mp4"), vcodec="libx264", acodec="copy")

    with pytest.raises(InputError, match=r"Error applying bitstream filters|Error parsing ADTS frame header"):
        program.run(graph, doing="mux")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            [
                "[h264 @ 0x1] [error] error while decoding MB 5 0, bytestream 2875",
                "[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] [error] Decoding error: Invalid data found",
                "[error] Error while decoding stream #0:0: Invalid data found when processing input",
                "[aost#0:0/aac @ 0x1] [enc:aac @ 0x2] [error] Error while opening encoder",
                "[aost#0:0/aac @ 0x1] [error] Task finished with error code: -22 (Invalid argument)",
            ],
            "Error while opening encoder",
        ),
        (
            [
                "[h264 @ 0x1] [error] no frame!",
                "[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] [fatal] Decode error rate 1 exceeds maximum 0.666667",
            ],
            "Decode error rate 1 exceeds maximum 0.666667",
        ),
        (["[h264 @ 0x1] [error] no frame!", "[fatal] Empty output"], "Empty output"),
        (
            [
                "[AVFilterGraph @ 0x1] [error] No such filter: 'x'",
                "[fatal] Error opening output files: Filter not found",
            ],
            "No such filter: 'x'",
        ),
        (["[h264 @ 0x1] [error] no frame!", "[h264 @ 0x1] [error] missing picture"], "missing picture"),
        ([], "exit code 1"),
    ],
)
def test_the_reason_among_the_lines_of_a_log(tmp_path, lines, reason):
    failing = script(tmp_path / "failing", *(f'echo "{line}" >&2' for line in lines), "exit 1")

    with pytest.raises(InputError) as raised:
        Ffmpeg(failing).run(a_graph(), doing="try")

    assert str(raised.value) == f"could not try: {reason}"


def test_a_run_that_takes_too_long_is_ended(tmp_path):
    endless = script(tmp_path / "endless", "exec sleep 60")

    with pytest.raises(InputError, match="it takes more than 1 s"):
        Ffmpeg(endless).run(a_graph(), doing="try", limit_s=1)


def test_a_full_disk_is_its_own_error(tmp_path):
    complaint = "[out#0 @ 0x1] [error] Error writing trailer: No space left on device"
    unlucky = script(tmp_path / "unlucky", f"echo '{complaint}' >&2", "exit 228")

    with pytest.raises(OutOfSpaceError, match="could not write the noise: the disk is full"):
        Ffmpeg(unlucky).run(a_graph(), doing="write the noise")


if Path("/dev/full").exists():  # Linux has a device that is always full

    def test_ffmpeg_itself_on_a_full_device(program, tmp_path):
        sound = write_noise(tmp_path / "noise.wav", 48_000)

        with pytest.raises(OutOfSpaceError, match="could not write the noise: the disk is full"):
            program.run(
                media_input(sound).output(file_url(Path("/dev/full")), format="f32le", acodec="pcm_f32le"),
                doing="write the noise",
            )


def test_an_output_with_nothing_in_it_is_an_error(program, tmp_path):
    sound = write_noise(tmp_path / "noise.wav", 48_000)
    nothing = media_input(sound, ss="5", t="1")["a:0"]

    with pytest.raises(InputError, match="could not cut"):
        program.run(nothing.output(file_url(tmp_path / "out.raw"), format="f32le"), doing="cut")


def test_a_process_that_is_killed_is_an_error_that_names_the_signal(tmp_path):
    with pytest.raises(TransientError, match="SIGKILL"):
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
        program.run(
            media_input(playlist)["a:0"].output(file_url(out), format="f32le", acodec="pcm_f32le"), doing="open a list"
        )

    assert not out.exists()


def test_no_name_is_read_as_an_option_a_pattern_or_a_protocol(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert file_url(Path("-x.mp4")) == f"file:{tmp_path}/-x.mp4"
    assert file_url(Path("http:a.mp4")) == f"file:{tmp_path}/http:a.mp4"
