"""Terms that must read as given, whatever the translator can do.

Translators that do not keep terms get a text in which placeholders replace them: names of capitals, which are copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase

from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term

_PREFIX = "XX"
"""First letters of a placeholder. The Firefox models copy a name of capitals in 24 of 24 trials, in both directions,
and it does not change the words around it; numbers, brackets and signs do, or are lost."""

Placeholders = Mapping[str, str]
"""Placeholders, and the term in the target language that each stands for."""


def translate_with_terms(
    translator: Translator,
    lines: Sequence[SourceLine],
    source_language: str,
    target_language: str,
    terms: Sequence[Term],
) -> list[Rendering]:
    """Return one rendering for each line, in which terms read as given.

    A line whose placeholders the translator loses is translated again without them: a term that reads otherwise is
    better than a meaningless name.
    """
    if not terms or translator.capabilities.keeps_terms:
        return translator.translate(lines, source_language, target_language, terms)
    masked = [mask_terms(line.text, terms) for line in lines]
    masked_lines = [replace(line, text=text) for line, (text, _) in zip(lines, masked, strict=True)]
    masked_renderings = translator.translate(masked_lines, source_language, target_language)
    renderings = [
        unmask_terms(text, rendering, placeholders)
        for (text, placeholders), rendering in zip(masked, masked_renderings, strict=True)
    ]
    lost = [line for line, rendering in zip(lines, renderings, strict=True) if rendering is None]
    retried = iter(translator.translate(lost, source_language, target_language) if lost else ())
    return [next(retried) if rendering is None else rendering for rendering in renderings]


def mask_terms(text: str, terms: Sequence[Term]) -> tuple[str, Placeholders]:
    """Return a text with a placeholder for each term in it, longer terms first, and the placeholders.

    Terms are whole words. A term without capitals is also found where the text has it with capitals.
    """
    placeholders: dict[str, str] = {}
    names = (name for letter in ascii_uppercase for name in (f"{_PREFIX}{letter}",) if name not in text)
    for term in sorted(terms, key=lambda term: len(term.source), reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(term.source)}(?!\w)", 0 if _has_capitals(term) else re.IGNORECASE)
        if pattern.search(text) and (name := next(names, None)):
            text = pattern.sub(name, text)
            placeholders[name] = term.target
    return text, placeholders


def unmask_terms(text: str, rendering: Rendering, placeholders: Placeholders) -> Rendering | None:
    """Return a rendering of the masked ``text`` with the terms in it, or None if its full text has lost one.

    Shorter renderings that have lost one are left out.
    """
    full, *shorter = (_unmask(text, translated, placeholders) for translated in (rendering.text, *rendering.shorter))
    if full is None:
        return None
    return Rendering(text=full, shorter=tuple(translated for translated in shorter if translated is not None))


def _unmask(text: str, translated: str, placeholders: Placeholders) -> str | None:
    if any(translated.count(name) != text.count(name) for name in placeholders):
        return None
    for name, target in placeholders.items():
        translated = translated.replace(name, target)
    return translated


def _has_capitals(term: Term) -> bool:
    return term.source != term.source.lower()
