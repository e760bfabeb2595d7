"""Where the credentials of a file are: in it, or beside it in a sidecar."""

from __future__ import annotations

import errno
from pathlib import Path

SIDECAR_ENDING = ".c2pa"


def is_embeddable(content_type: str) -> bool:
    """Return whether files of a type hold credentials. Matroska, WebM and MPEG-TS do not."""
    import c2pa

    return content_type in c2pa.Builder.get_supported_mime_types()


def sidecar_of(path: Path) -> Path:
    """Return the path of the sidecar of a file: ``talk.mkv.c2pa``."""
    return path.with_name(f"{path.name}{SIDECAR_ENDING}")


def existing_sidecar(path: Path) -> Path | None:
    """Return the sidecar of a file, None if there is none."""
    sidecar = sidecar_of(path)
    try:
        return sidecar if sidecar.is_file() else None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # the file's own name is as long as names can be
            return None
        raise
