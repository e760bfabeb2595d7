"""The lock of a job, with real processes that hold it and are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dub_assets.adapters.storage.job_lock import job_lock
from dub_assets.core.errors import InputError, OutOfSpaceError

HOLDER = """
import sys, time
from pathlib import Path
from dub_assets.adapters.storage.job_lock import job_lock
with job_lock([Path(sys.argv[1])], "talk", waits=print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def ending(process: subprocess.Popen[str], lines: list[str], end: Callable[[], None]) -> Callable[[str], None]:
    """Return a callback of a wait that keeps the line and ends the process that is waited for."""

    def waits(line: str) -> None:
        lines.append(line)
        assert process.poll() is None
        end()

    return waits


def test_waits_for_the_process_that_holds_the_lock(tmp_path: Path, holder):
    lines: list[str] = []
    with job_lock([tmp_path], "talk", waits=ending(holder, lines, holder.stdin.close)):
        (line,) = lines
        assert f"job talk is in use by process {holder.pid} on " in line


def test_a_killed_process_holds_no_lock(tmp_path: Path, holder):
    lines: list[str] = []
    with job_lock([tmp_path], "talk", waits=ending(holder, lines, holder.kill)):
        assert len(lines) == 1


def test_other_jobs_do_not_wait(tmp_path: Path, holder):
    with job_lock([tmp_path], "other", waits=pytest.fail):
        assert holder.poll() is None


def test_a_wait_that_is_cancelled_names_the_process(tmp_path: Path, holder):
    with (
        pytest.raises(InputError, match=f"still in use by process {holder.pid}"),
        job_lock([tmp_path], "talk", waits=lambda _: None, cancelled=lambda: True),
    ):
        pytest.fail("the lock is held elsewhere")
    assert holder.poll() is None


def test_the_process_that_holds_a_lock_may_take_it_again(tmp_path: Path):
    with job_lock([tmp_path], "talk", waits=pytest.fail):
        with job_lock([tmp_path], "talk", waits=pytest.fail):
            pass
        other = subprocess.run(
            [sys.executable, "-c", HOLDER.replace("waits=print", "waits=print, cancelled=lambda: True"), str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "is in use by process" in other.stdout
        assert "held" not in other.stdout.splitlines()


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises((InputError, OutOfSpaceError), match="file"), job_lock([tmp_path / "file"], "x", waits=print):
        pytest.fail("there is no folder")
