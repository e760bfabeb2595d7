"""Null subjects: omit subject pronouns in languages whose verbs express the person, as "Vou lá" for "Eu vou lá"."""

from __future__ import annotations

from dub_assets.core.sentences import ends_clause, ends_sentence, is_conjunction

_PRONOUNS = {
    "es": frozenset(
        ["yo", "tú", "usted", "él", "ella", "nosotros", "nosotras", "vosotros", "vosotras", "ustedes", "ellos", "ellas"]
    ),
    "it": frozenset(["io", "tu", "lei", "lui", "noi", "voi", "loro"]),
    "pt": frozenset(["eu", "tu", "você", "ele", "ela", "nós", "vós", "vocês", "eles", "elas"]),
}
"""Subject pronouns by language (Dryer, "Expression of pronominal subjects", WALS chapter 101).

Brazilian Portuguese omits fewer of them.
"""


def without_subjects(text: str, language: str) -> tuple[str, ...]:
    """Return the text without each of its subject pronouns in turn, then without all; nothing for other languages.

    A pronoun counts as a subject if it opens a clause: "nós" in "de nós" does not. Whether the verb alone is clear, as
    "vou" is and "poderia" is not, is left to the caller.

    >>> without_subjects("Eu vou lá.", "pt")
    ('Vou lá.',)
    """
    words, pronouns = text.split(), _PRONOUNS.get(language, frozenset())
    subjects = [
        index
        for index in range(len(words) - 1)
        if words[index].casefold() in pronouns and (index == 0 or _opens_clause(words, index, language))
    ]
    selections = [{index} for index in subjects] + ([set(subjects)] if len(subjects) > 1 else [])
    return tuple(_without(words, omitted) for omitted in selections)


def _opens_clause(words: list[str], index: int, language: str) -> bool:
    before = words[index - 1]
    return ends_clause(before) or ends_sentence(before, words[index]) or is_conjunction(before, language)


def _without(words: list[str], omitted: set[int]) -> str:
    """Join the words except the omitted ones; the word after an omitted capitalised word is capitalised."""
    kept: list[str] = []
    capital = False
    for index, word in enumerate(words):
        if index in omitted:
            capital = capital or word[0].isupper()
        else:
            kept.append(word[0].upper() + word[1:] if capital else word)
            capital = False
    return " ".join(kept)
