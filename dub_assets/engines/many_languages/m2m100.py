"""M2M-100: translation between 100 languages, under a free licence."""

from __future__ import annotations

from dub_assets.engines.many_languages.engine import TOKENISER, Family
from dub_assets.engines.models.remote import RemoteFile, RemoteModel

NAME = "m2m100"
LICENCE = "MIT"

_LANGUAGES = """
af am ar az ba be bg bn br bs ca cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy id ig is it ja
jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no oc or pa pl ps pt ro ru sd si sk sl so sq sr ss su sv
sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu
"""
CODES = {code: f"__{code}__" for code in _LANGUAGES.split()}
"""The model's language tokens by ISO 639-1 code; four more of its languages have no such code."""

MODELS = {
    "418M": RemoteModel(
        name="m2m100-418M",
        home="jncraton/m2m100_418M-ct2-int8",
        revision="7c1b2620a4e58dacecbd8bf89cfd6da7eb9eb7b0",
        files=(
            RemoteFile(name="config.json"),
            RemoteFile(name="model.bin"),
            RemoteFile(name="shared_vocabulary.json"),
            RemoteFile(name=TOKENISER, sha256="d8f7c76ed2a5e0822be39f0a4f95a55eb19c78f4593ce609e2edbc2aea4d380a"),
        ),
        licence=LICENCE,
        memory_mib=800,
    )
}
"""Models by size, in 8 bits for CTranslate2. Memory is an estimate."""

FAMILY = Family(name=NAME, licence=LICENCE, codes=CODES, models=MODELS, size=lambda _: "418M")

ENTRY = FAMILY.entry("M2M-100 (418M) in 8 bits through CTranslate2")
