"""What a run shows in a real terminal while it is under way, and what it writes to pipes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.terminal_screen import Screen
from support.waiting import wait_until

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg

COMMAND = [sys.executable, str(Path(__file__).parents[1] / "support" / "gated_command.py")]

GATED_FFMPEG = """#!/bin/sh
case " $* " in
*" copy "*)
    touch "{gate}.waiting"
    until [ -e "{gate}" ]; do sleep 0.05; done
    ;;
esac
exec "{ffmpeg}" "$@"
"""


class Dub:
    """A dub of a video of two lines, and the gates that let it go on."""

    def __init__(self, folder: Path, video: Path) -> None:
        self.gates = folder / "gates"
        self.gates.mkdir()
        self.out = folder / "out"
        places = {"DUB_ASSETS_HOME": str(folder / "home"), "DUB_ASSETS_CACHE": str(folder / "cache")}
        self.environment = {**os.environ, **places, "GATES": str(self.gates), "TERM": "xterm-256color"}
        self.arguments = ["dub", str(video), "--from", "en", "--to", "pt", "--out", str(self.out)]

    def open(self, *gates: int | str) -> None:
        for gate in gates:
            (self.gates / str(gate)).touch()

    def open_all(self) -> None:
        self.open("picture", *range(50))

    def wait_for_gate(self, gate: int | str) -> None:
        wait_until((self.gates / f"{gate}.waiting").exists, f"gate {gate}")

    def close_all(self) -> None:
        """Close every gate, that of the picture too: ffmpeg waits for ``GATES/picture`` before it copies one."""
        for gate in self.gates.iterdir():
            gate.unlink()
        ffmpeg = self.gates.with_name("ffmpeg")
        ffmpeg.write_text(GATED_FFMPEG.format(gate=self.gates / "picture", ffmpeg=find_ffmpeg()))
        ffmpeg.chmod(0o755)
        self.environment["DUB_ASSETS_FFMPEG"] = str(ffmpeg)

    def finish(self) -> str:
        """Dub to the end, close the gates again and return the job's id."""
        self.open_all()
        run = subprocess.run(
            [*COMMAND, *self.arguments, "--json"], env=self.environment, check=True, capture_output=True, text=True
        )
        self.close_all()
        return json.loads(run.stdout)["job_id"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "talk [1080p].mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", "4", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def dub(tmp_path: Path, video: Path) -> Dub:
    return Dub(tmp_path, video)


@pytest.fixture
def screens() -> Iterator[list[Screen]]:
    opened: list[Screen] = []
    yield opened
    for screen in opened:
        screen.close()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_shows_a_moving_bar_before_the_end(dub: Dub, screens: list[Screen], columns: int):
    screen = Screen([*COMMAND, *dub.arguments], dub.environment, columns=columns)
    screens.append(screen)
    screen.wait_for("0/2 lines")
    before = screen.lines
    dub.open(0)
    screen.wait_for("1/2 lines")
    between = screen.lines
    dub.open_all()
    assert screen.end() == 0, screen.text
    (at_first,) = [line for line in before if "tts_segments" in line]
    (later,) = [line for line in between if "tts_segments" in line]
    assert "0/2 lines" in at_first
    assert "1/2 lines" in later
    assert [line.split()[0] for line in between if line.split()[0] in {"stems", "transcript", "translation"}] == [
        "stems",
        "transcript",
        "translation",
    ]
    assert "noise of a library" not in screen.text
    assert not screen.cursor_is_hidden


def test_mix_shows_what_it_works_on_before_the_end(dub: Dub, screens: list[Screen]):
    job = dub.finish()
    screen = Screen([*COMMAND, "mix", job, "1", "--bgm-gain", "0.2", "--rebuild"], dub.environment, columns=100)
    screens.append(screen)
    dub.wait_for_gate("picture")
    screen.wait_for("0:04/0:04")
    between = screen.lines
    assert screen.process.poll() is None
    dub.open_all()
    assert screen.end() == 0, screen.text
    stages = [line.split() for line in between if line.split()[-1] != "--rebuild"]
    assert [line for line in between if "segment_mixes" in line and "2/2 lines" in line], between
    assert [line for line in between if "final_video" in line and "0:04/0:04" in line], between
    assert not [words for words in stages if "quality" in words]
    assert [line for line in screen.lines if line.split()[0] == "0001"]
    assert not screen.cursor_is_hidden


def test_say_shows_what_it_works_on_before_the_end(dub: Dub, screens: list[Screen]):
    job = dub.finish()
    screen = Screen([*COMMAND, "say", job, "1", "Boa noite.", "--rebuild"], dub.environment, columns=100)
    screens.append(screen)
    screen.wait_for("0/1 lines")
    dub.wait_for_gate(0)
    dub.open(0)
    screen.wait_for("1/1 lines")
    dub.wait_for_gate("picture")
    assert screen.process.poll() is None
    dub.open_all()
    assert screen.end() == 0, screen.text
    assert [line for line in screen.lines if line.split()[0] == "0001"]
    assert str(dub.out) in screen.text
    assert "noise of a library" not in screen.text
    assert not screen.cursor_is_hidden


def test_the_summary_names_what_to_look_at_and_commands_that_work(dub: Dub, screens: list[Screen]):
    dub.open_all()
    screen = Screen([*COMMAND, *dub.arguments], dub.environment, columns=100)
    screens.append(screen)
    assert screen.end() == 0, screen.text
    lines = screen.lines
    for stage in ("stems", "transcript", "translation", "tts_segments", "segment_mixes", "final_video", "report"):
        assert len([line for line in lines if line.split()[0] == stage and "━" in line]) == 1, screen.text
    (job,) = [line.split()[1] for line in lines if line.startswith("job ")]
    commands = [line.strip() for line in lines if line.startswith("  dub-assets ")]
    assert [command.split()[1] for command in commands] == ["say", "mix"]
    assert all(command.split()[2] == job for command in commands)
    for command in commands:
        arguments = shlex.split(command)[1:]
        run = subprocess.run([*COMMAND, *arguments], env=dub.environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr


def test_bars_follow_the_width_of_a_terminal_that_is_resized(dub: Dub, screens: list[Screen]):
    screen = Screen([*COMMAND, *dub.arguments], dub.environment, columns=100)
    screens.append(screen)
    screen.wait_for("0/2 lines")
    screen.resize(48)
    dub.open(0)
    screen.wait_for("1/2 lines")
    dub.open_all()
    assert screen.end() == 0, screen.text


def test_colours_are_off_where_the_user_wants_none(dub: Dub, screens: list[Screen]):
    dub.open_all()
    screen = Screen([*COMMAND, *dub.arguments], dub.environment | {"NO_COLOR": "1"}, columns=100)
    screens.append(screen)
    assert screen.end() == 0, screen.text
    assert "tts_segments" in screen.text
    assert b"\x1b[3" not in screen.raw.replace(b"\x1b[3A", b"")
    assert b"\x1b[38" not in screen.raw


def test_a_dumb_terminal_gets_plain_lines(dub: Dub, screens: list[Screen]):
    screen = Screen([*COMMAND, *dub.arguments], dub.environment | {"TERM": "dumb"}, columns=100)
    screens.append(screen)
    screen.wait_for("tts_segments: 2 lines")
    dub.open_all()
    assert screen.end() == 0, screen.text
    assert b"\x1b" not in screen.raw


def test_a_pipe_gets_each_stage_as_it_begins_and_ends(dub: Dub):
    run = subprocess.Popen(
        [*COMMAND, *dub.arguments], env=dub.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = []
    for line in run.stderr:
        said.append(line.rstrip("\n"))
        if line.startswith("tts_segments: 2 lines"):
            break  # written while the first line is still waiting for its gate
    dub.open_all()
    out, rest = run.communicate()
    assert run.returncode == 0, rest
    said += rest.splitlines()
    assert said[0] == "stems: begins"
    assert "stems: 0:04" in said
    assert any(line.startswith("tts_segments: done after ") for line in said)
    for stage in ("final_video", "quality", "metadata", "report"):
        assert f"{stage}: begins" in said
    assert "noise" not in out + rest
    assert "\x1b" not in out + rest


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_programs_get_nothing_but_the_result(dub: Dub, option: str):
    dub.open_all()
    run = subprocess.run(
        [*COMMAND, *dub.arguments, option], env=dub.environment, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    if option == "--json":
        assert Path(json.loads(run.stdout)["files"]["video"]).name == "talk [1080p].pt.mp4"
    else:
        assert run.stdout == ""


def test_the_output_of_a_step_is_in_dagsters_compute_logs(dub: Dub, tmp_path: Path):
    dub.open_all()
    subprocess.run([*COMMAND, *dub.arguments, "--quiet"], env=dub.environment, check=True)
    logs = (tmp_path / "home" / "dagster").rglob("*.err")
    assert any("noise of a library on standard error" in path.read_text() for path in logs)
