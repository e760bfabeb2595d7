"""Terms that must read as given, and what is copied, whatever the translator can do.

Translators of single sentences get a text in which placeholders replace copies, and terms unless they keep these:
names of capitals, which are copied.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from string import ascii_uppercase

from dub_assets.core.ports import Spelling, Translator
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.stages.translation.copies import copied_terms, counts

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
    """Return one rendering for each line, in which terms read as given and copies as in the line.

    Copies are left to translators that read context. A line whose placeholders the translator loses is translated again
    without them and is doubtful: a term that reads otherwise is better than a meaningless name.
    """
    capabilities = translator.capabilities
    own_terms = terms if capabilities.keeps_terms else ()
    if capabilities.reads_context and (capabilities.keeps_terms or not terms):
        return translator.translate(lines, source_language, target_language, own_terms)
    spelling = translator.alphabet(source_language, target_language) if isinstance(translator, Spelling) else None
    kept = () if capabilities.keeps_terms else terms

    def masked_line(text: str) -> tuple[str, Placeholders]:
        if capabilities.reads_context:
            return mask_terms(text, kept)
        return mask_terms(text, kept, _copies(text, source_language, target_language, spelling))

    masked = [masked_line(line.text) for line in lines]
    masked_lines = [
        replace(line, text=text)
        for line, (text, placeholders) in zip(lines, masked, strict=True)
        if not _is_copy(text, placeholders)
    ]
    results = translator.translate(masked_lines, source_language, target_language, own_terms)
    if len(results) != len(masked_lines):
        return results  # the caller reports it
    translated = iter(results)
    renderings = [
        unmask_terms(text, Rendering(text=text) if _is_copy(text, placeholders) else next(translated), placeholders)
        for text, placeholders in masked
    ]
    lost = [line for line, rendering in zip(lines, renderings, strict=True) if rendering is None]
    retried = iter(translator.translate(lost, source_language, target_language, own_terms) if lost else ())
    return [replace(next(retried), doubtful=True) if rendering is None else rendering for rendering in renderings]


def mask_terms(text: str, terms: Sequence[Term], copies: Sequence[Term] = ()) -> tuple[str, Placeholders]:
    """Return a text with a placeholder for each term and copy in it, longer ones first, and the placeholders.

    Terms are whole words. A term without capitals is also found where the text has it with capitals.
    """
    placeholders: dict[str, str] = {}
    all_terms = (*terms, *copies)
    taken = "\n".join([text, *(part for term in all_terms for part in (term.source, term.target))])
    names = (name for name in _names() if name not in taken)
    for term in sorted(all_terms, key=lambda term: len(term.source), reverse=True):
        any_case = term in terms and term.source == term.source.lower()
        pattern = re.compile(rf"(?<!\w){re.escape(term.source)}(?!\w)", re.IGNORECASE if any_case else 0)
        if pattern.search(text):
            name = next(names)
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
    return replace(rendering, text=full, shorter=tuple(translated for translated in shorter if translated is not None))


def _copies(text: str, source: str, target: str, alphabet: Collection[str] | None) -> list[Term]:
    return [*counts(text, source, target), *copied_terms(text, alphabet)]


def _is_copy(text: str, placeholders: Placeholders) -> bool:
    """Return whether nothing but terms is left to translate."""
    rest = re.sub("|".join(placeholders), "", text) if placeholders else text
    return bool(placeholders) and not any(map(str.isalpha, rest))


def _names() -> Iterator[str]:
    for length in (1, 2, 3):
        yield from (_PREFIX + "".join(letters) for letters in product(ascii_uppercase, repeat=length))


def _unmask(text: str, translated: str, placeholders: Placeholders) -> str | None:
    if any(_whole(name).findall(translated) != _whole(name).findall(text) for name in placeholders):
        return None
    for name, target in placeholders.items():
        translated = _whole(name).sub(lambda _, target=target: target, translated)  # type: ignore[misc]
    return translated


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"{name}(?![A-Z])")
