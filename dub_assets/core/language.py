"""Languages: ISO 639-1 codes, their names and aliases, and the three-letter codes of media files.

Source: ISO 639-1 and ISO 639-2 with the withdrawn ``sh`` left out. Bokmål (``nb``) is read as ``no``, which is what
engines and files call Norwegian; so are other members of macrolanguages that engines do not distinguish.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from dub_assets.core.errors import UnsupportedLanguageError

# ISO 639-1, ISO 639-2/T, English name
_TABLE = """
aa aar Afar; ab abk Abkhazian; ae ave Avestan; af afr Afrikaans; ak aka Akan; am amh Amharic; an arg Aragonese;
ar ara Arabic; as asm Assamese; av ava Avaric; ay aym Aymara; az aze Azerbaijani; ba bak Bashkir; be bel Belarusian;
bg bul Bulgarian; bi bis Bislama; bm bam Bambara; bn ben Bengali; bo bod Tibetan; br bre Breton; bs bos Bosnian;
ca cat Catalan; ce che Chechen; ch cha Chamorro; co cos Corsican; cr cre Cree; cs ces Czech; cu chu Church Slavic;
cv chv Chuvash; cy cym Welsh; da dan Danish; de deu German; dv div Divehi; dz dzo Dzongkha; ee ewe Ewe; el ell Greek;
en eng English; eo epo Esperanto; es spa Spanish; et est Estonian; eu eus Basque; fa fas Persian; ff ful Fulah;
fi fin Finnish; fj fij Fijian; fo fao Faroese; fr fra French; fy fry Western Frisian; ga gle Irish;
gd gla Scottish Gaelic; gl glg Galician; gn grn Guarani; gu guj Gujarati; gv glv Manx; ha hau Hausa; he heb Hebrew;
hi hin Hindi; ho hmo Hiri Motu; hr hrv Croatian; ht hat Haitian Creole; hu hun Hungarian; hy hye Armenian;
hz her Herero; ia ina Interlingua; id ind Indonesian; ie ile Interlingue; ig ibo Igbo; ii iii Sichuan Yi;
ik ipk Inupiaq; io ido Ido; is isl Icelandic; it ita Italian; iu iku Inuktitut; ja jpn Japanese; jv jav Javanese;
ka kat Georgian; kg kon Kongo; ki kik Kikuyu; kj kua Kuanyama; kk kaz Kazakh; kl kal Kalaallisut; km khm Khmer;
kn kan Kannada; ko kor Korean; kr kau Kanuri; ks kas Kashmiri; ku kur Kurdish; kv kom Komi; kw cor Cornish;
ky kir Kyrgyz; la lat Latin; lb ltz Luxembourgish; lg lug Ganda; li lim Limburgish; ln lin Lingala; lo lao Lao;
lt lit Lithuanian; lu lub Luba-Katanga; lv lav Latvian; mg mlg Malagasy; mh mah Marshallese; mi mri Maori;
mk mkd Macedonian; ml mal Malayalam; mn mon Mongolian; mr mar Marathi; ms msa Malay; mt mlt Maltese; my mya Burmese;
na nau Nauruan; nd nde North Ndebele; ne nep Nepali; ng ndo Ndonga; nl nld Dutch; nn nno Norwegian Nynorsk;
no nor Norwegian; nr nbl South Ndebele; nv nav Navajo; ny nya Chichewa; oc oci Occitan; oj oji Ojibwa; om orm Oromo;
or ori Odia; os oss Ossetian; pa pan Punjabi; pi pli Pali; pl pol Polish; ps pus Pashto; pt por Portuguese;
qu que Quechua; rm roh Romansh; rn run Rundi; ro ron Romanian; ru rus Russian; rw kin Kinyarwanda; sa san Sanskrit;
sc srd Sardinian; sd snd Sindhi; se sme Northern Sami; sg sag Sango; si sin Sinhala; sk slk Slovak; sl slv Slovenian;
sm smo Samoan; sn sna Shona; so som Somali; sq sqi Albanian; sr srp Serbian; ss ssw Swati; st sot Southern Sotho;
su sun Sundanese; sv swe Swedish; sw swa Swahili; ta tam Tamil; te tel Telugu; tg tgk Tajik; th tha Thai;
ti tir Tigrinya; tk tuk Turkmen; tl tgl Tagalog; tn tsn Tswana; to ton Tongan; tr tur Turkish; ts tso Tsonga;
tt tat Tatar; tw twi Twi; ty tah Tahitian; ug uig Uyghur; uk ukr Ukrainian; ur urd Urdu; uz uzb Uzbek; ve ven Venda;
vi vie Vietnamese; vo vol Volapük; wa wln Walloon; wo wol Wolof; xh xho Xhosa; yi yid Yiddish; yo yor Yoruba;
za zha Zhuang; zh zho Chinese; zu zul Zulu
"""

# ISO 639-2/B, where it is not the terminological code
_BIBLIOGRAPHIC = """
tib:bo; cze:cs; wel:cy; ger:de; gre:el; baq:eu; per:fa; fre:fr; arm:hy; ice:is; geo:ka; mao:mi; mac:mk; may:ms; bur:my;
dut:nl; rum:ro; slo:sk; alb:sq; chi:zh
"""

# withdrawn codes, members of macrolanguages, other English names, names in the language itself
_ALIASES = """
bokmål:no; bokmal:no; norwegian bokmål:no; nb:no; nob:no; nynorsk:nn; jw:jv; iw:he; in:id; ji:yi; mo:ro; mol:ro;
cmn:zh; mandarin:zh; fil:tl; filipino:tl; arb:ar; pes:fa; farsi:fa; prs:fa; dari:fa; zsm:ms; ekk:et; lvs:lv; npi:ne;
ory:or; oriya:or; swh:sw; khk:mn; pbt:ps; pushto:ps; pashtu:ps; uzn:uz; azj:az; als:sq; plt:mg; ydd:yi;
castilian:es; flemish:nl; valencian:ca; moldavian:ro; moldovan:ro; letzeburgesch:lb; sinhalese:si; myanmar:my;
bangla:bn; panjabi:pa; uighur:ug; kirghiz:ky; haitian:ht; gaelic:gd; frisian:fy; māori:mi; volapuk:vo;
greenlandic:kl; português:pt; portugues:pt; español:es; espanol:es; français:fr; francais:fr; deutsch:de;
italiano:it; nederlands:nl; polski:pl; svenska:sv; dansk:da; suomi:fi; norsk:no; čeština:cs; türkçe:tr;
tiếng việt:vi; bahasa indonesia:id; русский:ru; українська:uk; ελληνικά:el; हिन्दी:hi; ไทย:th;
한국어:ko; 日本語:ja; 中文:zh
"""

_ENTRIES = [entry.split(maxsplit=2) for entry in _TABLE.replace("\n", " ").strip().split("; ")]
_NAMES = {code: name for code, _, name in _ENTRIES}
_TERMINOLOGICAL = {code: three for code, three, _ in _ENTRIES}


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in table.replace("\n", " ").strip().split("; "))


_THREE_LETTERS = {three: code for code, three in _TERMINOLOGICAL.items()} | _pairs(_BIBLIOGRAPHIC)
_KNOWN = (
    {name.casefold(): code for code, name in _NAMES.items()}
    | _pairs(_ALIASES)
    | _THREE_LETTERS
    | {code: code for code in _NAMES}
)
_VARIANTS = {
    "pt": (("br",), "Brazilian Portuguese"),
}
"""Regions of which texts and voices are, where other regions speak and write too differently."""
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})+")

LANGUAGES = frozenset(_NAMES)
"""Every ISO 639-1 code that ``parse_language`` can return."""

UNDETERMINED = "und"
"""Code of a programme without speech (ISO 639-2); ``parse_language`` refuses it."""


def parse_language(text: str) -> str:
    """Return the ISO 639-1 code of a code, a tag or a name: ``PT``, ``pt_BR``, ``por`` and ``Portuguese`` are ``pt``.

    Script and region of a tag are dropped. Raises UnsupportedLanguageError, with similar names, for anything else.
    """
    wanted = unicodedata.normalize("NFC", text).casefold().strip().replace("_", "-")
    code = _KNOWN.get(wanted)
    if code is None and _TAG.fullmatch(wanted):
        code = _KNOWN.get(wanted.split("-")[0])
    if code is None:
        raise UnsupportedLanguageError(_unknown(text, wanted))
    return code


def parse_target_language(text: str) -> str:
    """Return the ISO 639-1 code of the language to dub into; see ``parse_language``.

    Raises UnsupportedLanguageError for a variant whose text and voices differ from those that there are: ``pt-PT``.
    """
    code = parse_language(text)
    region = re.search(r"[-_]([A-Za-z]{2}|\d{3})(?=$|[-_])", text.strip())
    if code not in _VARIANTS or region is None or region[1].casefold() in _VARIANTS[code][0]:
        return code
    name = _VARIANTS[code][1]
    raise UnsupportedLanguageError(f"there is no {text.strip()[:40]!r}, only {name}: ask for {code!r} to take that")


def iso_639_2(code: str) -> str:
    """Return the ISO 639-2/T code of an ISO 639-1 code, as in MP4 and Matroska; ``UNDETERMINED`` stays as it is."""
    return code if code == UNDETERMINED else _TERMINOLOGICAL[parse_language(code)]


def language_name(code: str) -> str:
    """Return the English name of a language."""
    return _NAMES[parse_language(code)]


def _unknown(text: str, wanted: str) -> str:
    near = dict.fromkeys(_KNOWN[match] for match in get_close_matches(wanted, _KNOWN, n=5, cutoff=0.6))
    hint = ", ".join(f"{code} ({_NAMES[code]})" for code in list(near)[:3])
    advice = f"did you mean {hint}?" if hint else "give an ISO 639-1 code such as en, pt or ko."
    return f"unknown language {text[:40]!r}: {advice}"
