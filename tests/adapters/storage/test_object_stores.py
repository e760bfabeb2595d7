"""What every object store keeps to, on a real folder and on a real server of the S3 protocol."""

from __future__ import annotations

import gc
import hashlib
import itertools
import os
import resource
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from dagster_aws.s3 import S3Resource
from support.answers import answering
from support.ports import closed_port

from dub_assets.adapters.aws import ClientLimits, aws_client
from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.core.errors import (
    ConfigurationError,
    InputError,
    ObjectMissingError,
    OutOfSpaceError,
    StorageUnavailableError,
)
from dub_assets.core.files import temporary_folder
from dub_assets.core.media import StoredObject
from dub_assets.core.object_key import content_type_of
from dub_assets.core.ports import ObjectStore

MEBIBYTE = 1024 * 1024
UNUSABLE_KEYS = [
    "",
    "/etc/passwd",
    "../up.wav",
    "a/../../up.wav",
    "a//b.wav",
    "a/./b.wav",
    "folder/",
    "back\\slash.wav",
    "line\nbreak.wav",
    "nul\0.wav",
    ".dub_assets/sha256/a.wav",
    ".DUB_assets/a.wav",
    "\ud800.wav",
    "a/" + "k" * 1024,
]


@pytest.fixture(params=["local", "linking", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """A store in a folder, one that links files of ``tmp_path`` into its folder, and one in a bucket."""
    if request.param == "s3":
        connect, bucket = request.getfixturevalue("connect"), request.getfixturevalue("bucket")
        return S3ObjectStore(bucket, connect, part_bytes=5 * MEBIBYTE)
    return LocalObjectStore(tmp_path / "store", shared=tmp_path if request.param == "linking" else None)


@pytest.fixture
def s3(connect, bucket) -> S3ObjectStore:
    return S3ObjectStore(bucket, connect)


class Source(NamedTuple):
    path: Path
    content: bytes
    sha256: str


def source(path: Path, content: bytes) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Source(path, content, hashlib.sha256(content).hexdigest())


def upload(store: ObjectStore, key: str, file: Source) -> None:
    store.upload(key, file.path, content_type=content_type_of(key), sha256=file.sha256)


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [stored.key for stored in store.list(prefix)]


# ------------------------------------------------------------------------------------------------ every store


def test_a_stored_object_has_its_content_size_and_checksum(store):
    store.put("jobs/7.json", b'{"a": 1}', "application/json")
    assert store.get("jobs/7.json") == b'{"a": 1}'
    assert store.head("jobs/7.json") == StoredObject(
        key="jobs/7.json", size_bytes=8, sha256=hashlib.sha256(b'{"a": 1}').hexdigest()
    )


def test_an_uploaded_file_comes_back_with_its_checksum(store, tmp_path):
    file = source(tmp_path / "in" / "a.wav", os.urandom(3000))
    upload(store, "projects/p/음성 파일.wav", file)
    assert store.head("projects/p/음성 파일.wav") == StoredObject(
        key="projects/p/음성 파일.wav", size_bytes=3000, sha256=file.sha256
    )
    store.download("projects/p/음성 파일.wav", tmp_path / "out" / "b.wav")
    assert (tmp_path / "out" / "b.wav").read_bytes() == file.content


def test_a_file_of_several_parts_comes_back(store, tmp_path):
    file = source(tmp_path / "big.flac", os.urandom(12 * MEBIBYTE + 1))
    upload(store, "big.flac", file)
    assert store.head("big.flac") == StoredObject(key="big.flac", size_bytes=len(file.content), sha256=file.sha256)
    store.download("big.flac", tmp_path / "back.flac")
    assert hashlib.sha256((tmp_path / "back.flac").read_bytes()).hexdigest() == file.sha256


def test_an_empty_file_is_an_object(store, tmp_path):
    upload(store, "empty.srt", source(tmp_path / "empty", b""))
    assert store.get("empty.srt") == b""
    store.download("empty.srt", tmp_path / "back.srt")
    assert (tmp_path / "back.srt").read_bytes() == b""


def test_a_second_upload_replaces_the_first(store, tmp_path):
    upload(store, "a.wav", source(tmp_path / "1.wav", b"first"))
    second = source(tmp_path / "2.wav", b"other")
    upload(store, "a.wav", second)
    assert store.get("a.wav") == b"other"
    assert store.head("a.wav").sha256 == second.sha256
    assert keys(store) == ["a.wav"]


def test_uploading_the_same_file_twice_changes_nothing(store, tmp_path):
    file = source(tmp_path / "1.wav", b"same")
    upload(store, "a.wav", file)
    upload(store, "a.wav", file)
    assert store.head("a.wav").sha256 == file.sha256
    assert keys(store) == ["a.wav"]


def test_replacing_the_source_file_leaves_the_object_as_it_was(store, tmp_path):
    file = source(tmp_path / "1.wav", b"uploaded")
    upload(store, "a.wav", file)
    file.path.unlink()
    file.path.write_bytes(b"replaced")
    assert store.get("a.wav") == b"uploaded"


def test_downloading_replaces_the_older_file(store, tmp_path):
    store.put("a.json", b"new", "application/json")
    target = source(tmp_path / "a.json", b"older and longer").path
    store.download("a.json", target)
    assert target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "store") == ["a.json"]


def test_only_one_of_several_writers_creates_an_object(store):
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda number: store.create("a.json", b"%d" % number, "application/json"), range(8)))
    assert store.get("a.json") == b"%d" % created.index(True)
    assert created.count(True) == 1
    assert store.create("folder/b.json", b"", "application/json")
    assert keys(store) == ["a.json", "folder/b.json"]


def test_a_copy_has_content_size_and_checksum_and_stays_without_the_original(store, tmp_path):
    file = source(tmp_path / "1.flac", os.urandom(6 * MEBIBYTE))
    upload(store, "a/1.flac", file)
    store.put("b/2.flac", b"older", "audio/flac")
    store.copy("a/1.flac", "b/2.flac")
    upload(store, "a/1.flac", source(tmp_path / "2.flac", b"another"))
    store.delete(["a/1.flac"])
    assert store.get("b/2.flac") == file.content
    assert store.head("b/2.flac") == StoredObject(key="b/2.flac", size_bytes=len(file.content), sha256=file.sha256)
    with pytest.raises(ObjectMissingError, match=r"a/1\.flac"):
        store.copy("a/1.flac", "c.flac")
    assert keys(store) == ["b/2.flac"]


def test_an_object_that_others_wrote_is_copied(s3, bucket, connect):
    connect().put_object(Bucket=bucket, Key="in.mp4", Body=b"video")
    s3.copy("in.mp4", "copy.mp4")
    assert s3.get("copy.mp4") == b"video"
    assert s3.head("copy.mp4").sha256 is None


def test_an_absent_object_has_no_head_and_cannot_be_read(store, tmp_path):
    assert store.head("projects/none.wav") is None
    with pytest.raises(ObjectMissingError, match=r"projects/none\.wav"):
        store.get("projects/none.wav")
    with pytest.raises(ObjectMissingError, match=r"projects/none\.wav"):
        store.download("projects/none.wav", tmp_path / "none.wav")
    assert not (tmp_path / "none.wav").exists()


def test_a_folder_of_objects_is_no_object(store, tmp_path):
    store.put("a/b.json", b"1", "application/json")
    assert store.head("a") is None
    assert store.head("a/b.json/c") is None
    for key in ("a", "a/b.json/c"):
        with pytest.raises(ObjectMissingError):
            store.get(key)
        with pytest.raises(ObjectMissingError):
            store.download(key, tmp_path / "folder")
    store.delete(["a", "a/b.json/c"])
    assert keys(store) == ["a/b.json"]


def test_a_listing_can_leave_out_folders(store):
    for key in ("jobs/a.json", "jobs/b.json", "jobs/callbacks/a.json", "jobs.json"):
        store.put(key, b"{}", "application/json")
    assert [stored.key for stored in store.list("jobs/", recursive=False)] == ["jobs/a.json", "jobs/b.json"]
    assert [stored.key for stored in store.list("jobs/b", recursive=False)] == ["jobs/b.json"]
    assert [stored.key for stored in store.list("", recursive=False)] == ["jobs.json"]


def test_a_listing_is_sorted_by_key_and_begins_with_the_prefix(store):
    for key in ("a/b.json", "a-c.json", "a/a/z.json", "ab.json", "b.json", "한.json"):
        store.put(key, b"12", "application/json")
    assert keys(store) == ["a-c.json", "a/a/z.json", "a/b.json", "ab.json", "b.json", "한.json"]
    assert keys(store, "a/") == ["a/a/z.json", "a/b.json"]
    assert keys(store, "a") == ["a-c.json", "a/a/z.json", "a/b.json", "ab.json"]
    assert keys(store, "a/b") == ["a/b.json"]
    assert keys(store, "none/") == []
    assert next(iter(store.list("b"))) == StoredObject(key="b.json", size_bytes=2, sha256=None)


def test_deleting_nothing_is_no_error(store):
    store.put("a.json", b"{}", "application/json")
    store.delete([])
    assert keys(store) == ["a.json"]


def test_a_key_that_is_no_plain_relative_path_is_refused_everywhere(store, tmp_path):
    file = source(tmp_path / "1.wav", b"x")
    calls = [
        store.head,
        store.get,
        lambda key: store.put(key, b"", "application/json"),
        lambda key: store.create(key, b"", "application/json"),
        lambda key: store.copy("a.json", key),
        lambda key: upload(store, key, file),
        lambda key: store.download(key, tmp_path / "x"),
        lambda key: store.delete([key]),
        store.link,
    ]
    for key, call in itertools.product(UNUSABLE_KEYS, calls):
        with pytest.raises(InputError, match="object key") as caught:
            call(key)
        assert "\n" not in str(caught.value)
    assert keys(store) == []


def test_a_prefix_that_leaves_the_store_is_refused(store):
    for prefix in ("../", "/etc/", "a/../../"):
        with pytest.raises(InputError):
            store.list(prefix)


def test_a_signed_url_opens_the_object(s3):
    s3.put("projects/p/dub ü.mp4", b"picture", "video/mp4")
    url = s3.signed_url("projects/p/dub ü.mp4", expires_s=60)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"picture"


def test_a_local_store_has_links_where_its_files_are_served(folder):
    served = LocalObjectStore(folder, address="http://127.0.0.1:3010")
    assert served.link("p/dub ü.mp4") == "http://127.0.0.1:3010/p/dub%20%C3%BC.mp4"
    assert LocalObjectStore(folder).link("p/dub.mp4") is None


# ------------------------------------------------------------------------------------------------------ local


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def local(folder) -> LocalObjectStore:
    return LocalObjectStore(folder)


def test_the_notes_of_a_local_store_are_never_listed(local, folder):
    local.put("a.json", b"1", "application/json")
    assert (folder / ".dub_assets").is_dir()
    assert keys(local) == ["a.json"]
    assert keys(local, ".dub_assets") == []


def test_a_local_head_tells_the_truth_of_files_that_others_wrote_or_edited(local, folder):
    local.put("a.json", b"before", "application/json")
    (folder / "a.json").write_bytes(b"edited in place")
    assert local.head("a.json").sha256 == hashlib.sha256(b"edited in place").hexdigest()
    (folder / "inputs").mkdir()
    (folder / "inputs" / "talk.mp4").write_bytes(b"foreign")
    assert local.head("inputs/talk.mp4").sha256 == hashlib.sha256(b"foreign").hexdigest()


def test_a_checksum_is_read_from_its_note_and_not_computed_again(local, folder, tmp_path):
    claimed = "0" * 64
    local.upload("a.wav", source(tmp_path / "a.wav", b"x").path, content_type="audio/wav", sha256=claimed)
    assert local.head("a.wav").sha256 == claimed


@pytest.mark.parametrize("note", ["", "half a no", "0 0 0 0", "é" * 200])
def test_a_torn_note_is_computed_again(local, folder, note):
    local.put("a.json", b"1", "application/json")
    (folder / ".dub_assets" / "sha256" / "a.json").write_text(note, encoding="utf-8")
    assert local.head("a.json").sha256 == hashlib.sha256(b"1").hexdigest()


def test_only_files_of_the_shared_folder_are_linked(folder, tmp_path):
    store = LocalObjectStore(folder, shared=tmp_path / "workspace")
    ours, theirs = source(tmp_path / "workspace" / "a.wav", b"ours"), source(tmp_path / "talk.mp4", b"theirs")
    upload(store, "a.wav", ours)
    upload(store, "talk.mp4", theirs)
    assert (folder / "a.wav").samefile(ours.path)
    assert not (folder / "talk.mp4").samefile(theirs.path)
    store.download("talk.mp4", tmp_path / "workspace" / "talk.mp4")
    store.download("a.wav", tmp_path / "result.wav")
    assert (folder / "talk.mp4").samefile(tmp_path / "workspace" / "talk.mp4")
    assert not (folder / "a.wav").samefile(tmp_path / "result.wav")


def test_a_disk_that_takes_no_more_leaves_the_older_object_and_no_rest(local, folder, tmp_path):
    local.put("a.json", b"before", "application/json")
    file = source(tmp_path / "big.wav", bytes(2 * MEBIBYTE))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        with pytest.raises(OutOfSpaceError, match="free some space"):
            local.put("a.json", file.content, "application/json")
        with pytest.raises(OutOfSpaceError):
            upload(local, "big.wav", file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert local.get("a.json") == b"before"
    assert keys(local) == ["a.json"]
    assert list((folder / ".dub_assets" / "parts").iterdir()) == []


def test_a_name_that_is_taken_or_too_long_for_the_disk_is_refused(local):
    local.put("a", b"1", "application/json")
    with pytest.raises(InputError):
        local.put("a/b", b"1", "application/json")
    with pytest.raises(InputError):
        local.put("k" * 300, b"1", "application/json")
    with pytest.raises(InputError):
        local.head("k" * 300)


def test_temporary_files_of_killed_writers_are_removed(local, folder):
    local.put("a.json", b"1", "application/json")
    parts = folder / ".dub_assets" / "parts"
    left = parts / f".{'0' * 32}.partial"
    left.mkdir()
    (left / "a.json").write_bytes(b"rest")
    with temporary_folder(parts) as written:
        local.delete(["a.json"])
        assert list(parts.iterdir()) == [written]
    assert list((folder / ".dub_assets").rglob("a.json")) == []


# --------------------------------------------------------------------------------------------------------- S3


def test_objects_in_s3_carry_content_type_and_checksum_for_others(s3, connect, bucket, tmp_path):
    file = source(tmp_path / "a.wav", b"sound")
    upload(s3, "a.wav", file)
    s3.put("b.json", b"{}", "application/json")
    client = connect()
    assert client.head_object(Bucket=bucket, Key="a.wav")["ContentType"] == "audio/wav"
    assert client.head_object(Bucket=bucket, Key="a.wav")["Metadata"] == {"sha256": file.sha256}
    assert client.head_object(Bucket=bucket, Key="b.json")["ContentType"] == "application/json"


def test_a_large_file_travels_in_parts(s3, connect, bucket, tmp_path):
    file = source(tmp_path / "big.flac", os.urandom(17 * MEBIBYTE))
    upload(s3, "big.flac", file)
    head = connect().head_object(Bucket=bucket, Key="big.flac")
    assert head["ETag"].endswith('-2"')
    assert head["Metadata"] == {"sha256": file.sha256}


def test_an_object_that_others_put_into_the_bucket_has_no_checksum(s3, connect, bucket):
    connect().put_object(Bucket=bucket, Key="projects/p/inputs/talk.mp4", Body=b"video")
    assert s3.head("projects/p/inputs/talk.mp4") == StoredObject(
        key="projects/p/inputs/talk.mp4", size_bytes=5, sha256=None
    )


def test_folder_markers_of_a_console_are_not_listed(s3, connect, bucket):
    connect().put_object(Bucket=bucket, Key="inputs/", Body=b"")
    s3.put("inputs/a.json", b"1", "application/json")
    assert keys(s3) == ["inputs/a.json"]


def test_more_objects_than_one_answer_holds_are_listed_and_deleted(s3):
    names = [f"many/{number:04d}.json" for number in range(1003)]
    for name in names:
        s3.put(name, b"x", "application/json")
    assert keys(s3, "many/") == names
    s3.delete([*names, "many/never-there.json"])
    assert keys(s3, "many/") == []
    assert s3.head(names[0]) is None


def test_a_signed_url_expires(s3):
    url = s3.signed_url("a.mp4", expires_s=90)
    assert "X-Amz-Expires=90" in url
    assert "X-Amz-Signature=" in url


def test_dagsters_own_s3_resource_can_hand_in_its_client(aws_endpoint, bucket):
    client = S3Resource(region_name="ap-northeast-2", endpoint_url=aws_endpoint).get_client
    store = S3ObjectStore(bucket, client)
    store.put("a.json", b"1", "application/json")
    assert store.get("a.json") == b"1"


def test_a_missing_bucket_is_a_matter_of_configuration_for_every_call(connect, tmp_path):
    store = S3ObjectStore("no-such-bucket", connect)
    file = source(tmp_path / "a.wav", b"x")
    for call in (
        lambda: store.head("a.wav"),
        lambda: store.get("a.wav"),
        lambda: store.put("a.wav", b"", "audio/wav"),
        lambda: upload(store, "a.wav", file),
        lambda: store.download("a.wav", tmp_path / "x"),
        lambda: list(store.list("")),
        lambda: store.delete(["a.wav"]),
    ):
        with pytest.raises(ConfigurationError, match=r"no-such-bucket.*AWS_S3_BUCKET"):
            call()
    assert not (tmp_path / "x").exists()


def store_at(endpoint_url: str, *, patience_s: float = 60.0) -> S3ObjectStore:
    """A bucket that is asked once, by a client that waits for an answer for that long."""

    def connect():
        limits = ClientLimits(attempts=1, connect_timeout_s=60.0, read_timeout_s=patience_s)
        return aws_client("s3", region="ap-northeast-2", endpoint_url=endpoint_url, limits=limits)

    return S3ObjectStore("bucket", connect)


def calls(store: ObjectStore, folder: Path) -> dict[str, object]:
    file = source(folder / "a.wav", b"x")
    return {
        "head": lambda: store.head("a.wav"),
        "get": lambda: store.get("a.wav"),
        "put": lambda: store.put("a.wav", b"", "audio/wav"),
        "upload": lambda: upload(store, "a.wav", file),
        "download": lambda: store.download("a.wav", folder / "target.wav"),
        "list": lambda: list(store.list("")),
        "delete": lambda: store.delete(["a.wav"]),
    }


CALLS = ["head", "get", "put", "upload", "download", "list", "delete"]


@pytest.mark.parametrize("call", CALLS)
def test_an_endpoint_that_is_not_there_is_a_passing_failure(aws_endpoint, tmp_path, call):
    gone = pytest.raises(StorageUnavailableError, match="s3://bucket did not answer")
    with closed_port() as port, gone:
        calls(store_at(f"http://127.0.0.1:{port}"), tmp_path)[call]()


@pytest.mark.parametrize("call", CALLS)
def test_an_endpoint_that_never_answers_is_a_passing_failure(aws_endpoint, tmp_path, call):
    with answering(None) as endpoint, pytest.raises(StorageUnavailableError):
        calls(store_at(endpoint, patience_s=0.3), tmp_path)[call]()


def answer(status: str, code: str) -> bytes:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_call_is_a_matter_of_configuration(aws_endpoint, tmp_path, call):
    reply = answer("403 Forbidden", "AccessDenied")
    with answering(reply) as endpoint, pytest.raises(ConfigurationError, match=r"s3://bucket.*credentials") as caught:
        calls(store_at(endpoint), tmp_path)[call]()
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "target.wav").exists()


@pytest.mark.parametrize("call", CALLS)
def test_a_throttled_call_is_a_passing_failure(aws_endpoint, tmp_path, call):
    with answering(answer("503 Slow Down", "SlowDown")) as endpoint, pytest.raises(StorageUnavailableError):
        calls(store_at(endpoint), tmp_path)[call]()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("500 Internal Server Error", "InternalError", StorageUnavailableError),
        ("429 Too Many Requests", "TooManyRequests", StorageUnavailableError),
        ("400 Bad Request", "RequestTimeout", StorageUnavailableError),
        ("400 Bad Request", "AuthorizationHeaderMalformed", ConfigurationError),
    ],
)
def test_an_error_answer_is_permanent_or_passing_by_its_kind(aws_endpoint, status, code, kind):
    with answering(answer(status, code)) as endpoint, pytest.raises(kind, match=code):
        store_at(endpoint).get("a.wav")


def test_keys_that_s3_could_not_delete_are_reported(aws_endpoint):
    body = b"<DeleteResult><Error><Key>a.wav</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    with answering(reply) as endpoint, pytest.raises(ConfigurationError, match=r"a\.wav.*AccessDenied"):
        store_at(endpoint).delete(["a.wav"])


def test_a_download_that_breaks_off_leaves_no_file(aws_endpoint, tmp_path):
    broken = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "x"\r\nConnection: close\r\n\r\nonly this'
    with answering(broken) as endpoint, pytest.raises(StorageUnavailableError):
        store_at(endpoint).download("a.wav", tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []
    with answering(broken) as endpoint, pytest.raises(StorageUnavailableError):
        store_at(endpoint).get("a.wav")


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_download_to_a_full_disk_says_so_and_leaves_no_file(s3, tmp_path):
    s3.put("a.wav", bytes(2 * MEBIBYTE), "audio/wav")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        with pytest.raises(OutOfSpaceError):
            s3.download("a.wav", tmp_path / "a.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    gc.collect()  # the transfer manager drops an answer that it cannot write, half read: its socket goes here


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint_url": "not an address"}, "AWS_ENDPOINT_URL"),
        ({"profile": "nobody"}, "nobody"),
        ({"region": "no region"}, "s3://bucket"),
    ],
)
def test_unusable_settings_are_a_matter_of_configuration(aws_endpoint, options, message):
    store = S3ObjectStore("bucket", lambda: aws_client("s3", **{"region": "ap-northeast-2", **options}))
    with pytest.raises(ConfigurationError, match=message):
        store.head("a.wav")


def test_without_credentials_it_is_a_matter_of_configuration(aws_endpoint, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="credentials"):
        store_at(aws_endpoint).head("a.wav")
