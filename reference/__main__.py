"""Write the generated files of ``docs/``."""

from __future__ import annotations

from pathlib import Path

from reference.generate import generated_files

for path, text in generated_files().items():
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
