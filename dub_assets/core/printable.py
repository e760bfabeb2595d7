"""Text that is safe to print on a terminal, in a line of a log, or as the name of a file."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 control characters: line breaks, BEL, ESC, CSI
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the direction in which the text around them is shown
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff]"  # lone surrogates: bytes of a file name that are not UTF-8, which cannot be encoded
)
_BYTES_AS_SURROGATES = range(0xDC80, 0xDD00)


def printable(text: str) -> str:
    r"""Return ``text`` as one line, its control characters written as escapes such as ``\n`` and ``\x1b``."""
    return _UNSAFE.sub(_escape, text)


def plain_file_name(name: str, *, max_bytes: int) -> str:
    """Return ``name`` without characters that ``printable`` escapes, cut to ``max_bytes`` of UTF-8, never empty."""
    plain = _UNSAFE.sub("_", name).encode()[:max_bytes].decode(errors="ignore")
    return plain.rstrip() or "_"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if ord(character) in _BYTES_AS_SURROGATES:
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
