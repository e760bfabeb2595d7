"""The server behind the links in the UI: a real process, asked over HTTP."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from starlette.testclient import TestClient
from support.ports import free_port
from support.waiting import PATIENCE_S, wait_until

from dub_assets.adapters.storage.local import LocalObjectStore
from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.cli.dev import start_file_server
from dub_assets.cli.file_server import link_app
from dub_assets.settings import settings_from

VIDEO, PAGE = "projects/p/dub ü.mp4", "projects/p/talk.report.html"


class Server:
    """The server over a store with a few files."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "objects"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.store = LocalObjectStore(self.root, address=self.address)
        self.store.put(VIDEO, bytes(range(200)), "video/mp4")
        self.store.put(PAGE, b"<!doctype html>", "text/html")
        self.store.put("jobs/a.json", b"{}", "application/json")
        self.store.put("projects/p/notes.txt", b"notes", "text/plain")
        (folder / "secret.mp4").write_bytes(b"secret")
        (self.root / "projects" / "p" / "leak.mp4").symlink_to(folder / "secret.mp4")
        command = [sys.executable, "-m", "dub_assets.cli.file_server", str(self.port), str(self.root)]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
        wait_until(self._answers, "the file server")

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Send a request whose target is not normalised by the client."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, target, headers={"Host": f"127.0.0.1:{self.port}", **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(self.address, timeout=5).status_code == 404
        except requests.ConnectionError:
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("served"))
    yield server
    server.process.stdin.close()
    assert server.process.wait(PATIENCE_S) == 0


def test_a_link_opens_the_file_with_its_content_type(server: Server):
    answer = requests.get(server.store.link(VIDEO), timeout=30)
    assert (answer.content, answer.headers["Content-Type"]) == (bytes(range(200)), "video/mp4")
    page = requests.get(server.store.link(PAGE), timeout=30)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in page.headers


def test_a_player_can_ask_for_a_range(server: Server):
    answer = requests.get(server.store.link(VIDEO), headers={"Range": "bytes=10-19"}, timeout=30)
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["Content-Range"] == "bytes 10-19/200"
    assert requests.head(server.store.link(VIDEO), timeout=30).headers["Content-Length"] == "200"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/projects/",
        "/projects/p",
        "/projects/p/none.mp4",
        "/jobs/a.json",
        "/.dub_assets/sha256/projects/p/talk.report.html",
        "/projects/p/notes.txt",
        "/projects/p/leak.mp4",
        "/../secret.mp4",
        "/projects/../../secret.mp4",
        "/%2e%2e/secret.mp4",
        "/projects/..%2f..%2fsecret.mp4",
        "/projects/p/%00.mp4",
        "//etc/passwd",
        "/projects/./jobs/../../jobs/a.json",
    ],
)
def test_nothing_but_results_is_served(server: Server, target: str):
    status, content = server.ask(target)
    assert status == 404
    assert b"secret" not in content.replace(b"secret.mp4", b"")


def test_other_sites_cannot_read_through_a_name_of_their_own(server: Server):
    path = f"/{PAGE}"
    assert server.ask(path)[0] == 200
    assert server.ask(path, Host=f"localhost:{server.port}")[0] == 200
    assert server.ask(path, Host="evil.example")[0] == 400
    assert server.ask(path, Host=f"127.0.0.1.evil.example:{server.port}")[0] == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_reads(server: Server, method: str):
    assert server.ask(f"/{PAGE}", method)[0] == 405
    assert server.store.get(PAGE) == b"<!doctype html>"


def test_a_taken_port_is_one_line_that_names_the_setting(server: Server, tmp_path: Path):
    command = [sys.executable, "-m", "dub_assets.cli.file_server", str(server.port), str(tmp_path)]
    second = subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert "DUB_ASSETS_FILES_PORT" in line


def test_starts_no_server_if_the_ui_has_no_links(monkeypatch):
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **options: started.append(arguments))
    start_file_server(settings_from({"DUB_ASSETS_FILES_PORT": "0"}))
    assert started == []


def test_a_link_into_a_bucket_is_signed_when_it_is_opened(connect: Callable[[], object], bucket: str):
    store = S3ObjectStore(bucket, connect, address="http://127.0.0.1:3010")
    store.put(VIDEO, b"picture", "video/mp4")
    store.put("jobs/a.json", b"{}", "application/json")
    link = store.link(VIDEO)
    assert link == "http://127.0.0.1:3010/projects/p/dub%20%C3%BC.mp4"
    with TestClient(link_app(store), base_url="http://127.0.0.1:3010", follow_redirects=False) as client:
        answer = client.get(link)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
        assert requests.get(answer.headers["Location"], timeout=30).content == b"picture"
        for key in ("jobs/a.json", "projects/p/none.mp4", "../x.mp4"):
            assert client.get(f"/{key}").status_code == 404
        assert client.get("/projects/p/none.mp4", headers={"Host": "evil.example"}).status_code == 400
