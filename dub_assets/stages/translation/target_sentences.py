"""Sentences of a text, and which of them are in the target language already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from dub_assets.core.ports import LanguageIdentifier
from dub_assets.core.sentences import LANGUAGES_WITHOUT_SPACES, ends_sentence
from dub_assets.text_normalisation.scripts import reads_latin

_MIN_WORDS = 3
_MIN_PROBABILITY = 0.95
"""Probability from which an identified language counts, among the two languages of the job."""
_CERTAIN_WORDS = 3
"""Function words of the target language from which a likely guess is enough."""
_SIGNS = "\"'()[]{}.,:;!?¡¿…-–—«»“”‘’"  # noqa: RUF001 - typographic signs are meant

_FUNCTION_WORDS = {
    "en": "the and of to is was are were be been it its this that these those you your he she they them their we our i "
    "my me his her him not don't didn't doesn't isn't what who where when how why which there here with for from at by "
    "on in will would can could should have has had did does but if or than because about into very just i'm it's "
    "that's you're we're they're let's can't won't all any some so up out over only never nobody everybody please",
    "pt": "não é o os um uma uns umas de da do das dos em na nos nas que se por para com como mais mas ou ao aos à às "
    "eu você vocês ele ela eles elas nós me te lhe meu minha meus minhas seu sua seus suas isso isto aquilo esse essa "
    "este esta aquele aquela quem onde quando porque também já muito tudo todos nada ninguém nunca sempre sem até foi "
    "era está estão estou são ser tem têm tinha vai vou pelo pela num numa há só bem aqui ali lá agora então pra pro",
    "es": "no es el los un una unos unas de la del las en que se por para con como más pero o al yo tú usted ustedes "
    "él ella ellos ellas nosotros me te le les mi mis tu tus su sus eso esto ese esa este esta quién dónde cuándo "
    "porque también ya muy mucho todo todos nada nadie nunca siempre sin hasta fue era está están estoy son ser tiene "
    "hay qué cómo sí bien aquí allí ahora entonces lo y a",
}
"""Words that a text of the language has; those that two languages share say nothing about this pair."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, with its spaces as they are within each."""
    words = text.split()
    parts: list[list[str]] = [[]]
    for word, following in zip_longest(words, words[1:]):
        parts[-1].append(word)
        if following is not None and ends_sentence(word, following):
            parts.append([])
    return [" ".join(part) for part in parts if part]


def in_target_language(
    texts: Iterable[str], source: str, target: str, identifier: LanguageIdentifier
) -> frozenset[str]:
    """Return the sentences that are in the target language already. They have at least three words.

    Function words of the target language, and none of the source language, are required if both have a list.
    """
    if LANGUAGES_WITHOUT_SPACES & {source, target} or source == target:
        return frozenset()
    likely = {text: count for text in texts if (count := _target_words(text, source, target))}
    if not likely or not {source, target} <= identifier.languages:
        return frozenset()
    guesses = identifier.identify(list(likely), {source, target})
    return frozenset(
        text
        for (text, words), guess in zip(likely.items(), guesses, strict=True)
        if guess.language == target and (guess.probability >= _MIN_PROBABILITY or words >= _CERTAIN_WORDS)
    )


def _target_words(text: str, source: str, target: str) -> int:
    """Return how many words show that a text may be in the target language; 0 if others show the source language."""
    words = [word.strip(_SIGNS).casefold() for word in text.split()]
    words = [word for word in words if any(map(str.isalpha, word))]
    if len(words) < _MIN_WORDS:
        return 0
    if reads_latin(source) != reads_latin(target):
        return int(_is_latin(words) == reads_latin(target))
    if source not in _FUNCTION_WORDS or target not in _FUNCTION_WORDS:
        return 0
    of_source, of_target = (frozenset(_FUNCTION_WORDS[language].split()) for language in (source, target))
    if any(word in of_source - of_target for word in words):
        return 0
    return sum(word in of_target - of_source for word in words)


def _is_latin(words: Sequence[str]) -> bool:
    letters = [letter for word in words for letter in word if letter.isalpha()]
    return all(letter < "\u0250" for letter in letters)
