"""The code location of these tests: the real definitions over fake engines; runs can be blocked."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from fake_location import defs

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.settings import settings_from

__all__ = ["defs"]


def _save(archive: JobArchive, key: str, value: object, **options: Any) -> None:
    """Call ``JobArchive.save``; after a translation, wait while the file ``block`` exists."""
    _original_save(archive, key, value, **options)
    folder = Path(os.environ["FAULTS"])
    if key.endswith("/manifests/translation.json") and (folder / "block").exists():
        part = folder / f".blocked.{os.getpid()}"
        part.write_text(json.dumps({"pid": os.getpid(), "parent": os.getppid(), "keeps": _KEEPS}), encoding="utf-8")
        part.rename(folder / "blocked")
        while (folder / "block").exists():
            time.sleep(0.02)


_KEEPS = settings_from(os.environ).options.device.keep
_original_save = JobArchive.save
JobArchive.save = _save
