"""Lines of text with checks of their translation and of how they are spoken.

``lines/en-pt.txt`` has lines to translate, ``lines/pt.txt`` texts to speak. A line of a file is
``class :: text :: check :: check ...``. A check is a sign and a text, with alternatives between bars:

- ``+`` contains, ``~`` contains in any case, ``!`` does not contain in any case,
- ``=`` equals, ``~=`` equals in any case.

``said`` before the sign checks the spoken form of a translation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dub_assets.text_normalisation import verbalise

LINES = Path(__file__).with_name("lines")

_CHECK = re.compile(r"(said)?(~=|[+~!=])(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A text of a class, and its checks as written."""

    kind: str
    text: str
    checks: tuple[str, ...]

    def failed(self, result: str, language: str) -> list[str]:
        """Return the checks that a result (a translation, or a spoken text) does not pass."""
        return [check for check in self.checks if not _passes(check, result, language)]


def read(name: str) -> list[TextLine]:
    """Return the lines of a file: ``"en-pt"`` or ``"pt"``."""
    rows = (LINES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    fields = [row.split(" :: ") for row in rows if row and not row.startswith("#")]
    return [TextLine(kind=kind, text=text, checks=tuple(checks)) for kind, text, *checks in fields]


def _passes(check: str, result: str, language: str) -> bool:
    match = _CHECK.fullmatch(check)
    if match is None:
        raise ValueError(f"not a check: {check!r}")
    said, sign, expected = match.groups()
    text = verbalise(result, language) if said else result
    if sign not in "+=":
        text, expected = text.casefold(), expected.casefold()
    alternatives = expected.split("|")
    if sign in {"=", "~="}:
        return text in alternatives
    return any(alternative in text for alternative in alternatives) == (sign != "!")
