"""A Dockerfile's stages as data, and its package stages run in a folder that stands for the root of the image."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PLACES = ("/app", "/src")
"""Folders of the image that its instructions write to."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``RUN``, ``COPY`` ..., and the rest of its lines, joined."""

    name: str
    text: str


def stages(dockerfile: str) -> dict[str, tuple[str, list[Instruction]]]:
    """The base and the instructions of each stage, by its name."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE))
    found: dict[str, tuple[str, list[Instruction]]] = {}
    current: list[Instruction] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, text = line.partition(" ")
        if name == "FROM":
            base, _, stage = text.partition(" AS ")
            current = []
            found[stage] = base, current
        else:
            current.append(Instruction(name, text))
    return found


class Image:
    """A target of the project's Dockerfile, built in ``root`` from the same instructions; no engine for images needed.

    A build inherits the variables of this process, such as proxies and certificates. Instructions that need a root user
    (``useradd``) are left out: what runs is run as the user of this process.
    """

    def __init__(self, project: Path, target: str, root: Path) -> None:
        self._project, self._root = project, root
        self._stages = stages((project / "Dockerfile").read_text(encoding="utf-8"))
        self._target = target

    @property
    def command(self) -> list[str]:
        """What a container of the image runs."""
        return next(json.loads(each.text) for each in reversed(self._lineage(self._target)) if each.name == "CMD")

    def path(self, place: str) -> Path:
        """A path of the image in the folder that stands for its root."""
        return self._root / place.lstrip("/")

    def environment(self) -> dict[str, str]:
        """The variables that a process of the image sees."""
        values = {"PATH": os.environ["PATH"], "HOME": str(self.path("/home")), "LANG": "C.UTF-8"}
        for instruction in self._lineage(self._target):
            if instruction.name == "ENV":
                values |= self._assignments(instruction.text, values)
        return values

    def build(self, bootstrap: Path) -> None:
        """Run the stages that the target copies from, then copy its own files; ``bootstrap`` has a ``pip``."""
        shutil.rmtree(self.path("/app"), ignore_errors=True)
        for stage in self._sources():
            host = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "UV_PROJECT"))}
            self._run(self._lineage(stage), host | {"PATH": f"{bootstrap}{os.pathsep}{os.environ['PATH']}"})
        own = [each for each in self._lineage(self._target) if each.name in {"WORKDIR", "COPY"}]
        self._run([each for each in own if "--from" not in each.text], {})
        for folder in ("/app/data", "/app/cache", "/home"):
            self.path(folder).mkdir(parents=True, exist_ok=True)

    def _sources(self) -> list[str]:
        copies = [each.text for each in self._lineage(self._target) if each.name == "COPY"]
        return [match[1] for text in copies if (match := re.match(r"--from=(\S+)", text))]

    def _lineage(self, stage: str) -> list[Instruction]:
        base, own = self._stages[stage]
        return [*(self._lineage(base) if base in self._stages else ()), *own]

    def _run(self, instructions: list[Instruction], values: dict[str, str]) -> None:
        folder = self._root
        for instruction in instructions:
            if instruction.name == "WORKDIR":
                folder = self.path(instruction.text)
                folder.mkdir(parents=True, exist_ok=True)
            elif instruction.name in {"ENV", "ARG"}:
                values |= self._assignments(instruction.text, values)
            elif instruction.name == "COPY":
                self._copy(instruction.text, folder)
            elif instruction.name == "RUN" and "uv venv" in instruction.text and self.path("/app/.venv").exists():
                continue  # a stage that another one shares was run for that one
            elif instruction.name == "RUN":
                subprocess.run(["sh", "-ec", self._placed(instruction.text)], cwd=folder, env=values, check=True)

    def _copy(self, text: str, folder: Path) -> None:
        *sources, target = re.sub(r"--chown=\S+ ", "", text).split()
        for source in map(self._project.joinpath, sources):
            place = folder / target if source.is_dir() else folder / target / source.name
            if source.is_dir():
                shutil.copytree(source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place)

    def _assignments(self, text: str, values: dict[str, str]) -> dict[str, str]:
        found = dict(part.partition("=")[::2] for part in shlex.split(text))
        return {
            name: re.sub(r"\$(\w+)", lambda match: values.get(match[1], ""), self._placed(value))
            for name, value in found.items()
        }

    def _placed(self, text: str) -> str:
        """The text with the image's folders in the place that stands for its root."""
        return re.sub(rf"(?<![\w.])({'|'.join(PLACES)})(?=/|\b)", lambda match: f"{self._root}{match[1]}", text)
