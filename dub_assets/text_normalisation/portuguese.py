"""Rules for Brazilian Portuguese: "R$ 3,50" -> "três reais e cinquenta centavos", "15h30" -> "quinze horas e ..."."""

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
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip

_CLOCK = re.compile(
    r"(?<![\w.,:])([01]?\d|2[0-4])(?:\s?h\s?|:)([0-5]\d|\d(?=\s?m))(?:\s?min(?!\w)|\s?m(?!\w))?(?::([0-5]\d))?(?:\s?hs?)?"
    r"(?![\w:])"
)
_FIRST_OF_MONTH = re.compile(rf"(?<![\w.,/])1 de (?={'|'.join(_MONTHS)})")
_TIMES = re.compile(r"(?<![\w.,])(\d+)x(?!\w)")

_HOUR = Noun(one="hora", many="horas", gender="f")
_MINUTE = Noun(one="minuto", many="minutos")
_SECOND = Noun(one="segundo", many="segundos")

_FEMININE_WORDS = """
horas vezes pessoas semanas libras toneladas milhas polegadas páginas mulheres crianças meninas moças irmãs filhas
palavras casas cidades coisas empresas escolas lojas máquinas mesas noites partes portas perguntas respostas ruas
salas tardes vidas vozes árvores xícaras garrafas folhas letras linhas medalhas moedas vítimas mortes vagas vacinas
doses camadas espécies etapas fases famílias ideias imagens línguas lâmpadas décadas dúzias igrejas ilhas janelas
caixas células peças plantas quadras receitas regras rodas telas unidades aulas amigas cartas contas cadeiras
bicicletas tentativas imagem colheres
"""
"""Common feminine nouns, most in the plural; their singulars follow from that."""
_FEMININE = frozenset(_FEMININE_WORDS.split())
_FEMININE_ENDINGS = ("ção", "ções", "ssões", "nsões", "rsões", "dade", "dades")
_MASCULINE = frozenset({"coração", "corações", "calção", "calções"})

_LENGTHS = {
    "km": Noun(one="quilômetro", many="quilômetros"),
    "m": Noun(one="metro", many="metros"),
    "cm": Noun(one="centímetro", many="centímetros"),
    "mm": Noun(one="milímetro", many="milímetros"),
}
_UNITS = (
    _LENGTHS
    | areas(_LENGTHS, ("quadrado", "quadrados"), ("cúbico", "cúbicos"))
    | {
        "%": Noun(one="por cento", many="por cento", gender=""),
        "‰": Noun(one="por mil", many="por mil", gender=""),
        "°C": Noun(one="grau Celsius", many="graus Celsius"),
        "°F": Noun(one="grau Fahrenheit", many="graus Fahrenheit"),
        "°": Noun(one="grau", many="graus"),
        "µm": Noun(one="micrômetro", many="micrômetros"),
        "nm": Noun(one="nanômetro", many="nanômetros"),
        "mi": Noun(one="milha", many="milhas", gender="f"),
        "ft": Noun(one="pé", many="pés"),
        "ha": Noun(one="hectare", many="hectares"),
        "mph": Noun(one="milha por hora", many="milhas por hora", gender="f"),
        "kg": Noun(one="quilo", many="quilos"),
        "g": Noun(one="grama", many="gramas"),
        "mg": Noun(one="miligrama", many="miligramas"),
        "lb": Noun(one="libra", many="libras", gender="f"),
        "lbs": Noun(one="libra", many="libras", gender="f"),
        "oz": Noun(one="onça", many="onças", gender="f"),
        "l": Noun(one="litro", many="litros"),
        "L": Noun(one="litro", many="litros"),
        "ml": Noun(one="mililitro", many="mililitros"),
        "mL": Noun(one="mililitro", many="mililitros"),
        "h": _HOUR,
        "min": _MINUTE,
        "s": _SECOND,
        "ms": Noun(one="milissegundo", many="milissegundos"),
        "kB": Noun(one="quilobyte", many="quilobytes"),
        "KB": Noun(one="quilobyte", many="quilobytes"),
        "MB": Noun(one="megabyte", many="megabytes"),
        "GB": Noun(one="gigabyte", many="gigabytes"),
        "TB": Noun(one="terabyte", many="terabytes"),
        "Mbps": Noun(one="megabit por segundo", many="megabits por segundo"),
        "Gbps": Noun(one="gigabit por segundo", many="gigabits por segundo"),
        "Hz": Noun(one="hertz", many="hertz"),
        "kHz": Noun(one="quilohertz", many="quilohertz"),
        "MHz": Noun(one="megahertz", many="megahertz"),
        "GHz": Noun(one="gigahertz", many="gigahertz"),
        "V": Noun(one="volt", many="volts"),
        "W": Noun(one="watt", many="watts"),
        "kW": Noun(one="quilowatt", many="quilowatts"),
        "MW": Noun(one="megawatt", many="megawatts"),
        "kWh": Noun(one="quilowatt-hora", many="quilowatts-hora"),
        "dB": Noun(one="decibel", many="decibéis"),
        "kcal": Noun(one="quilocaloria", many="quilocalorias", gender="f"),
        "px": Noun(one="pixel", many="pixels"),
        "fps": Noun(one="quadro por segundo", many="quadros por segundo"),
    }
)

_CENTAVO = Noun(one="centavo", many="centavos")
_DOLLAR = Currency(unit=Noun(one="dólar", many="dólares"), cent=_CENTAVO)
_REAL = Currency(unit=Noun(one="real", many="reais"), cent=_CENTAVO)
_EURO = Currency(unit=Noun(one="euro", many="euros"), cent=Noun(one="cêntimo", many="cêntimos"))
_POUND = Currency(unit=Noun(one="libra", many="libras", gender="f"), cent=Noun(one="pêni", many="pence"))
_YEN = Currency(unit=Noun(one="iene", many="ienes"), cent=Noun(one="sen", many="sen"))


def _gender_of(noun: str) -> Gender:
    if noun in _MASCULINE:
        return ""
    return "f" if _FEMININE & {noun, f"{noun}s", f"{noun}es"} or noun.endswith(_FEMININE_ENDINGS) else ""


def _times_of_day(text: str, rules: LanguageRules) -> str:
    """Verbalise times: "15h30", "15:30", "15:30:10", "3:45 pm"."""

    def clock(match: re.Match[str]) -> str:
        parts = [(match[1], _HOUR), (match[2], _MINUTE), (match[3] or "0", _SECOND)]
        words = [
            counted(str(int(figure)), "", noun, rules)
            for at, (figure, noun) in enumerate(parts)
            if int(figure) or not at
        ]
        return " e ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

    def half_day(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2] or 0)
        if hour == 12:
            words = "meia-noite" if match[3] in "aA" else "meio-dia"
            return f"{words} e {cardinal(minute, 'pt')}" if minute else words
        part = part_of_day(hour, match[3].lower(), ("da madrugada", "da manhã", "da tarde", "da noite"))
        return f"{hour_and_minute(hour, minute, rules, 'e')} {part}"

    return substitute(_CLOCK, clock, substitute(HALF_DAY, half_day, text))


def _first_of_month(text: str, rules: LanguageRules) -> str:
    _ = rules
    return _FIRST_OF_MONTH.sub("primeiro de ", text)


def _times(text: str, rules: LanguageRules) -> str:
    """Verbalise multiples: "2x" is "duas vezes"."""
    noun = Noun(one="vez", many="vezes", gender="f")
    return substitute(_TIMES, lambda match: counted(match[1], "", noun, rules), text)


def _date(year: int, month: int, day: int) -> str:
    words = "primeiro" if day == 1 else cardinal(day, "pt")
    return f"{words} de {_MONTHS[month - 1]} de {cardinal(year, 'pt')}"


PORTUGUESE = LanguageRules(
    language="pt",
    decimal=",",
    groups=".",
    marks={",": "vírgula", ".": "ponto"},
    decimals_as_number=True,
    of="de",
    cents_after="e",
    words=Words(
        minus="menos", plus="mais", plus_minus="mais ou menos", about="cerca de", to="a", by="por", over="sobre",
        per="por", equals="é igual a", ampersand="e", number="número", squared="ao quadrado", cubed="ao cubo",
    ),
    units=_UNITS,
    currencies={
        "R$": _REAL, "US$": _DOLLAR, "$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN,
        "BRL": _REAL, "USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND,
        "reais": _REAL, "dólares": _DOLLAR, "euros": _EURO,
    },
    magnitudes=("mil", "milhão", "milhões", "bilhão", "bilhões", "trilhão", "trilhões"),
    abbreviations={
        r"Sr\.(?= ?[A-ZÀ-Ý])": "Senhor", r"Sra\.(?= ?[A-ZÀ-Ý])": "Senhora", r"Srs\.(?= )": "Senhores",
        r"Sras\.(?= )": "Senhoras", r"Dr\.(?= ?[A-ZÀ-Ý])": "Doutor", r"Dra\.(?= ?[A-ZÀ-Ý])": "Doutora",
        r"Prof\.(?= ?[A-ZÀ-Ý])": "Professor", r"Profa?ª?\.ª?(?= ?[A-ZÀ-Ý])": "Professora",
        r"Av\.(?= ?[A-ZÀ-Ý])": "Avenida", r"[Ee]tc\.(?=\s+[A-ZÀ-Ý]|\s*$)": "et cetera.", r"[Ee]tc\b\.?": "et cetera",
        r"[Nn]\.?[º°](?=\s?\d)": "número", r"[Pp]ág\.(?=\s?\d)": "página", r"[Tt]el\.(?=\s?[\d(+])": "telefone",
        r"[Pp]\. ?ex\.": "por exemplo", r"[Vv]s\.": "versus",
        r"a\. ?C\.": "antes de Cristo", r"d\. ?C\.": "depois de Cristo",
    },
    fractions={"1/2": "meio", "1/3": "um terço", "2/3": "dois terços", "1/4": "um quarto", "3/4": "três quartos",
               "1/5": "um quinto", "1/8": "um oitavo", "24/7": "vinte e quatro por sete"},
    fraction_after="e",
    date=_date,
    day_first=True,
    without_digits=(centuries,),
    first=(_times_of_day, _first_of_month, ordinals, halves(_gender_of, "meia"), _times),
    counted=(agreement(_gender_of),),
)  # fmt: skip
