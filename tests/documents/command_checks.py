"""Checks commands without running them: programs, files, targets, services and options have to exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import typer
import yaml
from commands import ROOT, Command

from dub_assets.cli.app import app
from dub_assets.settings import documented_variables

_LIBRARIES_VARIABLES = {"CUDA_VISIBLE_DEVICES", "DAGSTER_HOME", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"}
"""Variables of libraries, not of this project."""

_COMPOSE_OPTIONS = {"up": {"--build", "-d"}, "run": {"--rm"}, "exec": {"-T"}, "logs": {"-f"}, "stop": set()}
_ACTIVATED = {".venv/bin/activate", ".venv-gpu/bin/activate"}
"""What `make install` makes."""


def fault(command: Command) -> str | None:
    """Return what is wrong with a command, or None."""
    known = {variable for variable, _, _ in documented_variables()} | _LIBRARIES_VARIABLES
    if unknown := set(command.variables) - known:
        return f"sets unknown variables: {', '.join(unknown)}"
    return _fault(command.words, whole=command.in_block)


def _fault(words: Sequence[str], *, whole: bool) -> str | None:
    """Return what is wrong with a command's words. Only a ``whole`` command must have its arguments."""
    program, *arguments = words
    if program == "dub-assets":
        return dub_assets_fault(arguments, whole=whole)
    check = CHECKS.get(program)
    return check(arguments) if check else f"{program} is a program that no check knows"


def dub_assets_fault(arguments: list[str], *, whole: bool) -> str | None:
    """Return why the command line refuses the arguments, or None."""
    command = _root()
    while inner := getattr(command, "commands", {}):
        if not arguments or arguments[0].startswith("-"):
            break
        name, *arguments = arguments
        if name not in inner:
            return f"there is no command {name!r}"
        command = inner[name]
    if not whole and not arguments:
        return None
    try:
        command.make_context("dub-assets", list(arguments))
    except typer.Exit:
        return None
    except Exception as error:  # noqa: BLE001  # Typer has its own copy of click: its errors have no public name
        unfinished = "Missing parameter" in str(error) or "requires an argument" in str(error)
        return str(error) if whole or not unfinished else None
    return None


def option_names() -> set[str]:
    """Return the names of all options of all commands."""
    names: set[str] = set()
    waiting = [_root()]
    while waiting:
        command = waiting.pop()
        names |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        waiting += getattr(command, "commands", {}).values()
    return names


def command_names() -> set[str]:
    """Return the names of the commands of `dub-assets`."""
    return set(_root().commands)


@cache
def _root() -> Any:
    return typer.main.get_command(app)


def _make(arguments: list[str]) -> str | None:
    done = subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = [word.partition("=")[0] for word in arguments if "=" in word]
    unread = [name for name in names if f"$({name})" not in makefile]
    return f"the Makefile does not read {', '.join(unread)}" if unread else None


def _docker(arguments: list[str]) -> str | None:
    kind, *rest = arguments
    return _compose(rest) if kind == "compose" else _docker_build(rest) if kind == "build" else f"docker {kind}?"


def _docker_build(arguments: list[str]) -> str | None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.MULTILINE)
    values = dict(pairwise(arguments))
    if "--target" in values and values["--target"] not in stages:
        return f"the Dockerfile has no stage {values['--target']}"
    argument = values.get("--build-arg", "").partition("=")[0]
    return f"the Dockerfile has no ARG {argument}" if argument and f"ARG {argument}" not in dockerfile else None


def _compose(arguments: list[str]) -> str | None:
    configuration = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = configuration["services"]
    if arguments[0] == "--profile":
        profiles = {name for service in services.values() for name in service.get("profiles", ())}
        if arguments[1] not in profiles:
            return f"compose.yaml has no profile {arguments[1]}"
        arguments = arguments[2:]
    verb, *rest = arguments
    if verb not in _COMPOSE_OPTIONS:
        return f"docker compose {verb}: no check knows it"
    if unknown := {word for word in rest if word.startswith("-")} - _COMPOSE_OPTIONS[verb] - {"-"}:
        inner = rest.index("dub-assets") if "dub-assets" in rest else len(rest)
        if unknown & set(rest[:inner]):
            return f"docker compose {verb} has no {', '.join(unknown)}"
    names = [word for word in rest if not word.startswith("-")]
    if verb in {"run", "exec"}:
        names, command = names[:1], rest[rest.index(names[0]) + 1 :]
        if inner_fault := _fault(command, whole=True):
            return inner_fault
    missing = [name for name in names if name not in services]
    return f"compose.yaml has no service {', '.join(missing)}" if missing else None


def _python(arguments: list[str]) -> str | None:
    script, *rest = arguments
    path = ROOT / script
    if not path.is_file():
        return f"there is no {script}"
    source = path.read_text(encoding="utf-8")
    unknown = [word for word in rest if word.startswith("--") and f'"{word}"' not in source]
    return f"{script} has no option {', '.join(unknown)}" if unknown else None


def _copy(arguments: list[str]) -> str | None:
    source = arguments[0]
    return None if (ROOT / source).is_file() else f"there is no {source}"


def _export(arguments: list[str]) -> str | None:
    known = {variable for variable, _, _ in documented_variables()} | _LIBRARIES_VARIABLES
    unknown = {word.partition("=")[0] for word in arguments} - known
    return f"nothing reads {', '.join(unknown)}" if unknown else None


def _source(arguments: list[str]) -> str | None:
    return None if arguments[0] in _ACTIVATED else f"`make install` does not make {arguments[0]}"


def _dagster(arguments: list[str]) -> str | None:
    done = subprocess.run(["dagster", *arguments, "--help"], capture_output=True, text=True, check=False)
    return done.stderr.strip() or "refused" if done.returncode else None


def _openssl(arguments: list[str]) -> str | None:
    if shutil.which("openssl") is None:
        return None
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def _debian(arguments: list[str]) -> str | None:
    return None if arguments[0] == "install" and len(arguments) > 1 else "no packages are named"


CHECKS: dict[str, Callable[[list[str]], Any]] = {
    "make": _make,
    "docker": _docker,
    "python": _python,
    "cp": _copy,
    "export": _export,
    ".": _source,
    "dagster": _dagster,
    "openssl": _openssl,
    "apt-get": _debian,
}
