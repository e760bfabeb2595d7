"""Translates lines: sentences in the target language stay, terms read as given, and copies as in the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from dub_assets.core.batches import in_batches
from dub_assets.core.ports import LanguageIdentifier, Progress, Translator
from dub_assets.core.text import Rendering, SourceLine, Term, joined
from dub_assets.stages.translation.target_sentences import in_target_language, sentences
from dub_assets.stages.translation.terms import translate_with_terms

_Part = tuple[str, str | None]
"""Sentences that follow one another, and their translation if it is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTranslator:
    """Translates lines of one pair of languages with one translator and glossary."""

    translator: Translator
    source: str
    target: str
    terms: Sequence[Term]
    identifier: LanguageIdentifier

    def translate(self, lines: Sequence[SourceLine], progress: Progress, stage: str) -> list[Rendering]:
        """Return one rendering a line, in order."""
        line_parts = self._parts(lines)
        to_translate = [
            line if len(parts) == 1 else replace(line, text=text, syllables=None)
            for line, parts in zip(lines, line_parts, strict=True)
            for text, fixed in parts
            if fixed is None
        ]
        translated = iter(
            in_batches(
                self._translate,
                to_translate,
                size=self.translator.capabilities.batch_size,
                progress=progress,
                stage=stage,
            )
        )
        return [
            joined(
                [Rendering(text=fixed) if fixed is not None else next(translated) for _, fixed in parts], self.target
            )
            for parts in line_parts
        ]

    def _translate(self, lines: Sequence[SourceLine]) -> list[Rendering]:
        return translate_with_terms(self.translator, lines, self.source, self.target, self.terms)

    def _parts(self, lines: Sequence[SourceLine]) -> list[list[_Part]]:
        """Return the parts of each line."""
        line_sentences = [sentences(line.text) for line in lines]
        kept = in_target_language(
            (sentence for of_line in line_sentences for sentence in of_line), self.source, self.target, self.identifier
        )

        return [
            _grouped([(sentence, sentence if sentence in kept else None) for sentence in of_line])
            or [(line.text, None)]
            for line, of_line in zip(lines, line_sentences, strict=True)
        ]


def _grouped(parts: Sequence[_Part]) -> list[_Part]:
    """Join sentences that are translated one after the other."""
    groups = groupby(parts, key=lambda part: part[1] is None)
    return [
        part
        for translated, group in groups
        for part in ([(" ".join(text for text, _ in group), None)] if translated else group)
    ]
