"""How good a dub is: what was measured, and what each check says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dub_assets.core.provenance import Provenance
from dub_assets.stages.issues import LineIssue

CheckName = Literal[
    "dialogue_is_complete",
    "text_is_translated",
    "text_is_in_its_language",
    "numbers_are_kept",
    "lines_say_their_text",
    "lines_are_audible",
    "segments_fit_their_slots",
    "lines_never_overlap",
    "original_speech_is_gone",
    "loudness_is_on_target",
    "true_peak_is_kept",
    "sound_and_picture_agree",
]
"""What must hold of a dub, in the order in which it is made."""

Severity = Literal["warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check found.

    ``reason`` is one readable line, whether it passed or not; ``segments`` are those it is about. ``measured`` and
    ``limit`` are in ``unit``, None where the check is no comparison of numbers. A ``blocking`` check that did not pass
    fails the job.
    """

    name: CheckName
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
    """One segment: its issues beside those of timing, and what was measured.

    ``level_dbfs`` is that of the line's active speech. ``leftover_db`` is the original speech that is left in the
    background, over its own level. ``agreement`` is how alike text and what is heard are, None where none listened.
    """

    index: int
    issues: tuple[LineIssue, ...]
    level_dbfs: float | None
    leftover_db: float | None = None
    agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DubFigures:
    """What was measured of the whole.

    ``unspoken_ms`` is speech of the original without a line. ``text_language`` is what the text of all lines reads like
    (None: too little of it, or a language that is not told apart); ``agreement`` that of all lines that were read back,
    each counted by its letters. ``leftover_db`` is the original speech left in the background under the line that has
    most of it. ``sound_lag_ms`` is how much later than in the mix the sound of the encoded file lies on the picture's
    clock (None where nothing is heard); ``length_difference_ms`` how much longer the file is than the programme.
    """

    unspoken_ms: int
    text_language: str | None
    agreement: float | None
    leftover_db: float | None
    sound_lag_ms: float | None
    length_difference_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of a dub: its lines (one a segment of the transcript), figures and checks."""

    lines: tuple[LineQuality, ...]
    figures: DubFigures
    checks: tuple[Check, ...]
    provenance: Provenance

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def refusal(self) -> str | None:
        """Why the dub cannot be delivered, in one line; None where no blocking check failed."""
        failed = [f"{check.name} ({check.reason})" for check in self.checks if check.blocking and not check.passed]
        return f"the dub does not pass its checks: {'; '.join(failed)}" if failed else None
