"""Finds the issues of each line of a finished dub, apart from its timing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.ports import LanguageIdentifier, StageContext
from dub_assets.core.signal.level import active_speech_level_dbfs, apply_gain, leakage_db
from dub_assets.core.timing import Interval
from dub_assets.stages.issues import LineIssue
from dub_assets.stages.products import Products
from dub_assets.stages.quality.lost_numbers import lost_numbers
from dub_assets.stages.quality.options import CheckOptions
from dub_assets.stages.quality.values import LineQuality
from dub_assets.stages.translation.target_sentences import in_target_language
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
    """Judges the lines of one dub, as far as they are made.

    ``assets`` names the assets whose lines are judged: the text in ``translation``, the speech in ``tts_segments``, the
    background in ``segment_mixes``. ``earlier`` has the lines of an earlier judgement by index, whose levels are kept
    where nothing has changed.
    """

    products: Products
    identifier: LanguageIdentifier
    options: CheckOptions
    ctx: StageContext
    assets: Collection[str]
    earlier: Mapping[int, LineQuality]

    def lines(self) -> Iterator[LineQuality]:
        """Yield the quality of each segment of the transcript, in order; of each mix, if only mixes are judged."""
        text_issues = self._text_issues() if "translation" in self.assets else {}
        speaks, mixes = "tts_segments" in self.assets, "segment_mixes" in self.assets
        spoken = {line.index: line for line in self.products.tts.segments} if speaks or mixes else {}
        mixed = {mix.index: mix for mix in self.products.mixes.segments} if mixes else {}
        has_text = {line.index for line in self.products.translation.lines if line.text} if speaks else set()
        segments = mixed if list(self.assets) == ["segment_mixes"] else self._segments()
        for index in segments:
            quality = LineQuality(index=index, issues=text_issues.get(index, ()), level_dbfs=None)
            line, mix = spoken.get(index), mixed.get(index)
            if speaks and line is not None:
                quality = self._with_speech(quality, line)
            elif speaks and index in has_text:
                quality = replace(quality, issues=(*quality.issues, "inaudible"))
            if line is not None and mix is not None:
                quality = self._with_background(quality, line, mix.gains.background)
            yield quality

    def _segments(self) -> list[int]:
        return [segment.index for segment in self.products.transcript.segments]

    def text_language(self) -> str | None:
        """Return the language that all lines together read like, None if they are too short or it is uncertain."""
        text = " ".join(line.text for line in self.products.translation.lines)
        is_known = self.products.translation.target_language in self.identifier.languages
        if not is_known or len("".join(words_of(text))) < _MIN_LETTERS:
            return None
        (guess,) = self.identifier.identify([text])
        return guess.language if guess.probability >= _MIN_PROBABILITY else None

    def _text_issues(self) -> dict[int, tuple[LineIssue, ...]]:
        """Return the issues of each segment's translation."""
        segments, translation = self.products.transcript.segments, self.products.translation
        texts = {line.index: line.text for line in translation.lines}
        doubtful = {line.index for line in translation.lines if line.doubtful}
        lost = self._segments_with_lost_numbers()
        foreign = self._reads_like_source([texts.get(segment.index, "") for segment in segments])
        source, target = translation.source_language, translation.target_language
        kept = in_target_language([segment.text for segment in segments], source, target, self.identifier)
        issues: dict[int, tuple[LineIssue, ...]] = {}
        for segment, is_foreign in zip(segments, foreign, strict=True):
            found: list[LineIssue] = []
            if segment.text not in kept and is_untranslated(segment.text, texts.get(segment.index, "")):
                found.append("untranslated")
            elif is_foreign:
                found.append("wrong_language")
            if segment.index in doubtful:
                found.append("doubtful_translation")
            if segment.index in lost:
                found.append("lost_numbers")
            issues[segment.index] = tuple(found)
        return issues

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
        translation = self.products.translation
        is_spoken = "tts_segments" in self.assets  # as it is spoken, before that as it is translated
        texts = self.products.texts() if is_spoken else {line.index: line.text for line in translation.lines}
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

    def _with_speech(self, quality: LineQuality, line: TtsSegment) -> LineQuality:
        """Return the quality of a line with what is measured of its speech."""
        issues: list[LineIssue] = [*quality.issues]
        level, read_back = self._level_dbfs(line), line.speech.read_back
        if level is None:
            issues.append("inaudible")
        elif line.speech.unheard:
            issues.append("unheard")
        elif read_back is not None:
            issues += read_back_issues(read_back, self.options.speech_agreement)
        return replace(
            quality,
            issues=tuple(issues),
            level_dbfs=level,
            level_of=line.clip.sha256,
            agreement=None if read_back is None else read_back.agreement,
        )

    def _level_dbfs(self, line: TtsSegment) -> float | None:
        earlier = self.earlier.get(line.index)
        if earlier is not None and earlier.level_of == line.clip.sha256:
            return earlier.level_dbfs
        level = active_speech_level_dbfs(self.ctx.sounds.read(self.ctx.workspace.open(line.clip)))
        return None if level is None else round(level, 2)

    def _with_background(self, quality: LineQuality, line: TtsSegment, gain: float) -> LineQuality:
        """Return the quality of a line with what is measured of the background under it."""
        stems = self.products.stems
        measured = fingerprint(
            "leftover", stems=[stems.vocals.sha256, stems.background.sha256], interval=line.segment, gain=gain
        )
        earlier = self.earlier.get(line.index)
        kept = earlier is not None and earlier.leftover_of == measured
        leftover = earlier.leftover_db if earlier and kept else self._leftover_db(line.segment, gain)
        is_audible = leftover is not None and leftover > self.options.leftover_db
        return replace(
            quality,
            issues=(*quality.issues, "leftover_speech") if is_audible else quality.issues,
            leftover_db=leftover,
            leftover_of=measured,
        )

    def _leftover_db(self, interval: Interval, background_gain: float) -> float | None:
        """Return the level of original speech left in the background, over its own level."""
        stems = self.products.stems
        vocals, background = (
            self.ctx.sounds.read(self.ctx.workspace.open(stem), interval) for stem in (stems.vocals, stems.background)
        )
        leftover = leakage_db(apply_gain(background, background_gain), vocals)
        return None if leftover is None else round(leftover, 1)
