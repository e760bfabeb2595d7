"""Issues of a line: every reason why a segment is flagged, with its meaning and what an editor can do about it.

``ISSUES`` is the only list. Timing issues are found when a line is fitted (``tts_segments/fitting.py``), read-back
issues when it is recognised again (``tts_segments/agreement.py``), and all others by the quality stage
(``quality/judge_lines.py``). The report, ``dub-assets segments`` and ``docs/metadata.md`` take their texts from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TimingIssue = Literal["fast_speech", "late_start", "early_start", "over_slot"]
ReadBackIssue = Literal["dropped_words", "repeated_words", "invented_words", "unlike_text"]
LineIssue = Literal[
    "untranslated",
    "wrong_language",
    "doubtful_translation",
    "lost_numbers",
    "inaudible",
    "unheard",
    ReadBackIssue,
    "leftover_speech",
]
"""Issues of a finished line, apart from its timing."""

Level = Literal["problem", "review", "note"]
"""``problem``: the dub is wrong; ``review``: an editor should decide; ``note``: for information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue in words.

    ``name`` is stored in manifests and sent in documents. ``finding`` is what the report says of a segment; it may name
    the line's ``tempo``, ``late_ms``, ``early_ms`` and ``over_ms``, and the limits ``free_tempo`` and ``on_time_ms``.
    """

    name: TimingIssue | LineIssue
    level: Level = "review"
    finding: str
    meaning: str
    remedy: str

    @property
    def title(self) -> str:
        """The name in plain words: ``Fast speech``."""
        return self.name.replace("_", " ").capitalize()


_ALL = (
    Issue(
        name="fast_speech",
        finding="fast: {tempo} times the language's ordinary rate, the limit is {free_tempo}",
        meaning="the line is spoken faster than the free tempo",
        remedy="shorten the text",
    ),
    Issue(
        name="late_start",
        finding="starts {late_ms} ms late, the limit is {on_time_ms} ms",
        meaning="the line starts after the original one",
        remedy="shorten the text of this line or of the line before it",
    ),
    Issue(
        name="early_start",
        finding="starts {early_ms} ms early, the limit is {on_time_ms} ms",
        meaning="the line starts before the original one",
        remedy="shorten the text",
    ),
    Issue(
        name="over_slot",
        finding="ends {over_ms} ms after its slot",
        meaning="the line ends after its slot",
        remedy="shorten the text",
    ),
    Issue(
        name="untranslated",
        finding="not translated: the text is the original's",
        meaning="the text is the original's",
        remedy="translate the text",
    ),
    Issue(
        name="wrong_language",
        finding="reads like the original's language",
        meaning="the text reads like the original's language",
        remedy="translate the text",
    ),
    Issue(
        name="doubtful_translation",
        finding="the translation may not mean what the original means",
        meaning="translated back, the text differs from the original's",
        remedy="compare both texts and correct the translation",
    ),
    Issue(
        name="lost_numbers",
        finding="a number of the original is missing",
        meaning="a number of the original is missing from the text",
        remedy="compare the numbers in both texts and correct the translation",
    ),
    Issue(
        name="inaudible",
        level="problem",
        finding="no speech in the clip",
        meaning="the clip holds no speech",
        remedy="speak the line again, with another text or voice",
    ),
    Issue(
        name="unheard",
        finding="not read back: the recogniser failed",
        meaning="the recogniser failed while reading the line back",
        remedy="listen to the line",
    ),
    Issue(
        name="dropped_words",
        finding="words of the text are not heard",
        meaning="the recogniser does not hear some words of the text",
        remedy="listen to the line; if words are missing, speak it again with another text",
    ),
    Issue(
        name="repeated_words",
        finding="words are heard twice",
        meaning="the recogniser hears some words twice",
        remedy="listen to the line; if words are repeated, speak it again with another text",
    ),
    Issue(
        name="invented_words",
        finding="words are heard that the text does not have",
        meaning="the recogniser hears words that the text does not have",
        remedy="listen to the line; if words are added, speak it again with another text",
    ),
    Issue(
        name="unlike_text",
        finding="the recogniser hears something other than the text",
        meaning="what the recogniser hears differs from the text by more than `CHECK_SPEECH_AGREEMENT` allows",
        remedy="listen to the line; if it is wrong, speak it again with another text",
    ),
    Issue(
        name="leftover_speech",
        finding="the original speech is still heard in the background",
        meaning="the original speech is still heard in the background",
        remedy="lower the background of the segment",
    ),
)

ISSUES: Mapping[str, Issue] = {issue.name: issue for issue in _ALL}
"""Every issue by its name, in the order of the stages that find them."""


def issues_markdown() -> str:
    """Return the table of issues in ``docs/metadata.md``."""
    rows = [f"| `{issue.name}` | {issue.meaning} | {issue.remedy} |" for issue in ISSUES.values()]
    return "\n".join(["| issue | meaning | what to do |", "| --- | --- | --- |", *rows])
