"""Terms that must read as told: names stand in for them while a translator that knows of no terms does its work."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from dub_assets.core.text import Rendering, Term

_STEM = "XX"
"""Begins a stand-in. A name of capitals alone is copied by the Firefox models in all of 24 trials, both directions, and
does not bend the words around it; numbers, brackets and signs do or are lost."""

Held = Mapping[str, str]
"""Stand-ins, and what they stand for in the target language."""


def hold(text: str, terms: Sequence[Term]) -> tuple[str, Held]:
    """A text with a stand-in for each term in it, the longest terms first, and what the stand-ins are for.

    Terms are whole words; one that is written without capitals is found with them too.
    """
    held: dict[str, str] = {}
    names = (name for letter in ascii_uppercase for name in (f"{_STEM}{letter}",) if name not in text)
    for term in sorted(terms, key=lambda term: len(term.source), reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(term.source)}(?!\w)", 0 if _has_capitals(term) else re.IGNORECASE)
        if pattern.search(text) and (name := next(names, None)):
            text = pattern.sub(name, text)
            held[name] = term.target
    return text, held


def released(text: str, made: Rendering, held: Held) -> Rendering | None:
    """A rendering of the held ``text`` with the terms for their stand-ins; None where the full one has lost any.

    Shorter renderings that have lost one are left out.
    """
    whole = [_whole(text, rendering, held) for rendering in (made.text, *made.shorter)]
    full = whole[0]
    return None if full is None else Rendering(text=full, shorter=tuple(text for text in whole[1:] if text is not None))


def _whole(text: str, rendering: str, held: Held) -> str | None:
    if any(rendering.count(name) != text.count(name) for name in held):
        return None
    for name, target in held.items():
        rendering = rendering.replace(name, target)
    return rendering


def _has_capitals(term: Term) -> bool:
    return term.source != term.source.lower()
