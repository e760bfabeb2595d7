"""Rules for Brazilian Portuguese: "R$ 3,50" -> "três reais e cinquenta centavos", "15h30" -> "quinze horas e ..."."""

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
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip

_CLOCK = re.compile(
    r"(?<![\w.,:])([01]?\d|2[0-4])(?:\s?h\s?|:)([0-5]\d|\d(?=\s?m))(?:\s?min(?!\w)|\s?m(?!\w))?(?::([0-5]\d))?(?:\s?hs?)?"
    r"(?![\w:])"
)
_FIRST_OF_MONTH = re.compile(rf"(?<![\w.,/])1 de (?={'|'.join(_MONTHS)})")
_TIMES = re.compile(r"(?<![\w.,])(\d+)x(?!\w)")

_UNITS = units("pt")
_HOUR, _MINUTE, _SECOND = (_UNITS[symbol] for symbol in ("h", "min", "s"))

_FEMININE_WORDS = """
horas vezes pessoas semanas libras toneladas milhas polegadas páginas mulheres crianças meninas moças irmãs filhas
palavras casas cidades coisas empresas escolas lojas máquinas mesas noites partes portas perguntas respostas ruas
salas tardes vidas vozes árvores xícaras garrafas folhas letras linhas medalhas moedas vítimas mortes vagas vacinas
doses camadas espécies etapas fases famílias ideias imagens línguas lâmpadas décadas dúzias igrejas ilhas janelas
caixas células peças plantas quadras receitas regras rodas telas unidades aulas amigas cartas contas cadeiras
bicicletas tentativas imagem colheres
"""
"""Common feminine nouns, most in the plural; their singulars follow from that."""
_FEMININE = words(_FEMININE_WORDS)
_FEMININE_ENDINGS = ("ção", "ções", "ssões", "nsões", "rsões", "dade", "dades")
_MASCULINE = frozenset({"coração", "corações", "calção", "calções"})

_RULERS = """
afonso alberto alexandre alfonso alexandro augusto balduíno bento bonifácio carlos casimiro celestino clemente
constantino cristiano dario david dinis duarte eduardo emanuel estêvão felipe fernando filipe francisco frederico
george gregório guilherme haroldo henrique humberto inocêncio ivan jaime joão jorge josé juan júlio leão leopoldo luís
luiz manuel mehmed miguel napoleão nicolau otto paulo pedro pio ramsés ricardo rodolfo sancho sebastião sisto solimão
teodorico urbano vitor vítor xerxes charles edward henry james louis william harald olavo gustavo sérgio
"""
_QUEENS = "ana beatriz catarina cleópatra cristina elizabeth elisabete isabel isabela joana leonor margarida maria"
_CHAPTERS = """
apêndice anexo artigo ato batalhão bloco canto capítulo capítulos categoria cena cenas classe coríntios divisão
episódio estágio etapa fase figura grupo guerra livro livros mundial nível número página parte partes quadro rodada
salmo seção seções samuel série tabela tema temporada timóteo tipo título tomo tomos vaticano vol volume volumes
"""
_MASCULINE_EVENTS = """
batalhão centenário colóquio concílio concurso conde congresso distrito encontro exército festival fórum império
milênio plano prêmio reich reinado salão século seminário simpósio torneio
"""
_FEMININE_EVENTS = """
assembleia bienal brigada conferência copa corrida cruzada dinastia edição exposição feira guerra internacional jornada
legião mostra olimpíada região república reunião semana
"""
_LETTERS = """
a bê cê dê é efe gê agá i jota cá ele eme ene ó pê quê erre esse tê u vê dáblio xis ípsilon zê
"""
_LONGEST_POWER = 10


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
        times="vezes", dot="ponto", at="arroba", slash="barra", dash="hífen", underscore="underline", hashtag="hashtag",
    ),
    units=_UNITS,
    currencies=currencies("pt"),
    magnitudes=("mil", "milhão", "milhões", "bilhão", "bilhões", "trilhão", "trilhões"),
    short_magnitudes={
        "k": ("mil",) * 2, "K": ("mil",) * 2, "mi": ("milhão", "milhões"), "M": ("milhão", "milhões"),
        "MM": ("milhão", "milhões"), "bi": ("bilhão", "bilhões"), "B": ("bilhão", "bilhões"),
        "bn": ("bilhão", "bilhões"), "tri": ("trilhão", "trilhões"), "T": ("trilhão", "trilhões"),
    },
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
    power=power("à", "elevado a", "pt", _LONGEST_POWER),
    roman=Roman(
        rulers=genders(_RULERS, _QUEENS),
        titles=genders("rei papa imperador czar dom príncipe sultão", "rainha imperatriz czarina dona princesa"),
        chapters=words(_CHAPTERS),
        centuries=frozenset({"século", "séculos"}),
        counted_after=genders(_MASCULINE_EVENTS, _FEMININE_EVENTS),
        of_name="{}",
        never_before=words("uma com por que não mas seu sua dos das nos nas meu este esta"),
    ),
    letters=Letters(
        names=dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTERS.split(), strict=True)),
        spelt=words("EUA CEO IA UE AI TI RH QI HIV UTI OAB CIA OMS USB RG CO PC MBA CPI IOF UFC OAB"),
        words=words("OK ONG ONGs OVNI AIDS BRICS VIP PUC WEB LED UFC"),
    ),
    interjections={
        "yes": "aham", "hum": "hum", "hush": "xiu", "psst": "psiu", "puff": "puf", "tut": "tisc", "cold": "bru",
        "growl": "grau", "snore": "ronc", "snort": "humpf",
    },
    identifiers=Identifiers(
        names=r"(?i:códigos?|senhas?|cpf|cnpj|rg|cep|pin|id|protocolo|matrícula|conta|agência|cartão|boleto|placa|ramal"
        r"|telefone|tel\.|celular|inscrição)",
        names_to="é|era|foi|número|nº|de|do|da|numero",
        calls=r"(?i:liga|ligar|ligue|liguem|ligou|liguei|ligamos|disque|discar|disca|chame|chamar|chama|telefone|telefonar)",
        calls_to="para|pra|pro|no|o|ao|a|número",
    ),
    first=(_times_of_day, _first_of_month, ordinals, halves(_gender_of, "meia"), _times),
    counted=(agreement(_gender_of),),
)  # fmt: skip
