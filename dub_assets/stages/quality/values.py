"""The quality of a dub: measurements of the whole and of each line, and the results of the checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dub_assets.core.provenance import Provenance
from dub_assets.stages.issues import LineIssue

Severity = Literal["warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one of the checks in ``checks.py``; ``name`` is its ``CheckName``.

    ``reason`` is one readable line, whether the check passed or not; ``segments`` are the indexes of those that it is
    about. ``measured`` and ``limit`` are in ``unit``, None if the check compares no numbers. A ``blocking`` check that
    did not pass fails the job.
    """

    name: str
    passed: bool
    severity: Severity
    blocking: bool
    reason: str
    segments: tuple[int, ...] = ()
    measured: float | None = None
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuality:
    """Issues of a segment, apart from its timing, and measurements.

    ``level_dbfs`` is the level of the line's active speech, None without any. ``leftover_db`` is the original speech
    left in the background, in dB over its own level. ``agreement`` is the similarity of the text and what the
    recogniser heard (0 to 1), None if the line was not read back.

    ``level_of`` and ``leftover_of`` are the fingerprints of what the two levels were measured on, so that they are not
    measured again; empty in manifests of earlier versions.
    """

    index: int
    issues: tuple[LineIssue, ...]
    level_dbfs: float | None
    leftover_db: float | None = None
    agreement: float | None = None
    level_of: str = ""
    leftover_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DubFigures:
    """Measurements of the whole dub. Those of assets that are not made yet are None.

    - ``unspoken_ms``: speech of the original without a line.
    - ``text_language``: language that the text of all lines reads like, None if it is too short or the language is
      unknown to the identifier.
    - ``agreement``: mean over the lines that were read back, weighted by their letters.
    - ``leftover_db``: ``LineQuality.leftover_db`` of the worst line.
    - ``sound_lag_ms``: how much later the sound of the encoded file is than the mix, None if it is silent.
    - ``length_difference_ms``: how much longer the encoded file is than the programme.
    """

    unspoken_ms: int | None
    text_language: str | None
    agreement: float | None
    leftover_db: float | None
    sound_lag_ms: float | None
    length_difference_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of a dub: its lines (one for each segment of the transcript), measurements and checks."""

    lines: tuple[LineQuality, ...]
    figures: DubFigures
    checks: tuple[Check, ...]
    provenance: Provenance

    @property
    def passed(self) -> bool:
        """True if every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def refusal(self) -> str | None:
        """Why the dub cannot be delivered, in one line; None if no blocking check failed."""
        failed = [f"{check.name} ({check.reason})" for check in self.checks if check.blocking and not check.passed]
        return refusal_line(failed) if failed else None


def refusal_line(failed: Sequence[str]) -> str:
    """Return why a dub cannot be delivered, from the names and reasons of the blocking checks that failed."""
    return f"the dub does not pass its checks: {'; '.join(failed)}"
