"""What Portuguese and Spanish have in common: agreement with what is counted, ordinals, centuries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from dub_assets.text_normalisation.language_rules import LanguageRules, Noun, Rule, put
from dub_assets.text_normalisation.numerals import Gender, cardinal, ordinal
from dub_assets.text_normalisation.quantities import SIGN, is_one, number, read

_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,4})\.?(º|ª|er|o|a)(?!\w)(?=( [a-zà-ÿ]{4,})?)")
_CENTURY = re.compile(r"\b([Ss]éculos?|[Ss]iglos?) ([IVX]+)\b")
_ROMAN = {"I": 1, "V": 5, "X": 10}
_HALF = re.compile(r"(?<![\w.,/])(?:(?P<whole>\d+) )?1/2 (?P<noun>[a-zà-ÿ]+)")
HALF_DAY = re.compile(
    r"(?<![\w.,:])(1[0-2]|0?[1-9])(?:[:.h]([0-5]\d))?\s?([apAP])"
    r"(?:\.\s?[mM](?:\.(?=\s+[a-zà-ÿ\d(]|[,;:!?)]))?|[mM])(?!\w)"
)
"""Hour, minutes, a or p; the last full stop of "p.m." stays where it ends a sentence."""

_FOLLOWING = r"(?P<noun>[a-zà-ÿ]+)"


def agreement(gender_of: Callable[[str], Gender]) -> Rule:
    """Numbers that agree with the word after them: "duas horas", "veintiún años"; "" is for one that says nothing."""

    def rule(text: str, tongue: LanguageRules) -> str:
        def said(found: re.Match[str]) -> str | None:
            gender = gender_of(found["noun"])
            thousand = found["thousand"] or ""
            many = found["noun"].endswith(("s", "mil")) or (is_one(found["number"], tongue) and not thousand)
            if not gender or not many:
                return None
            first = f"{read(found['first'], tongue, gender)} {found['link']} " if found["first"] else ""
            return f"{first}{read(found['number'], tongue, gender)}{thousand} {found['noun']}"

        return put(_before_word(tongue), said, text)

    return rule


@cache
def _before_word(tongue: LanguageRules) -> re.Pattern[str]:
    amount = rf"{SIGN}(?<![\w.,]){number(tongue)}"
    return re.compile(
        rf"(?:(?P<first>{amount}) (?P<link>a|o|ou|e|y|u) )?(?P<number>{amount})(?P<thousand> mil)? {_FOLLOWING}"
    )


def ordinals(text: str, tongue: LanguageRules) -> str:
    """Places in an order: "1º", "2.ª", "21o", in Spanish "1.er" too."""

    def said(found: re.Match[str]) -> str:
        gender: Gender = "f" if found[2] in "ªa" else "m"
        before_noun = found[2] == "er" or found[3] is not None
        return ordinal(int(found[1]), tongue.language, gender, before_noun=before_noun)

    return put(_ORDINAL, said, text)


def halves(gender_of: Callable[[str], Gender], half: str) -> Rule:
    """Halves of something feminine, "1/2 xícara": ``half`` is the feminine word for one half."""

    def rule(text: str, tongue: LanguageRules) -> str:
        def said(found: re.Match[str]) -> str | None:
            if gender_of(found["noun"]) != "f":
                return None
            whole = f"{read(found['whole'], tongue, 'f')} {tongue.fraction_after} " if found["whole"] else ""
            return f"{whole}{half} {found['noun']}"

        return put(_HALF, said, text)

    return rule


def centuries(text: str, tongue: LanguageRules) -> str:
    """Centuries in Roman figures: "século XX"."""
    return _CENTURY.sub(lambda found: f"{found[1]} {cardinal(_roman(found[2]), tongue.language)}", text)


def _roman(letters: str) -> int:
    values = [_ROMAN[letter] for letter in letters]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def areas(lengths: Mapping[str, Noun], squared: tuple[str, str], cubed: tuple[str, str]) -> dict[str, Noun]:
    """Squares and cubes of lengths: "metro quadrado", "metros cúbicos"."""
    made = {}
    for symbol, noun in lengths.items():
        for signs, (one, many) in (("²2", squared), ("³3", cubed)):
            for sign in signs:
                made[symbol + sign] = Noun(one=f"{noun.one} {one}", many=f"{noun.many} {many}", gender=noun.gender)
    return made


def hour_and_minute(hour: int, minute: int, tongue: LanguageRules, joined: str) -> str:
    """The time of a clock: "duas e quinze"."""
    said = cardinal(hour, tongue.language, "f")
    return f"{said} {joined} {cardinal(minute, tongue.language)}" if minute else said


def part_of_day(hour: int, half: str, parts: tuple[str, str, str, str]) -> str:
    """Of a hour with a.m. or p.m. ("a", "p"): at dawn, in the morning, in the afternoon, at night."""
    if half == "a":
        return parts[0] if hour < 5 else parts[1]
    return parts[2] if hour == 12 or hour < 7 else parts[3]
