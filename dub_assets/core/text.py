"""Inputs and outputs of translators: lines, glossary terms and renderings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dub_assets.core.sentences import join_words

MAX_TEXT_CHARACTERS = 10_000
"""Longest text that an editor may give for a segment."""


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


IPA_OPEN, IPA_CLOSE = "\u2e28", "\u2e29"
"""Marks around phonemes (IPA) in the text of an utterance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronunciation:
    """How a word or phrase of the target language's text is spoken: as ``sound`` would be read, or as these phonemes.

    Phonemes are in IPA and have slashes around them: ``/ŋwiən/``.
    """

    term: str
    sound: str

    @property
    def ipa(self) -> str | None:
        """The phonemes, None if ``sound`` is a respelling."""
        is_ipa = len(self.sound) > 2 and self.sound[0] == self.sound[-1] == "/"
        return self.sound[1:-1].strip() if is_ipa else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A translated line in full, and ``shorter`` renderings of it, all different, the longest first.

    A shorter rendering replaces ``text`` if the line does not fit its time. ``doubtful`` says that the text may not
    mean what the line means.
    """

    text: str
    shorter: tuple[str, ...] = ()
    doubtful: bool = False


def joined(renderings: Sequence[Rendering], language: str) -> Rendering:
    """Join the renderings of sentences: the n-th shorter one has the n-th shorter one of each.

    A sentence with fewer shorter renderings keeps its last one.

    >>> joined([Rendering(text="Eu vou.", shorter=("Vou.",)), Rendering(text="Está bem.")], "pt").shorter
    ('Vou. Está bem.',)
    """
    steps = max((len(rendering.shorter) for rendering in renderings), default=0)
    texts = [(rendering.text, *rendering.shorter) for rendering in renderings]
    full, *shorter = (
        join_words(filter(None, (choices[min(step, len(choices) - 1)] for choices in texts)), language)
        for step in range(steps + 1)
    )
    doubtful = any(rendering.doubtful for rendering in renderings)
    return Rendering(text=full, shorter=tuple(shorter), doubtful=doubtful)
