"""The choice among a line's renderings: as much of the text as can be said in the time available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dub_assets.core.chrf import chrf
from dub_assets.core.ports import Synthesiser
from dub_assets.core.speech import Utterance
from dub_assets.core.timing import Interval
from dub_assets.stages.translation.values import TranslatedLine
from dub_assets.stages.tts_segments.options import (
    BRISK_TEMPO,
    ON_TIME_MS,
    SAME_MEANING_CHRF,
    TOLERABLE_SPEED_UP,
    UNNOTICED_SPEED_UP,
)
from dub_assets.stages.tts_segments.values import Prediction, TtsSegments
from dub_assets.text_normalisation.speaking_rate import ordinary_ms, syllables


class LengthPredictor:
    """Predicts the length of utterances; predictions of ``previous`` are kept if the same synthesiser made them."""

    def __init__(self, synthesiser: Synthesiser, previous: TtsSegments | None) -> None:
        self._synthesiser = synthesiser
        same_engine = previous is not None and previous.provenance.engines == (synthesiser.identity,)
        known = previous.predictions if previous is not None and same_engine else ()
        self._known = {(prediction.text, prediction.voice): prediction for prediction in known}
        self._used: dict[tuple[str, str], Prediction] = {}

    @property
    def used(self) -> tuple[Prediction, ...]:
        """Every prediction that was asked for, once each, in the order of asking."""
        return tuple(self._used.values())

    def natural_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """Return the expected length of each utterance at speed 1."""
        keys = [(utterance.text, utterance.spoken_by) for utterance in utterances]
        missing = [utterance for key, utterance in zip(keys, utterances, strict=True) if key not in self._known]
        for utterance, natural_ms in zip(missing, self._synthesiser.predict_ms(missing), strict=True):
            text, voice = utterance.text, utterance.spoken_by
            self._known[text, voice] = Prediction(text=text, voice=voice, natural_ms=natural_ms)
        self._used |= {key: self._known[key] for key in keys}
        return [self._known[key].natural_ms for key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The renderings of a line, from the full one, 0; ``predicted_ms`` is the natural length of the full text."""

    line: TranslatedLine
    segment: Interval
    slot: Interval
    predicted_ms: int
    language: str

    def text(self, rendering: int) -> str:
        """Return the text of a rendering."""
        return self.line.renderings[rendering]

    def speed_up(self, rendering: int, room_ms: int) -> float:
        """Return the predicted length over the time available: the full text's, scaled by syllables."""
        share = syllables(self.text(rendering), self.language) / syllables(self.text(0), self.language)
        return self.predicted_ms * share / max(1, room_ms)

    def tempo(self, rendering: int, room_ms: int) -> float:
        """Return the length at the language's ordinary rate over the time available."""
        return ordinary_ms(self.text(rendering), self.language) / max(1, room_ms)

    def says_the_same(self, rendering: int) -> bool:
        """Return whether a rendering is the full one but for a word or so."""
        return rendering == 0 or chrf(self.text(rendering), self.text(0)) >= SAME_MEANING_CHRF


def choose(lines: Sequence[Candidates]) -> list[int]:
    """Return the rendering to speak of each line, in order; lines of one passage have the same.

    The first that exists of these:

    1. the longest that says the same and fits into the time of the original speech;
    2. the longest that says the same and fits into the slot, which includes the pauses;
    3. the longest of all whose speed-up is not noticed;
    4. of those that say the same with a tolerable speed-up and a brisk tempo, the one with the least speed-up;
    5. the one with the least speed-up.
    """
    chosen: list[int] = []
    for _, group in groupby(lines, key=lambda candidates: candidates.line.passage):
        passage = list(group)
        chosen += [_choose_for_passage(passage)] * len(passage)
    return chosen


def _choose_for_passage(passage: Sequence[Candidates]) -> int:
    renderings = range(min(len(line.line.renderings) for line in passage))
    same = [rendering for rendering in renderings if all(line.says_the_same(rendering) for line in passage)]

    def in_segment(rendering: int) -> float:
        return max(line.speed_up(rendering, line.segment.duration_ms) for line in passage)

    def in_slot(rendering: int) -> float:
        return max(line.speed_up(rendering, line.slot.duration_ms + ON_TIME_MS) for line in passage)

    def is_tolerable(rendering: int) -> bool:
        tempos = (line.tempo(rendering, line.slot.duration_ms + ON_TIME_MS) for line in passage)
        return in_slot(rendering) <= TOLERABLE_SPEED_UP and max(tempos) <= BRISK_TEMPO

    fitting = [
        *(rendering for rendering in same if in_segment(rendering) <= 1.0),
        *(rendering for rendering in same if in_slot(rendering) <= 1.0),
        *(rendering for rendering in renderings if in_slot(rendering) <= UNNOTICED_SPEED_UP),
    ]
    if fitting:
        return fitting[0]
    return min([rendering for rendering in same if is_tolerable(rendering)] or renderings, key=in_slot)
