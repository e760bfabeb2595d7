"""Rules that Portuguese and Spanish share: agreement with the counted noun, ordinals, halves, powers, times of day."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, Rule, substitute, words
from dub_assets.text_normalisation.numerals import Gender, cardinal, ordinal
from dub_assets.text_normalisation.quantities import SIGN, is_one, number, read

_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,4})\.?(º|ª|er|o|a)(?!\w)(?=( [a-zà-ÿ]{4,})?)")
_HALF = re.compile(r"(?<![\w.,/])(?:(?P<whole>\d+) )?1/2 (?P<noun>[a-zà-ÿ]+)")
HALF_DAY = re.compile(
    r"(?<![\w.,:])(1[0-2]|0?[1-9])(?:[:.h]([0-5]\d))?\s?([apAP])"
    r"(?:\.\s?[mM](?:\.(?=\s+[a-zà-ÿ\d(]|[,;:!?)]))?|[mM])(?!\w)"
)
"""Hour, minutes, a or p; the last full stop of "p.m." is kept if it ends a sentence."""

_FOLLOWING = r"(?P<noun>[a-zà-ÿ]+)"


def agreement(gender_of: Callable[[str], Gender]) -> Rule:
    """Return the rule of numbers that agree with the next word: "duas horas", "veintiún años".

    ``gender_of`` returns the gender of a word, or "" if the number does not count it.
    """

    def rule(text: str, rules: LanguageRules) -> str:
        def in_words(match: re.Match[str]) -> str | None:
            gender = gender_of(match["noun"])
            thousand = match["thousand"] or ""
            many = match["noun"].endswith(("s", "mil")) or (is_one(match["number"], rules) and not thousand)
            if not gender or not many:
                return None
            first = f"{read(match['first'], rules, gender)} {match['link']} " if match["first"] else ""
            return f"{first}{read(match['number'], rules, gender)}{thousand} {match['noun']}"

        return substitute(_before_word(rules), in_words, text)

    return rule


@cache
def _before_word(rules: LanguageRules) -> re.Pattern[str]:
    amount = rf"{SIGN}(?<![\w.,]){number(rules)}"
    return re.compile(
        rf"(?:(?P<first>{amount}) (?P<link>a|o|ou|e|y|u) )?(?P<number>{amount})(?P<thousand> mil)? {_FOLLOWING}"
    )


def ordinals(text: str, rules: LanguageRules) -> str:
    """Verbalise ordinals: "1º", "2.ª", "21o", in Spanish also "1.er"."""

    def in_words(match: re.Match[str]) -> str:
        gender: Gender = "f" if match[2] in "ªa" else "m"
        before_noun = match[2] == "er" or match[3] is not None
        return ordinal(int(match[1]), rules.language, gender, before_noun=before_noun)

    return substitute(_ORDINAL, in_words, text)


def halves(gender_of: Callable[[str], Gender], half: str) -> Rule:
    """Return the rule of halves of feminine nouns, "1/2 xícara"; ``half`` is the feminine word for one half."""

    def rule(text: str, rules: LanguageRules) -> str:
        def in_words(match: re.Match[str]) -> str | None:
            if gender_of(match["noun"]) != "f":
                return None
            whole = f"{read(match['whole'], rules, 'f')} {rules.fraction_after} " if match["whole"] else ""
            return f"{whole}{half} {match['noun']}"

        return substitute(_HALF, in_words, text)

    return rule


def genders(masculine: str, feminine: str) -> dict[str, Gender]:
    """Return the gender of words."""
    return {**dict.fromkeys(words(masculine), "m"), **dict.fromkeys(words(feminine), "f")}


def power(to_the: str, raised_to: str, language: str, longest: int) -> Callable[[int], str]:
    """Return the words of exponents: an ordinal up to ``longest``, "à sexta", else a number, "elevado a vinte"."""

    def in_words(number: int) -> str:
        if 0 < number <= longest:
            return f"{to_the} {ordinal(number, language, 'f')}"
        sign = "menos " if number < 0 else ""
        return f"{raised_to} {sign}{cardinal(abs(number), language)}"

    return in_words


def hour_and_minute(hour: int, minute: int, rules: LanguageRules, joined: str) -> str:
    """Return a time of day: "duas e quinze"."""
    words = cardinal(hour, rules.language, "f")
    return f"{words} {joined} {cardinal(minute, rules.language)}" if minute else words


def part_of_day(hour: int, half: str, parts: tuple[str, str, str, str]) -> str:
    """Return the part of the day of an hour with a.m. ("a") or p.m. ("p").

    ``parts`` are the words for before dawn, morning, afternoon and night.
    """
    if half == "a":
        return parts[0] if hour < 5 else parts[1]
    return parts[2] if hour == 12 or hour < 7 else parts[3]
