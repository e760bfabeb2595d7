"""Sentences without their subject pronouns, in languages whose verbs say who does it: "Vou lá" for "Eu vou lá"."""

from __future__ import annotations

from dub_assets.core.sentences import ends_clause, ends_sentence, is_conjunction

_PRONOUNS = {
    "es": frozenset(
        ["yo", "tú", "usted", "él", "ella", "nosotros", "nosotras", "vosotros", "vosotras", "ustedes", "ellos", "ellas"]
    ),
    "it": frozenset(["io", "tu", "lei", "lui", "noi", "voi", "loro"]),
    "pt": frozenset(["eu", "tu", "você", "ele", "ela", "nós", "vós", "vocês", "eles", "elas"]),
}
"""Subject pronouns of languages that can do without (Dryer, "Expression of pronominal subjects", WALS chapter 101);
Brazilian Portuguese says more of them. One is the subject where a clause begins with it: not in "de nós"."""


def without_subjects(text: str, language: str) -> tuple[str, ...]:
    """A text with each of its subject pronouns left out, then with all of them; nothing in other languages.

    Whether the verb says as much, as "vou" does and "poderia" does not, is for the caller to judge.
    """
    words, pronouns = text.split(), _PRONOUNS.get(language, frozenset())
    places = [
        at
        for at in range(len(words) - 1)
        if words[at].casefold() in pronouns and (at == 0 or _opens_clause(words, at, language))
    ]
    ways = [{at} for at in places] + ([set(places)] if len(places) > 1 else [])
    return tuple(_without(words, left_out) for left_out in ways)


def _opens_clause(words: list[str], at: int, language: str) -> bool:
    before = words[at - 1]
    return ends_clause(before) or ends_sentence(before, words[at]) or is_conjunction(before, language)


def _without(words: list[str], places: set[int]) -> str:
    """The words without some, the next one written with a capital where the one left out was."""
    kept: list[str] = []
    capital = False
    for at, word in enumerate(words):
        if at in places:
            capital = capital or word[0].isupper()
        else:
            kept.append(word[0].upper() + word[1:] if capital else word)
            capital = False
    return " ".join(kept)
