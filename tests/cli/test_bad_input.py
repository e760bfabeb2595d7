"""Input that cannot be dubbed: one line of error, an exit code, and no partial output."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import make_video

from dub_assets.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUB_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DUB_ASSETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "영상 하나.mp4", duration_s=2)


def error_line(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["dub-assets", *arguments])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code not in {0, None}
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def refuse(video: Path, out: Path, monkeypatch, capsys, *options: str) -> str:
    line = error_line(["dub", str(video), "--out", str(out), *options], monkeypatch, capsys)
    assert not list(out.glob("*")) if out.exists() else True
    return line


EN_PT = ("--from", "en", "--to", "pt")


def test_a_missing_file(tmp_path, home, monkeypatch, capsys):
    line = refuse(tmp_path / "nowhere.mp4", tmp_path / "out", monkeypatch, capsys, *EN_PT)
    assert "nowhere.mp4" in line
    assert not home.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"plain text\n", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile '/etc/passwd'\n"],
)
def test_a_file_that_is_no_video(content, tmp_path, home, monkeypatch, capsys):
    path = tmp_path / "talk.mp4"
    path.write_bytes(content)
    assert "talk.mp4" in refuse(path, tmp_path / "out", monkeypatch, capsys, *EN_PT)
    assert not home.exists()


def test_a_truncated_video(video, tmp_path, home, monkeypatch, capsys):
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert "cut.mp4" in refuse(path, tmp_path / "out", monkeypatch, capsys, *EN_PT)


def test_a_video_over_the_limit_names_the_setting(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("MEDIA_MAX_DURATION", "1")
    assert "MEDIA_MAX_DURATION" in refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)


def test_control_characters_of_a_name_are_escaped(tmp_path, home, monkeypatch, capsys):
    path = tmp_path / "two\nlines\x1b[31m\x07.mp4"
    path.write_bytes(b"plain text")
    for name in (path, tmp_path / "no\nwhere\x1b.mp4"):
        line = refuse(name, tmp_path / "out", monkeypatch, capsys, *EN_PT)
        assert "\\n" in line
        assert "\\x1b" in line
        assert line.isprintable()


def test_a_link_to_itself(tmp_path, home, monkeypatch, capsys):
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    assert "loop.mp4 (Too many levels" in refuse(tmp_path / "loop.mp4", tmp_path / "out", monkeypatch, capsys, *EN_PT)


@pytest.mark.parametrize("name", ["a" * 256, "b/" * 3000, "caf\udce9.mp4"])
def test_a_name_that_no_file_has(name, tmp_path, home, monkeypatch, capsys):
    line = refuse(tmp_path / name, tmp_path / "out", monkeypatch, capsys, *EN_PT)
    assert "check the path" in line
    assert not home.exists()


def test_a_place_without_room_for_the_results(video, tmp_path, home, monkeypatch, capsys):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (video.stat().st_size - 1, limit[1]))
    try:
        line = refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert f"bytes can be written, {video.stat().st_size} are needed): name another folder with --out" in line


def test_an_output_folder_whose_name_is_not_utf8(video, tmp_path, home, monkeypatch, capsys):
    line = refuse(video, tmp_path / "caf\udce9", monkeypatch, capsys, *EN_PT)
    assert r"caf\xe9 (its name is not UTF-8): name another folder with --out" in line


def test_a_home_that_is_a_file(video, tmp_path, home, monkeypatch, capsys):
    home.write_text("a file where a folder is wanted", encoding="utf-8")
    assert "DUB_ASSETS_HOME" in refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)


def test_an_unknown_language(video, tmp_path, home, monkeypatch, capsys):
    assert "klingon" in refuse(video, tmp_path / "out", monkeypatch, capsys, "--from", "klingon", "--to", "pt")


def test_a_pair_that_is_not_served_names_the_command_that_installs_it(video, tmp_path, home, monkeypatch, capsys):
    line = refuse(video, tmp_path / "out", monkeypatch, capsys, "--from", "ko", "--to", "en")
    assert "run `dub-assets models pull --pair ko-en`" in line
    assert not home.exists()


def test_options_override_the_languages_of_the_environment(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("JOB_SOURCE_LANG", "ko")
    monkeypatch.setenv("JOB_TARGET_LANG", "en")
    assert "'ko' to 'en'" in refuse(video, tmp_path / "out", monkeypatch, capsys)
    assert "'ja' to 'en'" in refuse(video, tmp_path / "out", monkeypatch, capsys, "--from", "ja")
    assert "'ko' to 'es'" in refuse(video, tmp_path / "out", monkeypatch, capsys, "--to", "es")


def test_by_default_the_language_is_detected_and_the_target_is_english(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("JOB_SOURCE_LANG", "")
    monkeypatch.setenv("SYNTHESIS_VOICE", "nobody")
    assert "'nobody' does not speak 'en'" in refuse(video, tmp_path / "out", monkeypatch, capsys)


def test_an_unknown_language_of_a_variable_names_the_variable(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("JOB_TARGET_LANG", "klingon")
    assert "JOB_TARGET_LANG: unknown language 'klingon'" in refuse(video, tmp_path / "out", monkeypatch, capsys)


def test_the_language_spoken_as_target(video, tmp_path, home, monkeypatch, capsys):
    assert "same language" in refuse(video, tmp_path / "out", monkeypatch, capsys, "--from", "pt", "--to", "pt")


def test_an_output_folder_that_cannot_be_written(video, tmp_path, home, monkeypatch, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder is wanted", encoding="utf-8")
    assert "--out" in error_line(["dub", str(video), *EN_PT, "--out", str(blocked / "out")], monkeypatch, capsys)


def test_a_setting_that_cannot_be_read(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("VAD_AGGR", "lots")
    assert "VAD_AGGR" in refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)


def test_an_unknown_engine(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("SYNTHESIS_ENGINE", "parrot")
    line = refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)
    assert "parrot" in line
    assert "kokoro" in line


def test_an_unknown_voice_names_the_known_ones(video, tmp_path, home, monkeypatch, capsys):
    monkeypatch.setenv("SYNTHESIS_VOICE", "caruso")
    assert "caruso" in refuse(video, tmp_path / "out", monkeypatch, capsys, *EN_PT)


NO_FFMPEG = (
    f"DUB_ASSETS_FFMPEG={sys.executable} is not ffmpeg: unset it to use the packaged ffmpeg, or name another program"
)


def _run_without_ffmpeg(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DUB_ASSETS_FFMPEG": sys.executable}
    command = [sys.executable, "-m", "dub_assets.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["dub", "dev"])
def test_a_program_that_is_not_ffmpeg_is_refused_before_any_work(command, video, tmp_path, home):
    options = {"dub": [str(video), *EN_PT, "--out", str(tmp_path / "out")]}.get(command, [])
    run = _run_without_ffmpeg(command, *options)
    assert run.returncode == 1
    assert run.stderr == f"dub-assets: {NO_FFMPEG}\n"
    assert not run.stdout
    assert not home.exists()
    assert not (tmp_path / "out").exists()


def test_a_worker_reports_a_program_that_is_not_ffmpeg_with_everything_else_that_is_missing(home):
    run = _run_without_ffmpeg("worker")
    assert run.returncode == 1
    missing = [line for line in run.stderr.splitlines() if "missing:" in line]
    assert [line for line in missing if NO_FFMPEG in line]
    assert len(missing) > 1


def test_importing_the_definitions_with_an_unreadable_setting_names_the_variable():
    environment = {**os.environ, "FIT_MAX_TEMPO": "fast"}
    command = [sys.executable, "-c", "import dub_assets.definitions"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "FIT_MAX_TEMPO='fast' cannot be read: a number is wanted" in run.stderr
