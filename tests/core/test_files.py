"""Atomic writes, disk errors, and the removal of temporary files that killed processes left."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dub_assets.core import files
from dub_assets.core.errors import ConfigurationError, InputError, OutOfSpaceError, PermanentError
from dub_assets.core.files import (
    atomic_file,
    disk_errors,
    full_disk_of,
    open_regular,
    remove_abandoned,
    require_writable,
    temporary_folder,
    write_atomic,
)

WRITER = """
import sys, time
from pathlib import Path
from dub_assets.core.files import atomic_file, temporary_folder
folder = Path(sys.argv[1])
with atomic_file(folder / "mix.flac") as partial, temporary_folder(folder) as rendering:
    partial.write_bytes(b"half")
    (rendering / "dub.m4a").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("options", [{}, {"durable": True}])
def test_a_file_replaces_its_target_only_when_it_is_complete(tmp_path: Path, options: dict[str, bool]):
    target = tmp_path / "missing" / "folder" / "mix.flac"
    write_atomic(target, b"before")
    with pytest.raises(ZeroDivisionError), atomic_file(target, **options) as partial:
        partial.write_bytes(b"half" * (1 // 0))
    assert target.read_bytes() == b"before"
    with atomic_file(target, **options) as partial:
        partial.write_bytes(b"after")
        assert target.read_bytes() == b"before"
    assert target.read_bytes() == b"after"
    assert names(target.parent) == ["mix.flac"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_error_leaves_no_temporary_file(tmp_path: Path, number: int):
    with pytest.raises((OutOfSpaceError, OSError)), atomic_file(tmp_path / "mix.flac"):
        raise OSError(number, "full")
    assert names(tmp_path) == []


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path):
    (tmp_path / "mix.flac").mkdir()
    with pytest.raises(InputError, match=r"mix\.flac"):
        write_atomic(tmp_path / "mix.flac", b"")
    assert names(tmp_path) == ["mix.flac"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ENOSPC", OutOfSpaceError),
        ("EDQUOT", OutOfSpaceError),
        ("EACCES", OutOfSpaceError),
        ("EROFS", OutOfSpaceError),
        ("EXDEV", ConfigurationError),
        ("ENAMETOOLONG", InputError),
        ("ENOENT", FileNotFoundError),
        ("EIO", OSError),
    ],
)
def test_a_disk_error_says_what_to_do_and_an_unknown_one_passes(name: str, kind: type[Exception]):
    number = getattr(errno, name)
    with pytest.raises(kind) as caught, disk_errors(Path("folder/a.wav")):
        raise OSError(number, os.strerror(number))
    assert isinstance(caught.value, PermanentError) == (kind not in {FileNotFoundError, OSError})
    assert "\n" not in str(caught.value)


def test_removes_temporary_files_of_a_killed_process_and_keeps_those_of_a_live_one(
    tmp_path: Path, writer: subprocess.Popen[str]
):
    kept = tmp_path / ".hidden.partial.flac"
    kept.touch()
    before = names(tmp_path)
    assert len(before) == 3
    remove_abandoned(tmp_path.parent, recursive=True)
    assert names(tmp_path) == before
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    remove_abandoned(tmp_path.parent, recursive=False)
    assert names(tmp_path) == before
    remove_abandoned(tmp_path.parent, recursive=True)
    assert names(tmp_path) == [kept.name]


def test_keeps_temporary_files_of_this_process(tmp_path: Path):
    with atomic_file(tmp_path / "mix.flac") as partial, temporary_folder(tmp_path) as folder:
        partial.write_bytes(b"whole")
        remove_abandoned(tmp_path, recursive=True)
        assert partial.exists()
        assert folder.exists()
    assert names(tmp_path) == ["mix.flac"]


def test_removes_the_temporary_files_of_earlier_versions(tmp_path: Path):
    (tmp_path / f".{'0' * 32}.partial.flac").touch()
    (tmp_path / ".render-ab12cd_9").mkdir()
    remove_abandoned(tmp_path, recursive=True)
    assert names(tmp_path) == []


def test_removes_unlocked_files_of_earlier_versions_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    part = tmp_path / f".{'0' * 32}.part"
    part.touch()
    os.utime(part, (0, 0))  # a hard link has its source's time of modification
    remove_abandoned(tmp_path, recursive=True)
    assert part.exists()
    now = time.time()
    monkeypatch.setattr(files.time, "time", lambda: now + 2 * 24 * 3600)
    remove_abandoned(tmp_path, recursive=True)
    assert not part.exists()


def test_a_folder_without_room_is_refused_with_the_sizes(tmp_path: Path):
    require_writable(tmp_path, advice="name another folder", size_bytes=1)
    with pytest.raises(
        ConfigurationError, match=rf"\d bytes can be written, {2**62} are needed\): name another folder"
    ):
        require_writable(tmp_path, advice="name another folder", size_bytes=2**62)


def test_a_limit_of_the_size_of_files_counts_as_the_room_of_a_folder(tmp_path: Path):
    program = (
        "import resource, sys; from pathlib import Path; from dub_assets.core.files import require_writable;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192));"
        "require_writable(Path(sys.argv[1]), advice='name another folder', size_bytes=8193)"
    )
    run = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert "8192 bytes can be written, 8193 are needed" in run.stderr


def test_a_folder_whose_name_is_not_utf8_is_refused(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        require_writable(tmp_path / os.fsdecode(b"caf\xe9"), advice="name another folder")


def test_finds_a_full_disk_behind_other_errors():
    error = RuntimeError("the event could not be stored")
    assert full_disk_of(error) is None
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "events.db")
    assert "No space left on device: 'events.db'" in full_disk_of(error)


def test_finds_a_full_database(tmp_path: Path):
    database = sqlite3.connect(tmp_path / "runs.db")
    database.execute("PRAGMA max_page_count = 2")
    database.execute("CREATE TABLE runs (body BLOB)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("INSERT INTO runs VALUES (zeroblob(100000))")
    database.close()
    assert "database or disk is full" in full_disk_of(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_regular_file_is_not_read(tmp_path, kind):
    paths = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}
    os.mkfifo(paths["pipe"])

    with pytest.raises(OSError, match=r"it is no regular file|it is a folder"):
        open_regular(paths[kind])
