"""Install commands in errors and tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dub_assets.engines.catalogue import ENTRIES
from dub_assets.engines.models import install
from dub_assets.engines.models.install import ROOT, install_command, install_extra_command

PACKAGES = sorted(
    {entry.requirements.packages for entry in ENTRIES if entry.requirements.packages}
    | {"'py3langid>=0.4'", "webrtcvad-wheels"}
)


def run(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], check=False, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation outside a checkout, with an empty PATH."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("packages", PACKAGES)
def test_install_commands_run_and_find_their_packages_installed(packages: str):
    done = run(f"{install_command(packages)} --dry-run --offline")
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stderr


@pytest.mark.parametrize("extra", ["gpu", "translation", "workers"])
def test_installs_an_extra_from_its_lock_in_a_checkout(extra: str):
    command, _, activate = install_extra_command(extra).partition(" && . ")
    done = run(f"{command} --dry-run")
    assert done.returncode == 0, done.stderr
    lock = {"gpu": "requirements-gpu.lock"}.get(extra, "requirements-dev.lock")
    assert f"--require-hashes {lock}" in done.stdout or f"--require-hashes -r {lock}" in done.stdout or extra == "gpu"
    assert activate.endswith(".venv-gpu/bin/activate" if extra == "gpu" else "")


def test_refuses_an_unknown_extra_and_names_the_known_ones():
    done = run("make install EXTRAS=everything")
    assert done.returncode != 0
    assert "EXTRAS=everything: there is no such extra; known are translation, gpu, workers" in done.stderr


def test_shows_paths_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert f"--python {sys.executable} requests" in install_command("requests")
    assert install_extra_command("gpu").startswith(f"make -C {ROOT} install EXTRAS=gpu && . {ROOT}/")
    monkeypatch.chdir(ROOT)
    assert install_extra_command("gpu") == "make install EXTRAS=gpu && . .venv-gpu/bin/activate"


def test_installs_the_requirements_of_an_extra_outside_a_checkout(elsewhere: Path):
    program(elsewhere, "uv")
    command = install_extra_command("gpu")
    assert command.startswith(f"uv pip install --python {sys.executable} ")
    assert "'coqui-tts[ja]<0.29,>=0.28'" in command
    assert "celery" in install_extra_command("workers")


def test_uses_pip_in_an_image_without_uv(elsewhere: Path):
    program(elsewhere, "pip")
    assert install_command("requests") == f"pip --python {sys.executable} install requests"


def test_no_other_module_prints_a_pip_command():
    sources = [path for path in (ROOT / "dub_assets").rglob("*.py") if path.name != "install.py"]
    hints = {path.name: path.read_text(encoding="utf-8").replace("uv pip install", "") for path in sources}
    assert [name for name, text in hints.items() if "pip install" in text] == []


def test_engines_name_their_extra_or_packages():
    extras = {entry.name: entry.requirements.extra for entry in ENTRIES if entry.requirements.extra}
    assert extras == dict.fromkeys(("demucs", "whisperx", "pyannote", "vits", "xtts"), "gpu")
    assert all(entry.requirements.packages or entry.requirements.extra for entry in ENTRIES)
