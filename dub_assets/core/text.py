"""Inputs and outputs of translators: lines, glossary terms and renderings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A line to translate; ``before`` and ``after`` are the lines around it, "" if there are none.

    The neighbours are context and are not translated. ``syllables`` is how many fit into the line's time at the target
    language's ordinary rate; None if time does not matter. Lines with more syllables need shorter renderings.
    """

    text: str
    before: str = ""
    after: str = ""
    syllables: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A glossary entry: a word or phrase and its translation; both are equal if it is not to be translated."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A translated line in full, and ``shorter`` renderings of it, all different, the longest first.

    A shorter rendering replaces ``text`` if the line does not fit its time.
    """

    text: str
    shorter: tuple[str, ...] = ()
