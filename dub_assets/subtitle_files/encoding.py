"""The encoding of a text file: by its mark, by UTF-8's own rules, by its language, or by what it looks like."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins like that of UTF-16."""

_WESTERN = "cp1252"
_OF_LANGUAGES = {
    "cp949": "ko",
    "cp932": "ja",
    "gb18030": "zh",
    "cp1250": "bs cs hr hu pl ro sk sl sq",
    "cp1251": "be bg kk ky mk mn ru sr tg uk",
    "cp1253": "el",
    "cp1254": "az tr",
    "cp1255": "he yi",
    "cp1256": "ar fa ps ur",
    "cp1257": "et lt lv",
    "cp1258": "vi",
    "cp874": "th",
}
"""Encodings of Windows, and their languages; all others have ``_WESTERN``."""

_ALSO = {"zh": ("big5",), "ja": ("euc_jp",), "ru": ("koi8_r",), "uk": ("koi8_u",)}
_LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "cp1258"})
_ISOLATED = [*_OF_LANGUAGES, _WESTERN, "big5", "euc_jp", "koi8_r"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedText:
    """A text, its encoding, and how many of its bytes or byte sequences could not be read."""

    text: str
    encoding: str
    damaged: int = 0


def decode(content: bytes, language: str | None = None) -> DecodedText:
    """Return the text of a file; ``language`` (ISO 639-1) decides between encodings that all fit."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding)
    wide = _utf16_without_mark(content)
    if wide:
        return _decoded(content, wide)
    plain = _decoded(content, "utf-8")
    if plain.damaged == 0 or _is_mostly_utf8(plain):
        return plain
    return _decoded(content, _legacy_encoding(content, language))


def _decoded(content: bytes, encoding: str) -> DecodedText:
    text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    return DecodedText(text=text, encoding=encoding, damaged=text.count("\ufffd"))


def _utf16_without_mark(content: bytes) -> str | None:
    """Return the byte order of UTF-16, in which digits, colons and line ends have a zero byte; None for others."""
    even, odd = content[0::2].count(0), content[1::2].count(0)
    if 10 * max(even, odd) < len(content):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_mostly_utf8(decoded: DecodedText) -> bool:
    """Return whether valid letters outside ASCII outnumber what is damaged, as in a file that was cut or joined."""
    letters = sum(ord(character) > 127 for character in decoded.text) - decoded.damaged
    return letters > 3 * decoded.damaged


def _legacy_encoding(content: bytes, language: str | None) -> str:
    by_language = next((name for name, known in _OF_LANGUAGES.items() if language in known.split()), _WESTERN)
    guessed = _guessed_encoding(content)
    if guessed not in _LATIN and by_language not in _LATIN and guessed not in _ALSO.get(language or "", ()):
        candidates = [by_language, guessed]
    elif guessed in _LATIN:
        candidates = [by_language]
    else:
        candidates = [guessed]
    return next((name for name in candidates if _decoded(content, name).damaged == 0), candidates[0])


def _guessed_encoding(content: bytes) -> str:
    """Return the encoding that letters and their order suggest; Western European if none does."""
    from charset_normalizer import from_bytes

    best = from_bytes(content, cp_isolation=_ISOLATED).best()
    return best.encoding if best else _WESTERN
