"""The code location of these tests: the real definitions over fake engines, and a place where runs can be held."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from fake_location import defs

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.settings import settings_from

__all__ = ["defs"]


def _save(archive: JobArchive, key: str, value: object) -> None:
    """``JobArchive.save``; after a translation, it waits for as long as there is a file that says so."""
    _unheld_save(archive, key, value)
    folder = Path(os.environ["FAULTS"])
    if key.endswith("/manifests/translation.json") and (folder / "hold").exists():
        part = folder / f".held.{os.getpid()}"
        part.write_text(json.dumps({"pid": os.getpid(), "parent": os.getppid(), "keeps": _KEEPS}), encoding="utf-8")
        part.rename(folder / "held")
        while (folder / "hold").exists():
            time.sleep(0.02)


_KEEPS = settings_from(os.environ).options.device.keep
_unheld_save = JobArchive.save
JobArchive.save = _save
