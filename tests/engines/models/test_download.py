"""Downloads from a local server that cuts connections, changes its objects, or has no ranges."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.hub_server import Hub, running_hub

from dub_assets.core.errors import InputError, ServiceUnavailableError
from dub_assets.engines.models import download as module
from dub_assets.engines.models.download import FileMissingError, WebFile, download, read_json

PATH, CONTENT = "/files/model.bin", os.urandom(300_000)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BACKOFF", 0.0)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 1000)
    with running_hub() as hub:
        hub.web[PATH.lstrip("/")] = CONTENT
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "model.bin"


def source(hub: Hub) -> WebFile:
    return WebFile(address=hub.url + PATH)


def left_behind(hub: Hub, target: Path, length: int) -> None:
    """Download up to ``length``, as if the process had been killed then."""
    hub.cuts[PATH] = [length]
    hub.statuses_after_cut[PATH] = 503
    with pytest.raises(ServiceUnavailableError):
        download(source(hub), target)
    hub.statuses.clear()
    hub.statuses_after_cut.clear()
    hub.requests.clear()
    assert not target.exists()
    assert target.with_name("model.bin.part").read_bytes() == hub.web[PATH.lstrip("/")][:length]


def test_downloads_a_file_and_reports_progress(hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", 100_000)
    seen: list[tuple[int, int | None]] = []
    continued = download(source(hub), target, lambda done, total: seen.append((done, total)))
    assert not continued
    assert target.read_bytes() == CONTENT
    assert seen == [(0, 300_000), (100_000, 300_000), (200_000, 300_000), (300_000, 300_000)]
    assert [path.name for path in target.parent.iterdir()] == ["model.bin"]


def test_continues_an_interrupted_download(hub: Hub, target: Path):
    left_behind(hub, target, 123_000)
    seen: list[tuple[int, int | None]] = []
    assert download(source(hub), target, lambda done, total: seen.append((done, total)))
    assert hub.requests == [f"GET {PATH} bytes=123000-"]
    assert seen[0] == (123_000, 300_000)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["model.bin"]


def test_starts_over_if_the_object_has_changed(hub: Hub, target: Path):
    left_behind(hub, target, 1000)
    hub.web[PATH.lstrip("/")] = b"new" * 100_000
    assert not download(source(hub), target)
    assert target.read_bytes() == b"new" * 100_000


def test_starts_over_if_the_server_has_no_ranges(hub: Hub, target: Path):
    left_behind(hub, target, 1000)
    hub.ranges = False
    assert not download(source(hub), target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("headers", [{"ETag": ""}, {"ETag": 'W/"weak"'}, {"Accept-Ranges": "none"}])
def test_starts_over_without_a_validator(hub: Hub, target: Path, headers: dict[str, str]):
    hub.headers[PATH] = headers
    left_behind(hub, target, 1000)
    assert not download(source(hub), target)
    assert hub.requests == [f"GET {PATH}"]
    assert target.read_bytes() == CONTENT


def test_uses_last_modified_if_there_is_no_etag(hub: Hub, target: Path):
    hub.headers[PATH] = {"ETag": "", "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"}
    left_behind(hub, target, 1000)
    assert download(source(hub), target)
    assert target.read_bytes() == CONTENT


def test_starts_over_for_another_address(hub: Hub, target: Path):
    left_behind(hub, target, 1000)
    hub.web["mirror/model.bin"] = CONTENT
    assert not download(WebFile(address=f"{hub.url}/mirror/model.bin"), target)
    assert target.read_bytes() == CONTENT


def test_renames_a_complete_part_without_downloading_it_again(hub: Hub, target: Path):
    left_behind(hub, target, 1000)
    target.with_name("model.bin.part").write_bytes(CONTENT)
    assert download(source(hub), target)
    assert target.read_bytes() == CONTENT


def test_discards_a_part_longer_than_the_object(hub: Hub, target: Path):
    left_behind(hub, target, 1000)
    target.with_name("model.bin.part").write_bytes(CONTENT + b"more")
    download(source(hub), target)
    assert target.read_bytes() == CONTENT


def test_stops_retrying_when_attempts_bring_no_more_bytes(hub: Hub, target: Path):
    hub.cuts[PATH] = [10_000] * 20
    assert download(source(hub), target)
    assert target.read_bytes() == CONTENT
    target.unlink()
    hub.cuts[PATH] = [0] * 100
    hub.requests.clear()
    with pytest.raises(ServiceUnavailableError, match="check the network and pull again; what was downloaded is kept"):
        download(source(hub), target)
    assert len(hub.requests) == module.RETRIES + 1
    assert not target.exists()


@pytest.mark.parametrize(
    ("status", "error"), [(404, FileMissingError), (403, FileMissingError), (400, None), (503, None)]
)
def test_distinguishes_permanent_from_transient_refusals(
    hub: Hub, target: Path, status: int, error: type[Exception] | None
):
    hub.statuses[PATH] = status
    with pytest.raises(error or ServiceUnavailableError, match=str(status)):
        download(source(hub), target)
    assert not target.parent.exists()


def test_names_a_folder_that_cannot_be_written(hub: Hub, tmp_path: Path):
    (tmp_path / "folder").write_text("a file in the folder's place")
    with pytest.raises(InputError, match=r"cannot use .*folder/.*model\.bin"):
        download(source(hub), tmp_path / "folder" / "model.bin")


def test_reads_a_json_document(hub: Hub):
    hub.web["records"] = b'{"data": []}'
    assert read_json(f"{hub.url}/records") == {"data": []}
    hub.web["records"] = b"<html>"
    with pytest.raises(ServiceUnavailableError, match="did not answer with JSON"):
        read_json(f"{hub.url}/records")


SCRIPT = """
import os, signal, sys
from pathlib import Path
from dub_assets.engines.models import download as module
module._BLOCK_BYTES = 10_000
def kill(done, total):
    if done >= 100_000:
        os.kill(os.getpid(), signal.SIGKILL)
module.download(module.WebFile(address=sys.argv[1]), Path(sys.argv[2]), kill)
"""


def test_continues_the_download_of_a_killed_process(hub: Hub, target: Path):
    done = subprocess.run([sys.executable, "-c", SCRIPT, hub.url + PATH, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not target.exists()
    kept = target.with_name("model.bin.part").stat().st_size
    assert 0 < kept <= 100_000
    assert download(source(hub), target)
    assert hub.requests[-1] == f"GET {PATH} bytes={kept}-"
    assert target.read_bytes() == CONTENT
