"""Rules for Spanish: "21 años" -> "veintiún años", "3,50 €" -> "tres euros con cincuenta céntimos"."""

from __future__ import annotations

import re

from dub_assets.text_normalisation.language_rules import Currency, LanguageRules, Noun, Words, substitute
from dub_assets.text_normalisation.numerals import Gender, cardinal
from dub_assets.text_normalisation.quantities import counted
from dub_assets.text_normalisation.romance import (
    HALF_DAY,
    agreement,
    areas,
    centuries,
    halves,
    hour_and_minute,
    ordinals,
    part_of_day,
)

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip

_CLOCK = re.compile(
    r"(?<![\w.,:])([01]?\d|2[0-4])(?P<mark>\s?h\s?|:)([0-5]\d)(?:\s?min)?(?![\w:])(?:\s?h(?:rs|s)?(?!\w)\.?)?"
)
_DURATION = re.compile(r"(?<![\w.,:])(\d{1,2}):([0-5]\d):([0-5]\d)(?![\w:])")
_TIMES = re.compile(r"(?<![\w.,])(\d+)x(?!\w)")

_HOUR = Noun(one="hora", many="horas", gender="f")
_MINUTE = Noun(one="minuto", many="minutos")
_SECOND = Noun(one="segundo", many="segundos")

_FEMININE_WORDS = """
horas veces personas semanas libras toneladas millas pulgadas páginas mujeres niñas chicas hermanas hijas palabras
casas cosas empresas escuelas tiendas máquinas mesas noches partes puertas preguntas respuestas calles salas tardes
vidas voces tazas botellas hojas letras líneas medallas monedas víctimas muertes vacunas capas especies etapas fases
familias ideas imágenes lenguas lámparas décadas docenas iglesias islas ventanas cajas células piezas plantas
recetas reglas ruedas pantallas unidades clases amigas cartas cuentas sillas bicicletas yardas vez voz dosis imagen
cucharadas
"""
"""Common feminine nouns, most in the plural; their singulars follow from that."""
_FEMININE = frozenset(_FEMININE_WORDS.split())
_FEMININE_ENDINGS = ("ción", "ciones", "sión", "siones", "dad", "dades")

_FUNCTION_WORDS = """
a al ante bajo con contra como cuando de del desde donde durante e el ella en entre era es está estaba están fue
fueron ha hacia han hasta la las le les lo los mientras más menos me ni no o para pero por porque que
se según ser si sin sobre son su sus también tan te tras u un una y ya yo grados
"""
"""A number before one of these words counts nothing."""
_UNCOUNTED = frozenset(_FUNCTION_WORDS.split())

_LENGTHS = {
    "km": Noun(one="kilómetro", many="kilómetros"),
    "m": Noun(one="metro", many="metros"),
    "cm": Noun(one="centímetro", many="centímetros"),
    "mm": Noun(one="milímetro", many="milímetros"),
}
_UNITS = (
    _LENGTHS
    | areas(_LENGTHS, ("cuadrado", "cuadrados"), ("cúbico", "cúbicos"))
    | {
        "%": Noun(one="por ciento", many="por ciento", gender=""),
        "‰": Noun(one="por mil", many="por mil", gender=""),
        "°C": Noun(one="grado Celsius", many="grados Celsius"),
        "°F": Noun(one="grado Fahrenheit", many="grados Fahrenheit"),
        "°": Noun(one="grado", many="grados"),
        "µm": Noun(one="micrómetro", many="micrómetros"),
        "nm": Noun(one="nanómetro", many="nanómetros"),
        "mi": Noun(one="milla", many="millas", gender="f"),
        "ft": Noun(one="pie", many="pies"),
        "ha": Noun(one="hectárea", many="hectáreas", gender="f"),
        "mph": Noun(one="milla por hora", many="millas por hora", gender="f"),
        "kg": Noun(one="kilo", many="kilos"),
        "g": Noun(one="gramo", many="gramos"),
        "mg": Noun(one="miligramo", many="miligramos"),
        "lb": Noun(one="libra", many="libras", gender="f"),
        "lbs": Noun(one="libra", many="libras", gender="f"),
        "oz": Noun(one="onza", many="onzas", gender="f"),
        "l": Noun(one="litro", many="litros"),
        "L": Noun(one="litro", many="litros"),
        "ml": Noun(one="mililitro", many="mililitros"),
        "mL": Noun(one="mililitro", many="mililitros"),
        "h": _HOUR,
        "min": _MINUTE,
        "s": _SECOND,
        "ms": Noun(one="milisegundo", many="milisegundos"),
        "kB": Noun(one="kilobyte", many="kilobytes"),
        "KB": Noun(one="kilobyte", many="kilobytes"),
        "MB": Noun(one="megabyte", many="megabytes"),
        "GB": Noun(one="gigabyte", many="gigabytes"),
        "TB": Noun(one="terabyte", many="terabytes"),
        "Mbps": Noun(one="megabit por segundo", many="megabits por segundo"),
        "Gbps": Noun(one="gigabit por segundo", many="gigabits por segundo"),
        "Hz": Noun(one="hertz", many="hertz"),
        "kHz": Noun(one="kilohertz", many="kilohertz"),
        "MHz": Noun(one="megahertz", many="megahertz"),
        "GHz": Noun(one="gigahertz", many="gigahertz"),
        "V": Noun(one="voltio", many="voltios"),
        "W": Noun(one="vatio", many="vatios"),
        "kW": Noun(one="kilovatio", many="kilovatios"),
        "MW": Noun(one="megavatio", many="megavatios"),
        "kWh": Noun(one="kilovatio hora", many="kilovatios hora"),
        "dB": Noun(one="decibelio", many="decibelios"),
        "kcal": Noun(one="kilocaloría", many="kilocalorías", gender="f"),
        "px": Noun(one="píxel", many="píxeles"),
        "fps": Noun(one="fotograma por segundo", many="fotogramas por segundo"),
    }
)

_DOLLAR = Currency(unit=Noun(one="dólar", many="dólares"), cent=Noun(one="centavo", many="centavos"))
_REAL = Currency(unit=Noun(one="real", many="reales"), cent=Noun(one="centavo", many="centavos"))
_EURO = Currency(unit=Noun(one="euro", many="euros"), cent=Noun(one="céntimo", many="céntimos"))
_POUND = Currency(unit=Noun(one="libra", many="libras", gender="f"), cent=Noun(one="penique", many="peniques"))
_YEN = Currency(unit=Noun(one="yen", many="yenes"), cent=Noun(one="sen", many="sen"))


def _gender_of(noun: str) -> Gender:
    if _FEMININE & {noun, f"{noun}s", f"{noun}es"} or noun.endswith(_FEMININE_ENDINGS):
        return "f"
    return "" if noun in _UNCOUNTED else "m"


def _times_of_day(text: str, rules: LanguageRules) -> str:
    """Verbalise times: "15:30" as "quince y treinta", "3:45 p. m.", "1:23:45"."""

    def duration(match: re.Match[str]) -> str:
        parts = zip(match.groups(), (_HOUR, _MINUTE, _SECOND), strict=True)
        hours, minutes, seconds = (counted(str(int(figure)), "", noun, rules) for figure, noun in parts)
        return f"{hours}, {minutes} y {seconds}"

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[3])
        if "h" in match["mark"]:
            words = counted(str(hour), "", _HOUR, rules)
            return f"{words} y {counted(str(minute), '', _MINUTE, rules)}" if minute else words
        if not minute and hour > 12:
            return counted(str(hour), "", _HOUR, rules)
        return hour_and_minute(hour, minute, rules, "y")

    def half_day(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2] or 0)
        if hour == 12:
            words = "medianoche" if match[3] in "aA" else "mediodía"
            return f"{words} y {cardinal(minute, 'es')}" if minute else words
        parts = ("de la madrugada", "de la mañana", "de la tarde", "de la noche")
        return f"{hour_and_minute(hour, minute, rules, 'y')} {part_of_day(hour, match[3].lower(), parts)}"

    return substitute(_CLOCK, clock, substitute(_DURATION, duration, substitute(HALF_DAY, half_day, text)))


def _times(text: str, rules: LanguageRules) -> str:
    """Verbalise multiples: "2x" is "dos veces"."""
    noun = Noun(one="vez", many="veces", gender="f")
    return substitute(_TIMES, lambda match: counted(match[1], "", noun, rules), text)


def _date(year: int, month: int, day: int) -> str:
    words = "primero" if day == 1 else cardinal(day, "es")
    return f"{words} de {_MONTHS[month - 1]} de {cardinal(year, 'es')}"


SPANISH = LanguageRules(
    language="es",
    decimal=",",
    groups=". ",
    marks={",": "coma", ".": "punto"},
    decimals_as_number=True,
    of="de",
    cents_after="con",
    words=Words(
        minus="menos", plus="más", plus_minus="más menos", about="unos", to="a", by="por", over="sobre", per="por",
        equals="es igual a", ampersand="y", number="número", squared="al cuadrado", cubed="al cubo",
    ),
    units=_UNITS,
    currencies={
        "R$": _REAL, "US$": _DOLLAR, "$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN,
        "BRL": _REAL, "USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND, "dólares": _DOLLAR, "euros": _EURO,
    },
    magnitudes=("mil", "millón", "millones", "mil millones", "billón", "billones"),
    abbreviations={
        r"Sr\.(?= ?[A-ZÀ-Ý])": "Señor", r"Sra\.(?= ?[A-ZÀ-Ý])": "Señora", r"Srta\.(?= ?[A-ZÀ-Ý])": "Señorita",
        r"Sres\.(?= )": "Señores", r"Dr\.(?= ?[A-ZÀ-Ý])": "Doctor", r"Dra\.(?= ?[A-ZÀ-Ý])": "Doctora",
        r"Prof\.(?= ?[A-ZÀ-Ý])": "Profesor", r"Av\.(?= ?[A-ZÀ-Ý])": "Avenida", r"Uds\.": "ustedes", r"Ud\.": "usted",
        r"[Ee]tc\.(?=\s+[A-ZÀ-Ý¿¡]|\s*$)": "etcétera.", r"[Ee]tc\b\.?": "etcétera",
        r"[Nn]\.?[º°](?=\s?\d)": "número", r"[Nn]úm\.(?=\s?\d)": "número", r"[Pp]ág\.(?=\s?\d)": "página",
        r"[Tt]el\.(?=\s?[\d(+])": "teléfono", r"[Pp]\. ?ej\.": "por ejemplo", r"[Vv]s\.": "versus",
        r"EE\. ?UU\.": "Estados Unidos", r"a\. ?C\.": "antes de Cristo", r"d\. ?C\.": "después de Cristo",
    },
    fractions={"1/2": "medio", "1/3": "un tercio", "2/3": "dos tercios", "1/4": "un cuarto", "3/4": "tres cuartos",
               "1/5": "un quinto", "1/8": "un octavo", "24/7": "veinticuatro siete"},
    fraction_after="y",
    date=_date,
    day_first=True,
    without_digits=(centuries,),
    first=(_times_of_day, ordinals, halves(_gender_of, "media"), _times),
    counted=(agreement(_gender_of),),
)  # fmt: skip
