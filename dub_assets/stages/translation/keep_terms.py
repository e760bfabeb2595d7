"""Translating with terms that must read as told, whatever the translator can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dub_assets.core.ports import Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.stages.translation.terms import hold, released


def translate_with_terms(
    translator: Translator,
    lines: Sequence[SourceLine],
    source_language: str,
    target_language: str,
    terms: Sequence[Term],
) -> list[Rendering]:
    """One rendering a line. A translator that keeps terms is told them, another one gets stand-ins to copy.

    A line whose stand-ins the translator loses is translated again as it is: a word of the source that reads otherwise
    than told is better than a name that means nothing.
    """
    if not terms or translator.capabilities.keeps_terms:
        return translator.translate(lines, source_language, target_language, terms)
    held = [hold(line.text, terms) for line in lines]
    masked = [replace(line, text=text) for line, (text, _) in zip(lines, held, strict=True)]
    made = [
        released(text, rendering, names)
        for (text, names), rendering in zip(
            held, translator.translate(masked, source_language, target_language), strict=True
        )
    ]
    lost = [line for line, rendering in zip(lines, made, strict=True) if rendering is None]
    again = iter(translator.translate(lost, source_language, target_language) if lost else ())
    return [next(again) if rendering is None else rendering for rendering in made]
