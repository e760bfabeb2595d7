"""Commands that install missing packages into the environment of this process, for error messages."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib import metadata
from pathlib import Path

import dub_assets

ROOT = Path(dub_assets.__file__).parents[1]
"""The checkout, if the package runs from one."""

_OWN_ENVIRONMENTS = {"gpu": ".venv-gpu"}
"""Extras that `make install` puts into an environment of their own."""


def install_command(packages: str) -> str:
    """Return a shell command that installs packages here.

    ``packages`` are arguments of ``uv pip install``, quoted for a shell. The command uses the uv of the PATH or of the
    checkout, or the pip of the PATH if there is no uv, as in the container images.
    """
    python = shlex.quote(_shown(Path(sys.executable)))
    uv = _uv()
    if uv is None and shutil.which("pip"):
        return f"pip --python {python} install {packages}"
    return f"{uv or 'uv'} pip install --python {python} {packages}"


def install_extra_command(extra: str) -> str:
    """Return a shell command that installs an extra of this project: from its lock in a checkout."""
    environment = _OWN_ENVIRONMENTS.get(extra)
    if _is_checkout() and (environment or Path(sys.prefix) == ROOT / ".venv"):
        folder = _shown(ROOT)
        make = "make" if folder == "." else f"make -C {shlex.quote(folder)}"
        activate = shlex.quote(_shown(ROOT / environment / "bin" / "activate")) if environment else ""
        return f"{make} install EXTRAS={extra}" + (f" && . {activate}" if activate else "")
    return install_command(" ".join(map(shlex.quote, _requirements(extra))))


def _requirements(extra: str) -> list[str]:
    """Return the requirements of an extra, from the metadata of this package."""
    lines = metadata.requires("dub-assets") or []
    parts = [line.partition(";") for line in lines]
    return [requirement.strip() for requirement, _, marker in parts if f"'{extra}'" in marker.replace('"', "'")]


def _uv() -> str | None:
    if shutil.which("uv"):
        return "uv"
    own = ROOT / ".tools" / "bin" / "uv"
    return shlex.quote(_shown(own)) if _is_checkout() and own.is_file() else None


def _is_checkout() -> bool:
    return (ROOT / "Makefile").is_file() and (ROOT / "pyproject.toml").is_file()


def _shown(path: Path) -> str:
    """Return a path relative to the working directory if it is inside, else as it is."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
