"""Greetings, idioms and exclamations that sentence models take word by word, and first names that they translate."""

from __future__ import annotations

import re
from functools import cache

_LANGUAGES = ("en", "pt", "es")
_PHRASES = """
thank you for watching/thanks for watching | obrigado por assistir/obrigada por assistir | gracias por ver el video
thank you/thanks | obrigado/obrigada/valeu | gracias
you're welcome/you are welcome/don't mention it | de nada/por nada/não há de quê/imagina | de nada
nice to meet you/pleased to meet you/good to meet you | prazer em conhecê-lo/muito prazer/prazer | mucho gusto/encantado
good morning, ladies and gentlemen | bom dia, senhoras e senhores | buenos días, señoras y señores
ladies and gentlemen | senhoras e senhores | señoras y señores
good morning | bom dia | buenos días
good morning, everyone | bom dia a todos/bom dia, gente/bom dia, pessoal | buenos días a todos
good afternoon | boa tarde | buenas tardes
good evening/good night | boa noite | buenas noches
hello there/hello/hi | olá/oi/alô | hola
how are you/how are you doing | como vai/tudo bem/como vai você | ¿cómo estás
see you later/bye for now | até logo/até mais | hasta luego
see you next time | até a próxima | hasta la próxima
goodbye/bye | tchau/adeus | adiós
what's up/what is up | e aí/qual é a boa | ¿qué tal
excuse me | com licença/dá licença | disculpe/con permiso
i beg your pardon/pardon me/pardon | perdão/perdoe-me | perdón
i'm sorry/sorry | desculpe/me desculpe/sinto muito | lo siento
my bad | foi mal | culpa mía
never mind/forget it | deixa pra lá/esquece/deixa para lá | olvídalo/no importa
no problem/it doesn't matter | não faz mal/sem problema/não tem problema | no pasa nada/no hay problema
don't worry | não se preocupe/não se preocupa | no te preocupes
shut up | cala a boca/cale a boca | cállate
come on | vamos lá/qual é | vamos
let's go | vamos/bora/vamos embora/vamos nessa | vámonos
hurry up | anda logo/depressa | date prisa
come here | vem cá/venha cá | ven aquí
wait a minute/hold on/hang on | espera aí/espere aí/espera um pouco/peraí | espera un momento
watch out/look out | cuidado | cuidado
calm down | calma/acalme-se/fica calmo | cálmate
take care | se cuida/cuide-se | cuídate
get out of here/get out | sai daqui/saia daqui/fora daqui | fuera de aquí
leave me alone | me deixa em paz/deixe-me em paz | déjame en paz
what the hell | que diabos/que droga é essa | qué diablos
wow/holy cow/oh my goodness/gosh/my goodness | nossa/puxa vida/minha nossa/caramba/nossa senhora/puxa | caramba/vaya
oh my god/my god | meu deus | dios mío
no way | de jeito nenhum/nem pensar | de ninguna manera
seriously/come off it | fala sério | en serio
are you kidding/are you kidding me | você está brincando/tá brincando | ¿en serio
gotcha/got it/i got it | entendi/saquei | entendido
how come | por quê/por que isso | ¿cómo así
what do you mean | como assim | ¿qué quieres decir
guess what | adivinha/sabe de uma coisa | adivina
fair enough | tudo bem, é justo/justo | me parece justo
sounds good | parece bom/combinado | suena bien
it's up to you | você decide/você que sabe | tú decides
i don't know/who knows/dunno | sei lá/não sei | no sé
i have no idea | não faço ideia/não tenho ideia | no tengo ni idea
long time no see | há quanto tempo/quanto tempo | cuánto tiempo sin verte
bless you | saúde | salud
cheers | tim-tim | salud
congratulations | parabéns | felicidades
happy birthday | feliz aniversário | feliz cumpleaños
merry christmas | feliz natal | feliz navidad
happy new year | feliz ano novo | feliz año nuevo
good luck | boa sorte | buena suerte
break a leg | merda pra você | mucha mierda
yeah, right/that's right/indeed | pois é/exatamente | así es
of course/sure/of course i do | claro que sim/claro/com certeza | por supuesto/claro que sí
okay/ok/all right | tá bom/está bem/tudo certo/tá certo | está bien/vale
that's cool/cool/awesome | que legal/que bacana/que massa | qué bien
what a drag/that sucks | que saco/que droga | qué fastidio
what a shame/what a pity/too bad | que pena | qué pena
thank goodness/good thing | ainda bem/graças a deus | menos mal
make yourself at home | fique à vontade/fica à vontade | ponte cómodo
that's it for today/that's all for today | por hoje é só/é isso por hoje | eso es todo por hoy
subscribe to my channel/please subscribe to my channel | se inscreva no canal/inscreva-se no canal | suscríbete al canal
help | socorro | socorro
or | ou | o
so what | e daí | ¿y qué
what for | para quê/pra quê | ¿para qué
i love you | eu te amo/te amo/amo você | te quiero/te amo
i miss you | estou com saudade/saudades de você | te echo de menos
it's raining cats and dogs | está chovendo canivetes | está lloviendo a cántaros
piece of cake | moleza/é moleza | pan comido
what time is it | que horas são | ¿qué hora es
"""
"""A row has the ways to say one thing in each language. The first way is the translation of all in the others."""

_NAMES = """
Peter Pedro Pedro; Paul Paulo Pablo; Mary Maria María; John João Juan; George Jorge Jorge; Charles Carlos Carlos;
James Tiago Santiago; Joseph José José; Michael Miguel Miguel; William Guilherme Guillermo; Henry Henrique Enrique;
Philip Filipe Felipe; Anthony Antônio Antonio; Alexander Alexandre Alejandro; Edward Eduardo Eduardo; Louis Luís Luis;
Matthew Mateus Mateo; Mark Marcos Marcos; Luke Lucas Lucas; Andrew André Andrés; Stephen Estêvão Esteban;
Elizabeth Isabel Isabel; Margaret Margarida Margarita; Catherine Catarina Catalina; Joan Joana Juana; Anne Ana Ana;
Martha Marta Marta; Francis Francisco Francisco; Frederick Frederico Federico; Thomas Tomás Tomás; Helen Helena Elena;
David Davi David; Julia Júlia Julia; Lawrence Lourenço Lorenzo; Adam Adão Adán
"""
"""First names and the forms of the same name that models put in their place."""

_TITLES = (
    "king|queen|pope|saint|st\\.?|prince|princess|emperor|empress|tsar|czar|apostle|virgin|duke|rei|rainha|papa|são|santa|"
    "santo|dom|príncipe|princesa|imperador|imperatriz|apóstolo|duque|rey|reina|san|príncipe|emperador|emperatriz|apóstol"
)
"""Persons after these are known by the name of the language: King Charles is "rei Carlos"."""
_LAST_SIGNS = re.compile(r"[\s.!?…,]*$")
_INVERTED = {"!": "¡", "?": "¿"}


def phrase(sentence: str, source: str, target: str) -> str | None:
    """Return the translation of a sentence that is a stock phrase, with its marks; None for any other sentence."""
    end = _LAST_SIGNS.search(sentence)
    body = sentence[: end.start()] if end else sentence
    translated = _phrases(source, target).get(
        body.lstrip("¡¿").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold()
    )
    if translated is None:
        return None
    if body.lstrip("¡¿")[:1].isupper():
        translated = translated[0].upper() + translated[1:]
    marks = sentence[len(body) :]
    inverted = "".join(_INVERTED.get(mark, "") for mark in marks[:1]) if target == "es" else ""
    return f"{inverted}{translated}{marks}"


def keep_first_names(text: str, translated: str, source: str, target: str) -> str:
    """Return a translation with the first names of the text: "Peter" where a model wrote "Pedro"."""
    for name, form in _names(source, target):
        if name not in text or form not in translated or name == form:
            continue
        is_person = re.search(
            rf"(?<!\w)(?<!-){name}(?!['\w-]*\w)(?! (?:[IVX]+\b|the Great|o Grande|el Grande))", text
        ) and not re.search(rf"\b(?i:{_TITLES}) (?:\w+ )?{name}\b", text)
        if is_person and not re.search(rf"\b{form}\b", text):
            translated = re.sub(rf"\b{form}\b", name, translated)
    return translated


@cache
def _phrases(source: str, target: str) -> dict[str, str]:
    if not {source, target} <= set(_LANGUAGES):
        return {}
    places = _LANGUAGES.index(source), _LANGUAGES.index(target)
    rows = [[cell.strip().split("/") for cell in row.split("|")] for row in _PHRASES.strip().splitlines()]
    return {way.lstrip("¿"): row[places[1]][0].lstrip("¿") for row in reversed(rows) for way in row[places[0]]}


@cache
def _names(source: str, target: str) -> list[tuple[str, str]]:
    if not {source, target} <= set(_LANGUAGES):
        return []
    rows = [row.split() for row in _NAMES.replace("\n", " ").split(";")]
    return [(row[_LANGUAGES.index(source)], row[_LANGUAGES.index(target)]) for row in rows]
