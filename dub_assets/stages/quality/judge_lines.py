"""What is to be said of each line of a finished dub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dub_assets.core.ports import LanguageIdentifier, StageContext
from dub_assets.core.signal.leakage import leakage_db
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain
from dub_assets.core.timing import Interval
from dub_assets.stages.issues import LineIssue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.checks import is_untranslated
from dub_assets.stages.quality.lost_numbers import lost_numbers
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.values import LineQuality
from dub_assets.stages.transcript.values import TranscriptSegment
from dub_assets.stages.tts_segments.agreement import read_back_issues, words_of
from dub_assets.stages.tts_segments.values import TtsSegment

_SURE = 0.95
_FEW_WORDS = 3
_LITTLE_TEXT = 40
"""Letters under which all lines together are not told from every language there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineJudge:
    """Judges the lines of one dub."""

    products: Products
    identifier: LanguageIdentifier
    options: CheckOptions
    ctx: StageContext

    def lines(self) -> Iterator[LineQuality]:
        """One a segment of the transcript, in order."""
        spoken = {line.index: line for line in self.products.tts.segments}
        gains = {mix.index: mix.gains.background for mix in self.products.mixes.segments}
        texts = {line.index: line.text for line in self.products.translation.lines}
        lost = self._with_lost_numbers()
        foreign = self._foreign([texts.get(each.index, "") for each in self.products.transcript.segments])
        for segment, is_foreign in zip(self.products.transcript.segments, foreign, strict=True):
            text, line = texts.get(segment.index, ""), spoken.get(segment.index)
            of_text = self._issues_of_text(segment, text, is_foreign=is_foreign)
            of_text += ("lost_numbers",) if segment.index in lost else ()
            if line is None:
                silent: tuple[LineIssue, ...] = ("inaudible",) if text else ()
                yield LineQuality(index=segment.index, issues=of_text + silent, level_dbfs=None)
            else:
                yield self._spoken(line, of_text, gains[segment.index])

    def text_language(self) -> str | None:
        """What all lines together read like; None where that cannot be told."""
        text = " ".join(line.text for line in self.products.translation.lines)
        known = self.products.translation.target_language in self.identifier.languages
        if not known or len("".join(words_of(text))) < _LITTLE_TEXT:
            return None
        (guess,) = self.identifier.identify([text])
        return guess.language if guess.probability >= _SURE else None

    def _foreign(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text reads like the original's language rather than the dub's."""
        source, target = self.products.translation.source_language, self.products.translation.target_language
        if not {source, target} <= self.identifier.languages:
            return [False] * len(texts)
        guesses = self.identifier.identify(texts, {source, target})
        return [
            guess.language == source and guess.probability >= _SURE and len(words_of(text)) >= _FEW_WORDS
            for text, guess in zip(texts, guesses, strict=True)
        ]

    def _with_lost_numbers(self) -> frozenset[int]:
        """The segments with a number that is said nowhere in their passage: translation may move it within that."""
        translation, said = self.products.translation, self.products.texts()
        passage_of = {line.index: line.passage for line in translation.lines}
        passages: dict[int, str] = {}
        for line in translation.lines:
            passages[line.passage] = f"{passages.get(line.passage, '')} {said[line.index]}".strip()
        languages = translation.source_language, translation.target_language
        return frozenset(
            segment.index
            for segment in self.products.transcript.segments
            if (text := passages.get(passage_of.get(segment.index, -1)))
            and lost_numbers(segment.text, text, source=languages[0], target=languages[1])
        )

    @staticmethod
    def _issues_of_text(segment: TranscriptSegment, text: str, *, is_foreign: bool) -> tuple[LineIssue, ...]:
        if is_untranslated(segment.text, text):
            return ("untranslated",)
        return ("wrong_language",) if is_foreign else ()

    def _spoken(self, line: TtsSegment, of_text: tuple[LineIssue, ...], background_gain: float) -> LineQuality:
        issues: list[LineIssue] = [*of_text]
        level = active_speech_level_dbfs(self.ctx.sounds.read(self.ctx.workspace.open(line.clip)))
        heard = line.speech.read_back
        if level is None:
            issues.append("inaudible")
        elif line.speech.unheard:
            issues.append("unheard")
        elif heard is not None:
            issues += read_back_issues(heard, self.options.speech_agreement)
        leftover = self._leftover_db(line.segment, background_gain)
        if leftover is not None and leftover > self.options.leftover_db:
            issues.append("leftover_speech")
        return LineQuality(
            index=line.index,
            issues=tuple(issues),
            level_dbfs=None if level is None else round(level, 2),
            leftover_db=None if leftover is None else round(leftover, 1),
            agreement=None if heard is None else heard.agreement,
        )

    def _leftover_db(self, interval: Interval, gain: float) -> float | None:
        stems = self.products.stems
        vocals, background = (
            self.ctx.sounds.read(self.ctx.workspace.open(stem), interval) for stem in (stems.vocals, stems.background)
        )
        return leakage_db(apply_gain(background, gain), vocals)
