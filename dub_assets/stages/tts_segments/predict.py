"""Predicted lengths of lines, those of an earlier run taken over."""

from __future__ import annotations

from collections.abc import Sequence

from dub_assets.core.ports import Synthesiser
from dub_assets.core.speech import Utterance
from dub_assets.stages.tts_segments.values import Prediction, TtsSegments


class Predictor:
    """Predicts with a synthesiser what ``previous``, made with the same one, does not know."""

    def __init__(self, synthesiser: Synthesiser, previous: TtsSegments | None) -> None:
        self._synthesiser = synthesiser
        made_alike = previous is not None and previous.provenance.engines == (synthesiser.identity,)
        known = previous.predictions if previous is not None and made_alike else ()
        self._known = {(one.text, one.voice): one for one in known}
        self._used: dict[tuple[str, str], Prediction] = {}

    @property
    def used(self) -> tuple[Prediction, ...]:
        """Every prediction asked for, once each, in the order of asking."""
        return tuple(self._used.values())

    def natural_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        """The expected length of each utterance at speed 1."""
        missing = [one for one in utterances if (one.text, one.spoken_by) not in self._known]
        for one, natural_ms in zip(missing, self._synthesiser.predict_ms(missing), strict=True):
            prediction = Prediction(text=one.text, voice=one.spoken_by, natural_ms=natural_ms)
            self._known[one.text, one.spoken_by] = prediction
        found = [self._known[one.text, one.spoken_by] for one in utterances]
        self._used |= {(one.text, one.voice): one for one in found}
        return [one.natural_ms for one in found]
