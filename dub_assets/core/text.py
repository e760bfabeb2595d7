"""Values that travel between the pipeline and the translators."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A line to translate; ``before`` and ``after`` are what is said around it ("" where nothing is).

    The neighbours are there to be understood, never to be translated. ``syllables`` is how many there is time for at
    the target language's ordinary rate, None where time is no matter: shorter renderings are for lines that have more.
    """

    text: str
    before: str = ""
    after: str = ""
    syllables: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase of the source language and how it must read in the target language; equal where it is kept."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A line translated: in full, and in ``shorter`` renderings of the same, the longest first, none like another.

    They are there for a line that would not fit its time; each can stand in for ``text`` and loses as little as it can.
    """

    text: str
    shorter: tuple[str, ...] = ()
