"""The choice among a line's renderings: as much as can be said in the time there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dub_assets.core.chrf import chrf
from dub_assets.core.timing import Interval
from dub_assets.stages.translation.values import TranslatedLine
from dub_assets.stages.tts_segments.fitting import ON_TIME_MS
from dub_assets.text_normalisation.speaking_rate import ordinary_ms, syllables

_SAYS_THE_SAME = 70.0
"""chrF against the full rendering from which a shorter one is taken before any pause is: it misses a word at most."""

_UNNOTICED = 1.15
"""Hurry that goes unnoticed: a rendering that needs no more is taken before a shorter one."""

_BEARABLE = 1.3
"""Hurry of the voice that is noticed and still followed: borne for what says the same, where nothing needs less."""

_BRISK = 1.2
"""Tempo over the language's ordinary rate up to which a line is brisk and not fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """A line that can be said in several ways; ``predicted_ms`` is the natural length of its full text."""

    line: TranslatedLine
    segment: Interval
    slot: Interval
    predicted_ms: int
    language: str

    def text(self, rendering: int) -> str:
        """What is said in a rendering, 0 being the full one."""
        return self.line.renderings[rendering]

    def need(self, rendering: int, room_ms: int) -> float:
        """Predicted length over the room there is: by syllables, from the full text's prediction."""
        share = syllables(self.text(rendering), self.language) / syllables(self.text(0), self.language)
        return self.predicted_ms * share / max(1, room_ms)

    def tempo(self, rendering: int, room_ms: int) -> float:
        """Length at the language's ordinary rate over the room there is."""
        return ordinary_ms(self.text(rendering), self.language) / max(1, room_ms)

    def says_the_same(self, rendering: int) -> bool:
        """Whether a rendering is the full one but for a word or so."""
        return rendering == 0 or chrf(self.text(rendering), self.text(0)) >= _SAYS_THE_SAME


def choose(lines: Sequence[Candidates]) -> list[int]:
    """The rendering to take of each line, in order; lines of one passage take the same.

    The longest that says the same and takes no more time than the original, or no more than there is with the pauses;
    else the longest of any that needs to be hurried unnoticed at most; else the shortest that says the same, if that is
    brisk at most; else the one that needs least hurry.
    """
    chosen: list[int] = []
    for _, group in groupby(lines, key=lambda one: one.line.passage):
        passage = list(group)
        chosen += [_of_passage(passage)] * len(passage)
    return chosen


def _of_passage(passage: Sequence[Candidates]) -> int:
    renderings = range(min(len(one.line.renderings) for one in passage))
    alike = [rendering for rendering in renderings if all(one.says_the_same(rendering) for one in passage)]

    def with_pauses(rendering: int) -> float:
        return max(one.need(rendering, one.slot.duration_ms + ON_TIME_MS) for one in passage)

    def brisk(rendering: int) -> bool:
        tempos = (one.tempo(rendering, one.slot.duration_ms + ON_TIME_MS) for one in passage)
        return with_pauses(rendering) <= _BEARABLE and max(tempos) <= _BRISK

    def without_pauses(rendering: int) -> float:
        return max(one.need(rendering, one.segment.duration_ms) for one in passage)

    within = [rendering for rendering in alike if without_pauses(rendering) <= 1.0]
    borrowing = [rendering for rendering in alike if with_pauses(rendering) <= 1.0]
    unnoticed = [rendering for rendering in renderings if with_pauses(rendering) <= _UNNOTICED]
    bearable = [rendering for rendering in alike if brisk(rendering)]
    return next(iter([*within, *borrowing, *unnoticed]), min(bearable or renderings, key=with_pauses))
