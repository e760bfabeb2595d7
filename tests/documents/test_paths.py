"""Every Python file that a document names exists, so that a reader finds it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(path for path in PROJECT.glob("*.md") if path.name != "CHANGELOG.md"),
    *sorted(PROJECT.glob("docs/**/*.md")),
    *(PROJECT / folder / "README.md" for folder in ("benchmarks", "sample")),
]
NAMED = re.compile(r"`([\w./]+\.py)`")


@pytest.fixture(scope="module")
def files() -> frozenset[str]:
    """The files of the project, as paths from its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(name for name in listed.stdout.splitlines() if (PROJECT / name).is_file())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_named_python_file_exists(document: Path, files: frozenset[str]):
    named = NAMED.findall(document.read_text(encoding="utf-8"))
    assert [name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)] == []
