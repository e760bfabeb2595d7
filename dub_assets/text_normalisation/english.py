"""Rules for American English: "May 5" -> "May fifth", "$3.50" -> "three dollars and fifty cents"."""

from __future__ import annotations

import re

from dub_assets.text_normalisation.language_rules import Currency, LanguageRules, Noun, Words, substitute
from dub_assets.text_normalisation.numerals import cardinal, digits, ordinal, year
from dub_assets.text_normalisation.quantities import counted

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
_NO_PLURALS = frozenset(_FUNCTION_WORDS.split())

_HOUR = Noun(one="hour", many="hours")
_MINUTE = Noun(one="minute", many="minutes")
_SECOND = Noun(one="second", many="seconds")


def _plural(one: str) -> Noun:
    return Noun(one=one, many=f"{one}s")


_LENGTHS = {"km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter"}
_UNITS = {symbol: _plural(name) for symbol, name in _LENGTHS.items()}
_UNITS |= {symbol + sign: _plural(f"square {name}") for symbol, name in _LENGTHS.items() for sign in "²2"}
_UNITS |= {symbol + sign: _plural(f"cubic {name}") for symbol, name in _LENGTHS.items() for sign in "³3"}
_UNITS |= {
    "%": Noun(one="percent", many="percent"),
    "‰": Noun(one="per thousand", many="per thousand"),
    "°C": Noun(one="degree Celsius", many="degrees Celsius"),
    "°F": Noun(one="degree Fahrenheit", many="degrees Fahrenheit"),
    "°": _plural("degree"),
    "µm": _plural("micrometer"),
    "nm": _plural("nanometer"),
    "mi": _plural("mile"),
    "ft": Noun(one="foot", many="feet"),
    "sq ft": Noun(one="square foot", many="square feet"),
    "yd": _plural("yard"),
    "ha": _plural("hectare"),
    "mph": Noun(one="mile per hour", many="miles per hour"),
    "kph": Noun(one="kilometer per hour", many="kilometers per hour"),
    "kg": _plural("kilogram"),
    "g": _plural("gram"),
    "mg": _plural("milligram"),
    "lb": _plural("pound"),
    "lbs": _plural("pound"),
    "oz": _plural("ounce"),
    "l": _plural("liter"),
    "L": _plural("liter"),
    "ml": _plural("milliliter"),
    "mL": _plural("milliliter"),
    "h": _HOUR,
    "hr": _HOUR,
    "hrs": _HOUR,
    "min": _MINUTE,
    "s": _SECOND,
    "ms": _plural("millisecond"),
    "kB": _plural("kilobyte"),
    "KB": _plural("kilobyte"),
    "MB": _plural("megabyte"),
    "GB": _plural("gigabyte"),
    "TB": _plural("terabyte"),
    "Mbps": Noun(one="megabit per second", many="megabits per second"),
    "Gbps": Noun(one="gigabit per second", many="gigabits per second"),
    "Hz": Noun(one="hertz", many="hertz"),
    "kHz": Noun(one="kilohertz", many="kilohertz"),
    "MHz": Noun(one="megahertz", many="megahertz"),
    "GHz": Noun(one="gigahertz", many="gigahertz"),
    "V": _plural("volt"),
    "W": _plural("watt"),
    "kW": _plural("kilowatt"),
    "MW": _plural("megawatt"),
    "kWh": _plural("kilowatt hour"),
    "dB": _plural("decibel"),
    "kcal": _plural("kilocalorie"),
    "px": _plural("pixel"),
    "fps": Noun(one="frame per second", many="frames per second"),
}

_DOLLAR = Currency(unit=_plural("dollar"), cent=_plural("cent"))
_REAL = Currency(unit=Noun(one="real", many="reais"), cent=_plural("centavo"))
_EURO = Currency(unit=_plural("euro"), cent=_plural("cent"))
_POUND = Currency(unit=_plural("pound"), cent=Noun(one="penny", many="pence"))
_YEN = Currency(unit=Noun(one="yen", many="yen"), cent=Noun(one="sen", many="sen"))


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
        equals="equals", ampersand="and", number="number", squared="squared", cubed="cubed",
    ),
    units=_UNITS,
    currencies={
        "R$": _REAL, "US$": _DOLLAR, "$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN,
        "BRL": _REAL, "USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND, "dollars": _DOLLAR, "euros": _EURO, "pounds": _POUND,
    },
    magnitudes=("hundred", "thousand", "million", "billion", "trillion"),
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
    first=(_times_of_day, _decades, _ordinals, _short_phrases),
    counted=(_years,),
)  # fmt: skip
