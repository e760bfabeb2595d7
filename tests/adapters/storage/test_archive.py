"""Values with their media: what is there after every way in which a save can end."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from support.waiting import wait_until

from dub_assets.adapters.aws import aws_client
from dub_assets.adapters.storage.archive import JobArchive, media_in
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.codec import decode
from dub_assets.core.errors import ObjectCorruptError, ObjectMissingError, StorageUnavailableError
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import ObjectStore
from dub_assets.core.timing import Interval

MANIFEST = "projects/p/interim/7/manifests/lines.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    interval: Interval
    clip: MediaObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    title: str
    lines: tuple[Line, ...]
    stems: Mapping[str, MediaObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A value that can do without some of its lines."""

    lines: tuple[Line, ...]

    def without(self, lost):
        return Parts(lines=tuple(line for line in self.lines if line.clip not in lost))


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderLines:
    """What the class above was called before."""

    title: str


class Watched(LocalObjectStore):
    """A local store that writes down what is asked of it, and breaks at the nth write."""

    def __init__(self, root: Path, *, fail_at: int | None = None) -> None:
        super().__init__(root)
        self.writes: list[str] = []
        self.fail_at = fail_at
        self._lock = threading.Lock()

    def _count(self, key: str) -> None:
        with self._lock:
            self.writes.append(key)
            if len(self.writes) == self.fail_at:
                raise StorageUnavailableError("the store broke")

    def put(self, key, content, content_type):
        self._count(key)
        super().put(key, content, content_type)

    def upload(self, key, source, *, content_type, sha256):
        self._count(key)
        super().upload(key, source, content_type=content_type, sha256=sha256)


def make(workspace: LocalWorkspace, version: str, count: int = 5) -> Lines:
    """A value whose media say the version; the first of them is the same in every version."""
    clips = [
        workspace.write(
            f"projects/p/interim/7/segments/{index:04d}_tts.wav", f"{version if index else ''} {index}".encode()
        )
        for index in range(count)
    ]
    return Lines(
        title=version,
        lines=(
            Line(interval=Interval(start_ms=0, end_ms=1), clip=None),
            *(Line(interval=Interval(start_ms=index, end_ms=index + 1), clip=clip) for index, clip in enumerate(clips)),
        ),
        stems={"vocals": workspace.write("projects/p/interim/7/stems/vocals.flac", f"{version} v".encode())},
    )


@pytest.fixture
def store(tmp_path) -> Watched:
    return Watched(tmp_path / "store")


@pytest.fixture
def archive(store, tmp_path) -> JobArchive:
    return JobArchive(store, LocalWorkspace(tmp_path / "workspace", store))


@pytest.fixture
def saved(archive) -> Lines:
    value = make(archive.workspace, "first")
    archive.save(MANIFEST, value)
    return value


def somewhere_else(store: ObjectStore, tmp_path: Path) -> JobArchive:
    """The archive as another machine sees it."""
    return JobArchive(store, LocalWorkspace(tmp_path / "elsewhere", store))


def broken(archive: JobArchive, how: str) -> str:
    """Damage one of the media, and say which."""
    key = "projects/p/interim/7/segments/0003_tts.wav"
    if how == "gone":
        archive.store.delete([key])
    else:
        archive.store.put(key, {"other size": b"longer than before", "same size": b"FIRST 3"}[how], "audio/wav")
    return key


def test_media_are_found_wherever_they_are_in_a_value(archive):
    assert sorted(media.key[-8:] for media in media_in(make(archive.workspace, "x", 3))) == [
        "_tts.wav",
        "_tts.wav",
        "_tts.wav",
        "als.flac",
    ]
    assert list(media_in(Line(interval=Interval(start_ms=0, end_ms=1), clip=None))) == []


def test_loads_a_saved_value_with_its_media_on_another_machine(archive, saved, store, tmp_path):
    other = somewhere_else(store, tmp_path)
    assert other.load(Lines, MANIFEST) == saved
    assert other.workspace.open(saved.stems["vocals"]).read_bytes() == b"first v"
    assert other.find(Lines, MANIFEST) == saved


def test_the_manifest_is_written_last(saved, store):
    assert store.writes[-1] == MANIFEST
    assert sorted(store.writes[:-1]) == sorted(media.key for media in media_in(saved))


def test_unchanged_media_are_not_sent_again(archive, saved, store):
    store.writes.clear()
    archive.save(MANIFEST, saved)
    assert store.writes == [MANIFEST]
    archive.save(MANIFEST, make(archive.workspace, "again"))
    assert "projects/p/interim/7/segments/0000_tts.wav" not in store.writes
    assert len(store.writes) == 1 + 5 + 1


def test_a_value_without_media_is_only_a_manifest(archive, store):
    line = Line(interval=Interval(start_ms=0, end_ms=1), clip=None)
    archive.save("jobs/7.json", line)
    assert store.writes == ["jobs/7.json"]
    assert archive.load(Line, "jobs/7.json") == line


def test_media_made_elsewhere_need_no_local_file_to_be_saved_again(saved, store, tmp_path):
    other = somewhere_else(store, tmp_path)
    other.save(MANIFEST, other.load(Lines, MANIFEST))
    assert not (tmp_path / "elsewhere").exists()


def test_one_key_with_two_contents_is_refused_before_anything_is_sent(archive, store):
    first = archive.workspace.write("a.wav", b"1")
    second = archive.workspace.write("a.wav", b"2")
    with pytest.raises(ValueError, match=r"a\.wav with two different contents"):
        archive.save(MANIFEST, Lines(title="x", lines=(), stems={"a": first, "b": second}))
    assert store.writes == []


def test_a_manifest_that_is_not_there_is_missing_or_none(archive):
    with pytest.raises(ObjectMissingError, match=MANIFEST):
        archive.load(Lines, MANIFEST)
    assert archive.find(Lines, MANIFEST) is None


@pytest.mark.parametrize(
    ("how", "kind"),
    [("gone", ObjectMissingError), ("other size", ObjectCorruptError), ("same size", ObjectCorruptError)],
)
def test_a_manifest_whose_media_are_not_what_they_were_is_not_loaded(archive, saved, how, kind, caplog):
    key = broken(archive, how)
    caplog.set_level(logging.WARNING, "dub_assets")
    with pytest.raises(kind, match=rf"{key}.*{MANIFEST}.*regenerate it"):
        archive.load(Lines, MANIFEST)
    assert caplog.records == []
    assert archive.find(Lines, MANIFEST) is None
    assert [(record.levelno, key in record.getMessage()) for record in caplog.records] == [(logging.WARNING, True)]


def test_a_value_of_parts_is_found_without_those_whose_media_are_lost_but_never_loaded_so(archive, caplog):
    caplog.set_level(logging.WARNING, "dub_assets")
    parts = Parts(lines=make(archive.workspace, "first", 3).lines)
    archive.save(MANIFEST, parts)
    assert archive.find(Parts, MANIFEST) == parts
    archive.store.delete([parts.lines[1].clip.key])
    left = tuple(line for line in parts.lines if line is not parts.lines[1])
    assert archive.find(Parts, MANIFEST) == Parts(lines=left)
    assert [parts.lines[1].clip.key in record.getMessage() for record in caplog.records] == [True]
    with pytest.raises(ObjectMissingError):
        archive.load(Parts, MANIFEST)


def test_a_manifest_of_another_schema_is_named_with_both(archive, saved, caplog):
    with pytest.raises(ObjectCorruptError, match=rf"{MANIFEST}.*Lines/1.*OlderLines/1"):
        archive.load(OlderLines, MANIFEST)
    assert archive.find(OlderLines, MANIFEST) is None
    assert MANIFEST in caplog.text


def test_a_torn_manifest_is_made_again(archive, saved, store):
    store.put(MANIFEST, store.get(MANIFEST)[:100], "application/json")
    with pytest.raises(ObjectCorruptError, match="JSON"):
        archive.load(Lines, MANIFEST)
    assert archive.find(Lines, MANIFEST) is None


def test_a_store_that_is_away_is_not_taken_for_a_missing_manifest(archive, saved, monkeypatch):
    def away(key):
        raise StorageUnavailableError("away")

    monkeypatch.setattr(archive.store, "get", away)
    with pytest.raises(StorageUnavailableError):
        archive.find(Lines, MANIFEST)


def test_a_file_from_anywhere_is_put_once(archive, store, tmp_path):
    (tmp_path / "my talk.mp4").write_bytes(b"video")
    media = archive.put_file("projects/p/inputs/talk.mp4", tmp_path / "my talk.mp4")
    assert archive.put_file("projects/p/inputs/talk.mp4", tmp_path / "my talk.mp4") == media
    assert store.writes == ["projects/p/inputs/talk.mp4"]
    assert archive.workspace.adopt("projects/p/inputs/talk.mp4") == media


# -------------------------------------------------------------------------------------------- interrupted saves


@pytest.mark.parametrize("fail_at", range(1, 8))
def test_a_first_save_that_breaks_at_any_write_leaves_no_manifest(archive, store, fail_at):
    store.fail_at = fail_at
    value = make(archive.workspace, "first")
    with pytest.raises(StorageUnavailableError, match="broke"):
        archive.save(MANIFEST, value)
    assert archive.find(Lines, MANIFEST) is None
    assert store.head(MANIFEST) is None
    store.fail_at = None
    archive.save(MANIFEST, value)
    assert archive.load(Lines, MANIFEST) == value


class Slow(Watched):
    """A store far away."""

    def upload(self, key, source, *, content_type, sha256):
        super().upload(key, source, content_type=content_type, sha256=sha256)
        time.sleep(0.02)


def test_after_a_failure_waiting_media_are_not_sent(tmp_path):
    store = Slow(tmp_path / "store", fail_at=1)
    archive = JobArchive(store, LocalWorkspace(tmp_path / "workspace", store))
    with pytest.raises(StorageUnavailableError):
        archive.save(MANIFEST, make(archive.workspace, "first", 2000))
    assert len(store.writes) < 1000


@pytest.fixture
def interruptible():
    """A shell's background jobs ignore Ctrl-C, and their children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def main_thread_waits_for_a_result() -> bool:
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None and frame.f_code is not Future.result.__code__:
        frame = frame.f_back
    return frame is not None


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_stops_a_save_before_its_manifest(archive, store, monkeypatch):
    value = make(archive.workspace, "first", 2000)

    def interrupted(media):
        if media is value.lines[3].clip:
            wait_until(main_thread_waits_for_a_result, "the main thread", pause_s=0.01)
            os.kill(os.getpid(), signal.SIGINT)  # Ctrl-C: raised in the main thread
        return publish(media)

    publish = archive.workspace.publish
    monkeypatch.setattr(archive.workspace, "publish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        archive.save(MANIFEST, value)
    assert store.head(MANIFEST) is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("archive")]


class Killing(S3ObjectStore):
    """A bucket whose writer is killed, by the system, at the nth write: before it, or just after it."""

    calls: ClassVar[int] = 0
    lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, bucket, connect, *, at: int, after: bool) -> None:
        super().__init__(bucket, connect)
        self.at, self.after = at, after

    def _write(self, write) -> None:
        with self.lock:
            Killing.calls += 1
            last = Killing.calls == self.at
        if last and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        write()
        if last:
            os.kill(os.getpid(), signal.SIGKILL)

    def put(self, key, content, content_type):
        self._write(lambda: super(Killing, self).put(key, content, content_type))

    def upload(self, key, source, *, content_type, sha256):
        self._write(lambda: super(Killing, self).upload(key, source, content_type=content_type, sha256=sha256))


def save_and_be_killed(endpoint: str, bucket: str, root: str, at: str, after: str) -> None:
    """What the killed process does: make the second version and save it."""
    store = Killing(
        bucket,
        lambda: aws_client("s3", region="ap-northeast-2", endpoint_url=endpoint),
        at=int(at),
        after=after == "after",
    )
    archive = JobArchive(store, LocalWorkspace(Path(root), store))
    archive.save(MANIFEST, make(archive.workspace, "second"))


@pytest.mark.parametrize("after", ["before", "after"])
@pytest.mark.parametrize("at", [1, 3, 6, 7])
def test_a_writer_killed_at_any_write_leaves_the_older_manifest_or_the_newer_one_whole(
    aws_endpoint, connect, bucket, tmp_path, at, after
):
    """Six writes: five media (the first clip has not changed) and the manifest; a seventh never comes."""
    store = S3ObjectStore(bucket, connect)
    archive = JobArchive(store, LocalWorkspace(tmp_path / "first", store))
    first = make(archive.workspace, "first")
    archive.save(MANIFEST, first)
    second = make(LocalWorkspace(tmp_path / "reference", store), "second")

    script = "import sys, test_archive; test_archive.save_and_be_killed(*sys.argv[1:])"
    ended = subprocess.run(
        [sys.executable, "-c", script, aws_endpoint, bucket, str(tmp_path / "second"), str(at), after],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        check=False,
    )
    complete = at == 7 or (at == 6 and after == "after")
    assert ended.returncode == (0 if at == 7 else -signal.SIGKILL)

    manifest = decode(Lines, store.get(MANIFEST))
    assert manifest == (second if complete else first)
    stored = {media.key: store.head(media.key) for media in media_in(manifest)}
    assert all(stored.values()), "a manifest names what is not there"
    if complete:
        assert archive.load(Lines, MANIFEST) == second
    else:
        intact = all(stored[media.key].sha256 == media.sha256 for media in media_in(manifest))
        assert (archive.find(Lines, MANIFEST) == first) is intact
    again = JobArchive(store, LocalWorkspace(tmp_path / "second", store))
    again.save(MANIFEST, make(again.workspace, "second"))
    assert archive.load(Lines, MANIFEST) == second
    assert hashlib.sha256(archive.workspace.open(second.stems["vocals"]).read_bytes()).hexdigest() == (
        second.stems["vocals"].sha256
    )
