"""Who may use the editing page: every route, by host, token, origin and header."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from dub_assets.cli.editor.access import FORM_HEADER, Access
from dub_assets.cli.editor.app import EditorApp
from dub_assets.cli.editor.open_job import OpenJob
from dub_assets.core.errors import InputError

ADDRESS = "http://127.0.0.1:8123"


def unknown(name: str) -> OpenJob:
    raise InputError(f"there is no job {name}")


@pytest.fixture
def access() -> Access:
    return Access(port=8123)


@pytest.fixture
def stranger(access: Access) -> TestClient:
    """Return a client without the cookie."""
    return TestClient(EditorApp(access, unknown, "talk").starlette(), base_url=ADDRESS, follow_redirects=False)


@pytest.fixture
def client(stranger: TestClient, access: Access) -> TestClient:
    """Return a client that came by the printed address."""
    stranger.get("/", params={"token": access.token})
    return stranger


def test_the_printed_address_leads_to_the_job_and_is_remembered(stranger: TestClient, access: Access):
    answer = stranger.get("/", params={"token": access.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs/talk/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert stranger.get("/jobs/other/").status_code == 404  # known now, and there is no such job


@pytest.mark.parametrize("token", ["", "x", "\u00e9"])
def test_another_token_opens_nothing(stranger: TestClient, token: str):
    assert stranger.get("/", params={"token": token}).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/talk/",
        "/jobs/talk/state",
        "/jobs/talk/events",
        "/jobs/talk/video/dub",
        "/jobs/talk/peaks",
        "/page/main.js",
    ],
)
def test_nothing_opens_without_the_cookie(stranger: TestClient, path: str):
    assert stranger.get(path).status_code == 401
    stranger.cookies.set("dub_assets_8123", "guessed")
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "localhost.evil:8123"]
)
def test_another_host_is_refused(client: TestClient, host: str):
    assert client.get("/jobs/talk/state", headers={"Host": host}).status_code == 421


def test_pages_of_other_sites_are_refused(client: TestClient):
    assert client.get("/page/main.js", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ADDRESS},
        {"Origin": "null", FORM_HEADER: "right"},
        {"Origin": "http://evil.example", FORM_HEADER: "right"},
        {"Origin": "http://127.0.0.1:3000", FORM_HEADER: "right"},
        {"Origin": ADDRESS, FORM_HEADER: "wrong"},
        {FORM_HEADER: "right"},
    ],
)
def test_a_change_needs_origin_and_form_token(client: TestClient, access: Access, headers: dict[str, str]):
    sent = {name: access.form_token if value == "right" else value for name, value in headers.items()}
    assert client.post("/jobs/talk/edits", headers=sent, json={}).status_code == 403
    allowed = {"Origin": ADDRESS, FORM_HEADER: access.form_token}
    assert client.post("/jobs/talk/edits", headers=allowed, json={}).status_code == 404  # there is no such job


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page/..%2fapp.py",
        "/page//etc/passwd",
        "/jobs/..%2f..%2fjobs/state",
        "/jobs/talk/video/..%2f..%2fsecret",
    ],
)
def test_no_path_leads_out(client: TestClient, path: str):
    assert client.get(path).status_code == 404


def test_every_answer_has_strict_headers(client: TestClient, stranger: TestClient):
    for path in ("/page/main.js", "/jobs/talk/state", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
