"""The progress that a run shows on a terminal, and what it writes to pipes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from support.gated_dub import GatedDub


@pytest.mark.parametrize("columns", [40, 200])
def test_a_terminal_shows_a_moving_bar(gated: GatedDub, open_screen, columns: int):
    screen = open_screen(gated, *gated.dub, columns=columns)
    screen.wait_for("tts_segments.* 0/2 lines")
    gated.open(0)
    between = screen.wait_for("tts_segments.* 1/2 lines", "translation")
    gated.open_all()
    assert screen.end() == 0, screen.text
    assert [line.split()[0] for line in between if line.split()[0] in {"stems", "transcript", "translation"}] == [
        "stems",
        "transcript",
        "translation",
    ]
    assert "noise of a library" not in screen.text
    assert not screen.cursor_is_hidden


def test_mix_shows_its_progress(gated_edit: tuple[GatedDub, str], open_screen):
    gated, job = gated_edit
    screen = open_screen(gated, "mix", job, "1", "--bgm-gain", "0.2", "--rebuild")
    gated.wait_for_gate("edit")
    between = screen.wait_for("segment_mixes.* 2/2 lines", "final_video.* 0:04/0:04")
    assert screen.process.poll() is None
    gated.open_all()
    assert screen.end() == 0, screen.text
    stages = [line.split() for line in between if line.split()[-1] != "--rebuild"]
    assert not [words for words in stages if "quality" in words]
    assert [line for line in screen.lines if line.split()[0] == "0001"]
    assert not screen.cursor_is_hidden


def test_say_shows_its_progress(gated_edit: tuple[GatedDub, str], open_screen):
    gated, job = gated_edit
    screen = open_screen(gated, "say", job, "1", "Boa noite.", "--rebuild")
    screen.wait_for("0/1 lines")
    gated.wait_for_gate(0)
    gated.open(0)
    screen.wait_for("1/1 lines")
    gated.wait_for_gate("edit")
    assert screen.process.poll() is None
    gated.open_all()
    assert screen.end() == 0, screen.text
    assert [line for line in screen.lines if line.split()[0] == "0001"]
    assert "results/talk.pt.mp4" in screen.text
    assert "noise of a library" not in screen.text
    assert not screen.cursor_is_hidden


def test_the_summary_has_edit_commands_that_work(gated: GatedDub, open_screen):
    gated.open_all()
    screen = open_screen(gated, *gated.dub)
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
        run = gated.run(*arguments)
        assert run.returncode == 0, run.stderr


def test_bars_adapt_to_a_resized_terminal(gated: GatedDub, open_screen):
    screen = open_screen(gated, *gated.dub)
    screen.wait_for("0/2 lines")
    screen.resize(48)
    gated.open(0)
    screen.wait_for("1/2 lines")
    gated.open_all()
    assert screen.end() == 0, screen.text


def test_no_color_turns_colours_off(gated: GatedDub, open_screen):
    gated.open_all()
    screen = open_screen(gated, *gated.dub, NO_COLOR="1")
    assert screen.end() == 0, screen.text
    assert "tts_segments" in screen.text
    assert b"\x1b[3" not in screen.raw.replace(b"\x1b[3A", b"")
    assert b"\x1b[38" not in screen.raw


def test_a_dumb_terminal_gets_plain_lines(gated: GatedDub, open_screen):
    screen = open_screen(gated, *gated.dub, TERM="dumb")
    screen.wait_for("tts_segments: 2 lines")
    gated.open_all()
    assert screen.end() == 0, screen.text
    assert b"\x1b" not in screen.raw


def test_a_pipe_gets_the_start_and_end_of_each_stage(gated: GatedDub):
    process = gated.start(*gated.dub)
    lines = []
    for line in process.stderr:
        lines.append(line.rstrip("\n"))
        if line.startswith("tts_segments: 2 lines"):
            break  # printed while the first line of speech still waits for its gate
    gated.open_all()
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    lines += errors.splitlines()
    assert lines[0] == "stems: begins"
    assert "stems: 0:04" in lines
    assert any(line.startswith("tts_segments: done after ") for line in lines)
    for stage in ("final_video", "quality", "metadata", "report"):
        assert f"{stage}: begins" in lines
    assert "noise" not in output + errors
    assert "\x1b" not in output + errors


def test_json_is_the_only_output(gated: GatedDub):
    gated.open_all()
    run = gated.run(*gated.dub, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert Path(json.loads(run.stdout)["files"]["video"]).name == "talk [1080p].pt.mp4"


def test_a_quiet_run_prints_nothing_and_the_output_of_steps_is_in_compute_logs(gated: GatedDub):
    gated.open_all()
    run = gated.run(*gated.dub, "--quiet")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    logs = (gated.folder / "dagster").rglob("*.err")
    assert any("noise of a library on standard error" in path.read_text() for path in logs)
