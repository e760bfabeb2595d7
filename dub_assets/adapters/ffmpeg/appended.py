"""Recordings that are appended to a file byte for byte, where its container holds only one."""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from pathlib import Path

_HEADERS: Mapping[str, bytes] = {
    "mov": rb"\0\0\0[\x08-\xff]ftyp[ -~]{4}",
    "flv": rb"FLV\x01[\0-\x05]\0\0\0\x09",
    "asf": re.escape(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")),
    "wav": rb"(?:RIFF|RF64|BW64)....WAVE",
    "w64": re.escape(bytes.fromhex("726966662e91cf11a5d628db04c10000")),
    "aiff": rb"FORM....AIF[FC]",
    "caf": rb"caff\0\x01..desc",
    "tta": rb"TTA[12][\x01\x03]\0[\x01-\x20]\0",
    "wv": rb"wvpk....[\x02-\x10]\x04",
}
"""The first bytes of a file, by demuxer. Libavformat reads on in the containers that are not listed."""


def appended_at(path: Path, demuxer: str, end: int) -> int | None:
    """Return the position of another file's header behind the packets, which end at ``end``; None if there is none."""
    header = _HEADERS.get(demuxer.split(",", maxsplit=1)[0])
    if header is None or end <= 0 or end >= path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = re.compile(header, re.DOTALL).search(content, end)
    return found.start() if found else None
