"""Rules for American English: "May 5" -> "May fifth", "$3.50" -> "three dollars and fifty cents"."""

from __future__ import annotations

import re

from dub_assets.text_normalisation.language_rules import (
    Identifiers,
    LanguageRules,
    Letters,
    Noun,
    Roman,
    Words,
    substitute,
    words,
)
from dub_assets.text_normalisation.numerals import cardinal, digits, ordinal, year
from dub_assets.text_normalisation.quantities import counted
from dub_assets.text_normalisation.quantity_names import currencies, units

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_HALF_DAY = re.compile(
    r"(?<![\w.,:])(1[0-2]|0?[1-9])(?:(?:[.:]|(?!00))([0-5]\d))?\s?([apAP])(?:\.\s?[mM](?:\.(?=\s+[a-z\d(]|[,;:!?)]))?|[mM])(?!\w)"
)
"""Hour, minutes, a or p; the last full stop of "p.m." is kept if it ends a sentence."""
_CLOCK = re.compile(r"(?<![\w.,:])([01]?\d|2[0-4]):([0-5]\d)(?![\w:])")
_DURATION = re.compile(r"(?<![\w.,:])(\d{1,2}):([0-5]\d):([0-5]\d)(?![\w:])")
_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})*|\d{1,9})(?:st|nd|rd|th)(?!\w)")
_QUOTE = r"['\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}]"
_DECADE = re.compile(rf"(?<![\w.,])(?:{_QUOTE}?(\d0)|([12]\d\d0)){_QUOTE}?s(?!\w)")
_MONTH_AND_DAY = re.compile(rf"\b({'|'.join(_MONTHS)}) (3[01]|[12]\d|0?[1-9])(?![\w:]|[.,]\d|\s?[%°])")
_TIMES = re.compile(r"(?<![\w.,])(\d+)x(?!\w)")
_YEAR = re.compile(r"(?<![\w.,$€£])(1[0-9]\d\d|20\d\d)(?!\w|[.,]\d)(?=(?: (?P<noun>[a-z]+))?)")
_SHORT_YEAR = re.compile(rf"(?<!\w){_QUOTE}(\d\d)(?!\w)")
_BEFORE_YEARS = re.compile(r"(?:\b(?:in|since|by|year|until|of|from|before|after)|,) $", re.IGNORECASE)
_MANY = frozenset({"people", "men", "women", "children", "feet", "mice"})
_FUNCTION_WORDS = "was is as has this its does goes his us thus always perhaps across besides versus yes"
_NO_PLURALS = words(_FUNCTION_WORDS)

_UNITS = units("en")
_HOUR, _MINUTE, _SECOND = (_UNITS[symbol] for symbol in ("h", "min", "s"))
_EMERGENCY_CALL = re.compile(r"(?<![\w.,-])(911|999|112)(?= (?:call|caller|operator|dispatcher|emergency))")

_RULERS = """
alexander charles christian constantine edward ferdinand francis frederick george gregory harald henry hussein innocent
ivan james john juan charlemagne leo leopold louis nicholas mahmud murad napoleon nebuchadnezzar olaf otto paul pedro
peter philip pius ramesses ramses rudolf selim sixtus sigismund stephen sergius suleiman umberto urban valdemar vladimir
wilhelm william xerxes darius benedict clement boniface celestine julius adrian victor emmanuel emanuel gustav carlos
alfonso felipe akbar mehmed richard henri edmund wenceslas casimir bela ladislaus rama cyrus artaxerxes
seleucus antiochus philippe haakon baldwin albert
"""
_QUEENS = "anne catherine christina elizabeth isabel isabella joanna margaret margrethe maria mary cleopatra beatrix"
_CHAPTERS = """
act acts article articles battalion book books bowl canto category chapter chapters class corps division episode
episodes figure grade group kings level mark corinthians part parts phase phases plate psalm round samuel scene scenes
season section sections series stage step table tables thessalonians timothy title tome type types vatican vol volume
volumes war
"""


def _emergency_calls(text: str, rules: LanguageRules) -> str:
    """Verbalise "a 911 call" digit by digit."""
    return substitute(_EMERGENCY_CALL, lambda match: digits(match[1], rules.language), text)


def _times_of_day(text: str, rules: LanguageRules) -> str:
    """Verbalise times: "3:45 pm", "15:30", "1:23:45"."""

    def duration(match: re.Match[str]) -> str:
        parts = zip(match.groups(), (_HOUR, _MINUTE, _SECOND), strict=True)
        hours, minutes, seconds = (counted(str(int(figure)), "", noun, rules) for figure, noun in parts)
        return f"{hours}, {minutes} and {seconds}"

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), match[2]
        if minute == "00":
            return f"{cardinal(hour, 'en')} o'clock" if 0 < hour <= 12 else f"{cardinal(hour, 'en')} hundred"
        return f"{cardinal(hour, 'en')} {_minutes(minute)}"

    def half_day(match: re.Match[str]) -> str:
        words = [cardinal(int(match[1]), "en"), _minutes(match[2] or "00"), f"{match[3].upper()}M"]
        return " ".join(filter(None, words))

    return substitute(_CLOCK, clock, substitute(_DURATION, duration, substitute(_HALF_DAY, half_day, text)))


def _minutes(written: str) -> str:
    minute = int(written)
    if not minute:
        return ""
    return cardinal(minute, "en") if minute > 9 else f"oh {cardinal(minute, 'en')}"


def _ordinals(text: str, rules: LanguageRules) -> str:
    """Verbalise ordinals, "1st", and the day after a month, "May 5"."""
    _ = rules
    text = substitute(_ORDINAL, lambda match: ordinal(int(match[1].replace(",", "")), "en"), text)
    return substitute(_MONTH_AND_DAY, lambda match: f"{match[1]} {ordinal(int(match[2]), 'en')}", text)


def _decades(text: str, rules: LanguageRules) -> str:
    """Verbalise decades: "the 1990s", "the '90s"."""
    _ = rules

    def in_words(match: re.Match[str]) -> str:
        words = cardinal(int(match[1]), "en") if match[1] else year(int(match[2]), "en")
        return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"

    return substitute(_DECADE, in_words, text)


def _short_phrases(text: str, rules: LanguageRules) -> str:
    """Verbalise multiples and short years: "2x", "class of '98"."""
    text = substitute(
        _SHORT_YEAR,
        lambda match: cardinal(int(match[1]), "en") if match[1][0] != "0" else f"oh {digits(match[1][1], 'en')}",
        text,
    )
    return substitute(_TIMES, lambda match: counted(match[1], "", Noun(one="time", many="times"), rules), text)


def _years(text: str, rules: LanguageRules) -> str:
    """Verbalise years in pairs of digits: "1995" is "nineteen ninety-five".

    A number before a plural is no year. A number under 1100 is a year only after a word such as "in".
    """
    _ = rules

    def in_words(match: re.Match[str]) -> str | None:
        number, noun = int(match[1]), match["noun"] or ""
        is_year = _BEFORE_YEARS.search(text[max(0, match.start() - 8) : match.start()]) is not None
        many = noun in _MANY or (noun.endswith("s") and noun not in _NO_PLURALS)
        if not is_year and (many or number < 1100):
            return None
        return year(number, "en")

    return substitute(_YEAR, in_words, text)


def _date(year_number: int, month: int, day: int) -> str:
    return f"{_MONTHS[month - 1]} {ordinal(day, 'en')}, {year(year_number, 'en')}"


def _power(exponent: int) -> str:
    return f"to the {ordinal(exponent, 'en')}" if exponent >= 0 else f"to the minus {cardinal(-exponent, 'en')}"


ENGLISH = LanguageRules(
    language="en",
    decimal=".",
    groups=",",
    marks={".": "point"},
    decimals_as_number=False,
    of="",
    cents_after="and",
    words=Words(
        minus="minus", plus="plus", plus_minus="plus or minus", about="about", to="to", by="by", over="over", per="per",
        equals="equals", ampersand="and", number="number", squared="squared", cubed="cubed", times="times", dot="dot",
        at="at", slash="slash", dash="dash", underscore="underscore", hashtag="hashtag",
    ),
    units=_UNITS,
    currencies=currencies("en"),
    magnitudes=("hundred", "thousand", "million", "billion", "trillion"),
    short_magnitudes={
        "k": ("thousand",) * 2, "K": ("thousand",) * 2, "M": ("million",) * 2, "m": ("million",) * 2,
        "mn": ("million",) * 2, "mi": ("million",) * 2, "mil": ("million",) * 2, "B": ("billion",) * 2,
        "b": ("billion",) * 2, "bn": ("billion",) * 2, "bi": ("billion",) * 2, "T": ("trillion",) * 2,
        "tn": ("trillion",) * 2, "tri": ("trillion",) * 2,
    },
    abbreviations={
        r"Mr\.(?= ?[A-Z])": "Mister", r"Mrs\.(?= ?[A-Z])": "Missus", r"Dr\.(?= ?[A-Z])": "Doctor",
        r"Prof\.(?= ?[A-Z])": "Professor", r"Jr\.(?=,| [a-z])": "Junior", r"Jr\.": "Junior.",
        r"[Ee]tc\.(?=\s+[A-Z]|\s*$)": "et cetera.", r"[Ee]tc\b\.?": "et cetera",
        r"No\. ?(?=\d)": "number ", r"Nos\. ?(?=\d)": "numbers ", r"[Ee]\. ?g\.": "for example",
        r"[Ii]\. ?e\.": "that is", r"[Vv]s\.": "versus",
    },
    fractions={"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter",
               "3/4": "three quarters",
               "1/5": "one fifth", "1/8": "one eighth", "24/7": "twenty-four seven",
               "9/11": "nine eleven"},
    fraction_after="and",
    date=_date,
    day_first=False,
    power=_power,
    roman=Roman(
        rulers=dict.fromkeys(words(_RULERS + _QUEENS), ""),
        titles=dict.fromkeys(words("king queen pope emperor empress tsar czar kaiser prince princess sultan"), ""),
        chapters=words(_CHAPTERS),
        centuries=frozenset(),
        counted_after=dict.fromkeys(words("century centuries congress reich olympiad millennium dynasty"), ""),
        of_name="the {}",
        never_before=words("the this that his her its our your their and but for with was has not are you did"),
    ),
    letters=Letters(names={}),
    interjections={
        "yes": "uh-huh", "hush": "shush", "puff": "pooh", "tut": "tut", "cold": "burr", "growl": "gur",
        "snore": "zuz", "snort": "humph",
    },
    identifiers=Identifiers(
        names=r"(?i:codes?|pin|passcode|password|zip(?: code)?|postcode|id|ssn|isbn|iban|serial|extension|ext\."
        r"|tracking|account|reference|ref\.|licen[cs]e plate|phone|telephone|tel\.|order (?:number|no\.))",
        names_to="is|was|number|numbers|no|are|to",
        calls=r"(?i:call|calls|called|calling|dial|dials|dialed|dialing|phone|phoned|ring|rang|text|hotline)",
        calls_to="on|up|the|number",
    ),
    first=(_emergency_calls, _times_of_day, _decades, _ordinals, _short_phrases),
    counted=(_years,),
)  # fmt: skip
