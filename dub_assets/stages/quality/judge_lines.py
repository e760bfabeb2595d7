"""Finds the issues of each line of a finished dub, apart from its timing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dub_assets.core.ports import LanguageIdentifier, StageContext
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain, leakage_db
from dub_assets.core.timing import Interval
from dub_assets.stages.issues import LineIssue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.lost_numbers import lost_numbers
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.values import LineQuality
from dub_assets.stages.tts_segments.agreement import read_back_issues, words_of
from dub_assets.stages.tts_segments.values import TtsSegment

_MIN_PROBABILITY = 0.95
"""Probability from which an identified language counts."""

_MIN_WORDS = 3
"""Words from which the language of a single line is identified."""

_MIN_LETTERS = 40
"""Letters from which the language of all lines together is identified."""


def is_untranslated(text: str, translated: str) -> bool:
    """Return True if the translation has the same words as the text, and these are at least three."""
    words, translated_words = (re.findall(r"\w+", line.casefold()) for line in (text, translated))
    return len(words) >= _MIN_WORDS and words == translated_words


@dataclass(frozen=True, slots=True, kw_only=True)
class LineJudge:
    """Judges the lines of one dub."""

    products: Products
    identifier: LanguageIdentifier
    options: CheckOptions
    ctx: StageContext

    def lines(self) -> Iterator[LineQuality]:
        """Yield the quality of each segment of the transcript, in order."""
        segments = self.products.transcript.segments
        lines = {line.index: line for line in self.products.tts.segments}
        gains = {mix.index: mix.gains.background for mix in self.products.mixes.segments}
        texts = {line.index: line.text for line in self.products.translation.lines}
        lost = self._segments_with_lost_numbers()
        foreign = self._reads_like_source([texts.get(segment.index, "") for segment in segments])
        for segment, is_foreign in zip(segments, foreign, strict=True):
            text, line = texts.get(segment.index, ""), lines.get(segment.index)
            issues: list[LineIssue] = []
            if is_untranslated(segment.text, text):
                issues.append("untranslated")
            elif is_foreign:
                issues.append("wrong_language")
            if segment.index in lost:
                issues.append("lost_numbers")
            if line is not None:
                yield self._dubbed_line(line, issues, gains[segment.index])
            else:
                issues += ["inaudible"] if text else []
                yield LineQuality(index=segment.index, issues=tuple(issues), level_dbfs=None)

    def text_language(self) -> str | None:
        """Return the language that all lines together read like, None if they are too short or it is uncertain."""
        text = " ".join(line.text for line in self.products.translation.lines)
        is_known = self.products.translation.target_language in self.identifier.languages
        if not is_known or len("".join(words_of(text))) < _MIN_LETTERS:
            return None
        (guess,) = self.identifier.identify([text])
        return guess.language if guess.probability >= _MIN_PROBABILITY else None

    def _reads_like_source(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it reads like the source language rather than the target language."""
        source, target = self.products.translation.source_language, self.products.translation.target_language
        if not {source, target} <= self.identifier.languages:
            return [False] * len(texts)
        guesses = self.identifier.identify(texts, {source, target})
        return [
            guess.language == source and guess.probability >= _MIN_PROBABILITY and len(words_of(text)) >= _MIN_WORDS
            for text, guess in zip(texts, guesses, strict=True)
        ]

    def _segments_with_lost_numbers(self) -> frozenset[int]:
        """Return the segments with a number that their passage does not say; translation may move it within that."""
        translation, texts = self.products.translation, self.products.texts()
        passage_of = {line.index: line.passage for line in translation.lines}
        passages: dict[int, str] = {}
        for line in translation.lines:
            passages[line.passage] = f"{passages.get(line.passage, '')} {texts[line.index]}".strip()
        source, target = translation.source_language, translation.target_language
        return frozenset(
            segment.index
            for segment in self.products.transcript.segments
            if (passage := passages.get(passage_of.get(segment.index, -1)))
            and lost_numbers(segment.text, passage, source=source, target=target)
        )

    def _dubbed_line(self, line: TtsSegment, text_issues: Sequence[LineIssue], background_gain: float) -> LineQuality:
        issues = [*text_issues]
        level = active_speech_level_dbfs(self.ctx.sounds.read(self.ctx.workspace.open(line.clip)))
        read_back = line.speech.read_back
        if level is None:
            issues.append("inaudible")
        elif line.speech.unheard:
            issues.append("unheard")
        elif read_back is not None:
            issues += read_back_issues(read_back, self.options.speech_agreement)
        leftover = self._leftover_db(line.segment, background_gain)
        if leftover is not None and leftover > self.options.leftover_db:
            issues.append("leftover_speech")
        return LineQuality(
            index=line.index,
            issues=tuple(issues),
            level_dbfs=None if level is None else round(level, 2),
            leftover_db=None if leftover is None else round(leftover, 1),
            agreement=None if read_back is None else read_back.agreement,
        )

    def _leftover_db(self, interval: Interval, background_gain: float) -> float | None:
        """Return the level of original speech left in the background, over its own level."""
        stems = self.products.stems
        vocals, background = (
            self.ctx.sounds.read(self.ctx.workspace.open(stem), interval) for stem in (stems.vocals, stems.background)
        )
        return leakage_db(apply_gain(background, background_gain), vocals)
