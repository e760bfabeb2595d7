"""Local copies of objects, against a real store in a folder, and in a bucket where the two differ."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.adapters.storage.workspace import LocalWorkspace
from dub_assets.core.errors import InputError, ObjectCorruptError, ObjectMissingError, OutOfSpaceError
from dub_assets.core.media import MediaObject
from dub_assets.core.object_key import content_type_of

KEY = "projects/p/interim/7/speech/0003.wav"


class Counting(LocalObjectStore):
    """A local store that counts the files that go in and out."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.uploads: list[str] = []
        self.downloads: list[str] = []

    def upload(self, key, source, *, content_type, sha256):
        self.uploads.append(key)
        super().upload(key, source, content_type=content_type, sha256=sha256)

    def download(self, key, target):
        self.downloads.append(key)
        super().download(key, target)


@pytest.fixture
def store(tmp_path) -> Counting:
    return Counting(tmp_path / "store")


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def workspace(root, store) -> LocalWorkspace:
    return LocalWorkspace(root, store)


def reference(key: str, content: bytes) -> MediaObject:
    return MediaObject(key=key, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def put(store, content: bytes, key: str = KEY) -> MediaObject:
    store.put(key, content, content_type_of(key))
    return reference(key, content)


def test_a_new_path_has_a_folder_and_no_file(workspace, root):
    path = workspace.new(KEY)
    assert path == root / KEY
    path.write_bytes(b"old")
    assert not workspace.new(KEY).exists()
    assert path.parent.is_dir()


def test_a_seal_is_the_size_and_checksum_of_what_was_written(workspace):
    workspace.new(KEY).write_bytes(b"speech")
    assert workspace.seal(KEY) == reference(KEY, b"speech")


def test_a_seal_follows_a_file_of_the_same_size_written_right_after(workspace):
    for content in (b"one", b"two", b"six"):
        workspace.new(KEY).write_bytes(content)
        assert workspace.seal(KEY) == reference(KEY, content)


def test_sealing_a_missing_file_is_an_error(workspace):
    workspace.new(KEY)
    with pytest.raises(ObjectMissingError, match=KEY):
        workspace.seal(KEY)


def test_a_small_file_is_written_whole_and_sealed(workspace, root):
    assert workspace.write(KEY, b"1\n") == reference(KEY, b"1\n")
    assert workspace.write(KEY, b"2\n") == reference(KEY, b"2\n")
    assert (root / KEY).read_bytes() == b"2\n"


def test_opening_fetches_once_and_then_uses_the_local_file(workspace, store):
    media = put(store, b"speech")
    assert workspace.open(media).read_bytes() == b"speech"
    assert workspace.open(media).read_bytes() == b"speech"
    assert store.downloads == [KEY]


def test_a_file_just_written_is_opened_without_the_store(workspace, store):
    workspace.new(KEY).write_bytes(b"speech")
    assert workspace.open(workspace.seal(KEY)).read_bytes() == b"speech"
    assert store.downloads == []


def test_a_local_file_that_is_another_one_is_fetched_again(workspace, store, root):
    media = put(store, b"speech")
    for other in (b"SPEECH", b"longer than that"):
        workspace.new(KEY).write_bytes(other)
        assert workspace.open(media).read_bytes() == b"speech"


def test_opening_an_object_that_is_gone_names_its_key(workspace, root):
    with pytest.raises(ObjectMissingError, match=KEY):
        workspace.open(reference(KEY, b"gone"))
    assert [path for path in root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("stored", [b"SPEECH", b"spee", b""])
def test_opening_an_object_that_is_another_one_names_its_key_and_keeps_no_file(workspace, store, root, stored):
    put(store, stored)
    with pytest.raises(ObjectCorruptError, match=KEY):
        workspace.open(reference(KEY, b"speech"))
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_publishing_sends_a_file_once(workspace, store):
    media = workspace.write(KEY, b"speech")
    assert workspace.publish(media)
    assert not workspace.publish(media)
    assert store.uploads == [KEY]
    assert store.head(KEY).sha256 == media.sha256


def test_publishing_what_the_store_has_needs_no_local_file(workspace, store):
    assert not workspace.publish(put(store, b"speech"))


def test_publishing_replaces_an_object_of_the_same_size(workspace, store):
    put(store, b"before")
    assert workspace.publish(workspace.write(KEY, b"behind"))
    assert store.get(KEY) == b"behind"


def test_publishing_a_missing_file_is_an_error(workspace):
    with pytest.raises(ObjectMissingError, match=KEY):
        workspace.publish(reference(KEY, b"gone"))


def test_a_file_written_again_after_its_seal_is_not_published(workspace, store):
    media = workspace.write(KEY, b"sealed")
    workspace.write(KEY, b"other!")
    with pytest.raises(ObjectCorruptError, match="since it was sealed"):
        workspace.publish(media)
    assert store.head(KEY) is None


def test_a_key_cannot_lead_out_of_the_workspace(workspace):
    for call in (workspace.new, workspace.seal, workspace.adopt):
        with pytest.raises(InputError):
            call("projects/../../../etc/")


def test_a_workspace_that_cannot_be_used_says_what_to_do(tmp_path, store, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutOfSpaceError, match="choose another"):
        LocalWorkspace(tmp_path / "workspace", store).new(KEY)


# -------------------------------------------------------------------------------- objects that others wrote

INPUT = "projects/p/inputs/talk.mp4"


def test_an_input_in_a_folder_is_adopted_and_fetched_once(workspace, store, tmp_path):
    (tmp_path / "store/projects/p/inputs").mkdir(parents=True)
    (tmp_path / "store" / INPUT).write_bytes(b"video")
    assert workspace.adopt(INPUT) == reference(INPUT, b"video")
    assert workspace.adopt(INPUT) == reference(INPUT, b"video")
    assert store.downloads == [INPUT]


def test_adopting_a_missing_object_is_an_error(workspace):
    with pytest.raises(ObjectMissingError, match=INPUT):
        workspace.adopt(INPUT)


@pytest.fixture
def producer(connect, bucket):
    """Puts an object into the bucket as producers do: without a checksum, with their own metadata."""

    def upload(content: bytes) -> None:
        connect().put_object(Bucket=bucket, Key=INPUT, Body=content, Metadata={"uploader": "app"})

    return upload


@pytest.fixture
def in_s3(root, connect, bucket) -> LocalWorkspace:
    return LocalWorkspace(root, S3ObjectStore(bucket, connect))


def test_an_input_in_s3_is_adopted_by_its_content_as_it_is_now(in_s3, producer):
    producer(b"video")
    assert in_s3.adopt(INPUT) == reference(INPUT, b"video")
    producer(b"VIDEO")
    assert in_s3.adopt(INPUT) == reference(INPUT, b"VIDEO")


def test_an_adopted_input_is_never_written_back(in_s3, producer, connect, bucket, root):
    producer(b"video")
    media = in_s3.adopt(INPUT)
    assert not in_s3.publish(media)
    assert not LocalWorkspace(root, S3ObjectStore(bucket, connect)).publish(media)
    assert connect().head_object(Bucket=bucket, Key=INPUT)["Metadata"] == {"uploader": "app"}


def test_an_object_of_an_older_system_with_the_same_size_is_replaced(in_s3, producer):
    producer(b"from the older system")
    media = in_s3.write(INPUT, b"from the newer system")
    assert in_s3.publish(media)
    assert in_s3.is_stored(media)
