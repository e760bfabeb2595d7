"""Rules for Spanish: "21 años" -> "veintiún años", "3,50 €" -> "tres euros con cincuenta céntimos"."""

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
from dub_assets.text_normalisation.numerals import Gender, cardinal
from dub_assets.text_normalisation.quantities import counted
from dub_assets.text_normalisation.quantity_names import currencies, units
from dub_assets.text_normalisation.romance import (
    HALF_DAY,
    agreement,
    genders,
    halves,
    hour_and_minute,
    ordinals,
    part_of_day,
    power,
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

_UNITS = units("es")
_HOUR, _MINUTE, _SECOND = (_UNITS[symbol] for symbol in ("h", "min", "s"))

_FEMININE_WORDS = """
horas veces personas semanas libras toneladas millas pulgadas páginas mujeres niñas chicas hermanas hijas palabras
casas cosas empresas escuelas tiendas máquinas mesas noches partes puertas preguntas respuestas calles salas tardes
vidas voces tazas botellas hojas letras líneas medallas monedas víctimas muertes vacunas capas especies etapas fases
familias ideas imágenes lenguas lámparas décadas docenas iglesias islas ventanas cajas células piezas plantas
recetas reglas ruedas pantallas unidades clases amigas cartas cuentas sillas bicicletas yardas vez voz dosis imagen
cucharadas
"""
"""Common feminine nouns, most in the plural; their singulars follow from that."""
_FEMININE = words(_FEMININE_WORDS)
_FEMININE_ENDINGS = ("ción", "ciones", "sión", "siones", "dad", "dades")

_FUNCTION_WORDS = """
a al ante bajo con contra como cuando de del desde donde durante e el ella en entre era es está estaba están fue
fueron ha hacia han hasta la las le les lo los mientras más menos me ni no o para pero por porque que
se según ser si sin sobre son su sus también tan te tras u un una y ya yo grados
"""
"""A number before one of these words counts nothing."""
_UNCOUNTED = words(_FUNCTION_WORDS)

_RULERS = """
adriano alberto alejandro alfonso augusto benedicto bonifacio carlos casimiro celestino clemente constantino cristián
darío eduardo enrique esteban felipe fernando francisco federico gregorio guillermo gustavo haakon harald humberto
inocencio iván jaime jorge josé juan julio león leopoldo luis manuel mehmed miguel napoleón nicolás otón pablo pedro pío
ramsés ricardo rodolfo sancho sixto solimán urbano víctor charles edward george henry james louis william
"""
_QUEENS = "ana beatriz catalina cleopatra cristina elizabeth isabel juana leonor margarita maría"
_CHAPTERS = """
acto anexo apéndice artículo batallón bloque canto capítulo capítulos categoría clase corintios división episodio
escena escenas etapa fase figura grupo guerra libro libros mundial nivel número página parte partes ronda salmo sección
samuel serie tabla temporada timoteo tipo título tomo tomos vaticano vol volumen volúmenes
"""
_MASCULINE_EVENTS = """
batallón centenario coloquio concilio concurso congreso cuerpo distrito encuentro ejército festival foro imperio milenio
plan premio reich seminario siglo simposio torneo
"""
_FEMININE_EVENTS = """
asamblea bienal brigada conferencia copa carrera cruzada dinastía edición exposición feria guerra internacional jornada
legión muestra olimpiada región república reunión semana
"""
_LETTERS = (
    "a", "be", "ce", "de", "e", "efe", "ge", "hache", "i", "jota", "ka", "ele", "eme", "ene", "o", "pe", "cu", "erre",
    "ese", "te", "u", "uve", "uve doble", "equis", "i griega", "zeta",
)  # fmt: skip
_LONGEST_POWER = 10


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
        times="por", dot="punto", at="arroba", slash="barra", dash="guion", underscore="guion bajo", hashtag="hashtag",
    ),
    units=_UNITS,
    currencies=currencies("es"),
    magnitudes=("mil", "millón", "millones", "mil millones", "billón", "billones"),
    short_magnitudes={
        "k": ("mil",) * 2, "K": ("mil",) * 2, "M": ("millón", "millones"), "MM": ("millón", "millones"),
        "mill.": ("millón", "millones"), "bn": ("mil millones",) * 2, "B": ("mil millones",) * 2,
        "bi": ("mil millones",) * 2, "T": ("billón", "billones"),
    },
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
    power=power("a la", "elevado a", "es", _LONGEST_POWER),
    roman=Roman(
        rulers=genders(_RULERS, _QUEENS),
        titles=genders("rey papa emperador zar don príncipe sultán", "reina emperatriz zarina doña princesa"),
        chapters=words(_CHAPTERS),
        centuries=frozenset({"siglo", "siglos"}),
        counted_after=genders(_MASCULINE_EVENTS, _FEMININE_EVENTS),
        of_name="{}",
        never_before=words("una con por que pero los las del sus mis este esta"),
    ),
    letters=Letters(
        names=dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTERS, strict=True)),
        spelt=words("UE IA AI CEO VIH HIV CIA OMS USB PC EUA QR UCI CO TI"),
        words=words("OK ONG ONGs OVNI SIDA BRICS VIP LED"),
    ),
    interjections={
        "yes": "ajá", "hum": "eh", "hush": "chis", "psst": "chist", "puff": "puf", "tut": "chas", "cold": "bru",
        "growl": "gur", "snore": "ronc", "snort": "bah",
    },
    identifiers=Identifiers(
        names=r"(?i:códigos?|contraseñas?|clave|dni|nie|nif|cif|pin|id|cuenta|tarjeta|pasaporte|matrícula|extensión"
        r"|teléfono|tel\.|móvil|celular|pedido|expediente)",
        names_to="es|era|fue|número|n.º|de|del",
        calls=r"(?i:llama|llamar|llame|llamen|llamó|llamé|marca|marcar|marque|marcó|telefonea)",
        calls_to="al|a|el|número",
    ),
    first=(_times_of_day, ordinals, halves(_gender_of, "media"), _times),
    counted=(agreement(_gender_of),),
)  # fmt: skip
