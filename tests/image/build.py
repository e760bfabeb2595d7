"""``python -m tests.image.build FOLDER``: install what the GPU image installs into a folder (8 GB)."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

from tests.image.dockerfile import Image

PROJECT = Path(__file__).parents[2]

if __name__ == "__main__":
    root = Path(sys.argv[1]).absolute()
    venv.create(root / "bootstrap", with_pip=True, clear=True)
    Image(PROJECT, "gpu", root).build(root / "bootstrap" / "bin")
