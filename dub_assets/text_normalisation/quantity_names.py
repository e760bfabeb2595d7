"""The names of units and currencies, in one table for all languages.

A row has a symbol and, for each language of ``_LANGUAGES``, singular and plural; what follows a plural of one word
follows the singular too. ``*`` marks feminine nouns, ``-`` nouns that numbers do not agree with.
"""

from __future__ import annotations

from dub_assets.text_normalisation.language_rules import Currency, Noun
from dub_assets.text_normalisation.numerals import Gender

_LANGUAGES = ("en", "pt", "es")

_LENGTHS = """
km | kilometer/kilometers | quilômetro/quilômetros | kilómetro/kilómetros
m | meter/meters | metro/metros | metro/metros
cm | centimeter/centimeters | centímetro/centímetros | centímetro/centímetros
mm | millimeter/millimeters | milímetro/milímetros | milímetro/milímetros
"""

_UNITS = """
% | percent/percent- | por/por cento- | por/por ciento-
‰ | per/per thousand- | por/por mil- | por/por mil-
°C | degree/degrees Celsius | grau/graus Celsius | grado/grados Celsius
°F | degree/degrees Fahrenheit | grau/graus Fahrenheit | grado/grados Fahrenheit
° | degree/degrees | grau/graus | grado/grados
µm | micrometer/micrometers | micrômetro/micrômetros | micrómetro/micrómetros
nm | nanometer/nanometers | nanômetro/nanômetros | nanómetro/nanómetros
mi | mile/miles | milha/milhas* | milla/millas*
ft | foot/feet | pé/pés | pie/pies
sq ft | square foot/square feet | pé quadrado/pés quadrados | pie cuadrado/pies cuadrados
yd | yard/yards | jarda/jardas* | yarda/yardas*
ha | hectare/hectares | hectare/hectares | hectárea/hectáreas*
mph | mile/miles per hour | milha/milhas por hora* | milla/millas por hora*
kph | kilometer/kilometers per hour | quilômetro/quilômetros por hora | kilómetro/kilómetros por hora
kg | kilogram/kilograms | quilo/quilos | kilo/kilos
g | gram/grams | grama/gramas | gramo/gramos
mg | milligram/milligrams | miligrama/miligramas | miligramo/miligramos
lb lbs | pound/pounds | libra/libras* | libra/libras*
oz | ounce/ounces | onça/onças* | onza/onzas*
l L | liter/liters | litro/litros | litro/litros
ml mL | milliliter/milliliters | mililitro/mililitros | mililitro/mililitros
h hr hrs | hour/hours | hora/horas* | hora/horas*
min | minute/minutes | minuto/minutos | minuto/minutos
s | second/seconds | segundo/segundos | segundo/segundos
ms | millisecond/milliseconds | milissegundo/milissegundos | milisegundo/milisegundos
kB KB | kilobyte/kilobytes | quilobyte/quilobytes | kilobyte/kilobytes
MB | megabyte/megabytes | megabyte/megabytes | megabyte/megabytes
GB | gigabyte/gigabytes | gigabyte/gigabytes | gigabyte/gigabytes
TB | terabyte/terabytes | terabyte/terabytes | terabyte/terabytes
Mbps | megabit/megabits per second | megabit/megabits por segundo | megabit/megabits por segundo
Gbps | gigabit/gigabits per second | gigabit/gigabits por segundo | gigabit/gigabits por segundo
Hz | hertz/hertz | hertz/hertz | hertz/hertz
kHz | kilohertz/kilohertz | quilohertz/quilohertz | kilohertz/kilohertz
MHz | megahertz/megahertz | megahertz/megahertz | megahertz/megahertz
GHz | gigahertz/gigahertz | gigahertz/gigahertz | gigahertz/gigahertz
V | volt/volts | volt/volts | voltio/voltios
W | watt/watts | watt/watts | vatio/vatios
kW | kilowatt/kilowatts | quilowatt/quilowatts | kilovatio/kilovatios
MW | megawatt/megawatts | megawatt/megawatts | megavatio/megavatios
kWh | kilowatt hour/kilowatt hours | quilowatt-hora/quilowatts-hora | kilovatio hora/kilovatios hora
dB | decibel/decibels | decibel/decibéis | decibelio/decibelios
kcal | kilocalorie/kilocalories | quilocaloria/quilocalorias* | kilocaloría/kilocalorías*
px | pixel/pixels | pixel/pixels | píxel/píxeles
fps | frame/frames per second | quadro/quadros por segundo | fotograma/fotogramas por segundo
"""

_AREAS = {
    "²2": {"en": "square {}", "pt": "{} quadrado", "es": "{} cuadrado"},
    "³3": {"en": "cubic {}", "pt": "{} cúbico", "es": "{} cúbico"},
}

_CURRENCIES = """
$ US$ USD dollars dólares | dollar/dollars cent/cents | dólar/dólares centavo/centavos | dólar/dólares centavo/centavos
R$ BRL reais | real/reais centavo/centavos | real/reais centavo/centavos | real/reales centavo/centavos
€ EUR euros | euro/euros cent/cents | euro/euros cêntimo/cêntimos | euro/euros céntimo/céntimos
£ GBP pounds | pound/pounds penny/pence | libra/libras* pêni/pence | libra/libras* penique/peniques
¥ JPY | yen/yen sen/sen | iene/ienes sen/sen | yen/yenes sen/sen
₩ KRW | won/won jeon/jeon | won/won jeon/jeon | won/wones jeon/jeon
₹ INR | rupee/rupees paisa/paise | rupia/rupias* paisa/paise | rupia/rupias* paisa/paise
₽ RUB | ruble/rubles kopeck/kopecks | rublo/rublos copeque/copeques | rublo/rublos kopek/kopeks
₿ BTC | bitcoin/bitcoins cent/cents | bitcoin/bitcoins centavo/centavos | bitcoin/bitcoins centavo/centavos
CHF | franc/francs centime/centimes | franco/francos cêntimo/cêntimos | franco/francos céntimo/céntimos
CNY | yuan/yuan fen/fen | yuan/yuans fen/fen | yuan/yuanes fen/fen
MX$ MXN ARS CLP COP | peso/pesos cent/cents | peso/pesos centavo/centavos | peso/pesos centavo/centavos
A$ AUD C$ CAD NZ$ HK$ | dollar/dollars cent/cents | dólar/dólares centavo/centavos | dólar/dólares centavo/centavos
"""


def units(language: str) -> dict[str, Noun]:
    """Return the names of units by symbol."""
    lengths = _table(_LENGTHS, language)
    areas = {
        symbol + sign: Noun(one=names[language].format(noun.one), many=_many(names[language], noun), gender=noun.gender)
        for signs, names in _AREAS.items()
        for symbol, noun in lengths.items()
        for sign in signs
    }
    return lengths | areas | _table(_UNITS, language)


def currencies(language: str) -> dict[str, Currency]:
    """Return the names of currencies by symbol, ISO 4217 code or name."""
    rows = _rows(_CURRENCIES, language)
    return {
        symbol: Currency(unit=_noun(names.split()[0]), cent=_noun(names.split()[1]))
        for symbols, names in rows
        for symbol in symbols
    }


def _many(name: str, noun: Noun) -> str:
    """Return the plural of an area; an adjective after the noun is in the plural, too."""
    return name.format(noun.many) + ("s" if name.startswith("{}") else "")


def _table(table: str, language: str) -> dict[str, Noun]:
    return {symbol: _noun(names) for symbols, names in _rows(table, language) for symbol in symbols}


def _rows(table: str, language: str) -> list[tuple[list[str], str]]:
    """Return the symbols and the names in one language of each row."""
    column = 1 + _LANGUAGES.index(language)
    rows = [[cell.strip() for cell in row.split("|")] for row in table.strip().splitlines()]
    return [([row[0]] if row[0] == "sq ft" else row[0].split(), row[column]) for row in rows]


def _noun(names: str) -> Noun:
    one, many = names.rstrip("*-").split("/")
    if " " not in one:
        one += many[len(many.split()[0]) :]
    gender: Gender = "f" if names.endswith("*") else "" if names.endswith("-") else "m"
    return Noun(one=one, many=many, gender=gender)
