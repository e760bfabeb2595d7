"""Text of cues without tags: styles and positions go, names of speakers become marks."""

from __future__ import annotations

import html
import re

SPEAKER = re.compile("\x02([^\x02\x03]*)\x03")
"""The mark of a speaker whose words follow."""

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?(?:\s+([^>]*))?>", re.IGNORECASE)
_READING = re.compile(r"<rt\b[^>]*>.*?</rt>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|c|v|lang|ruby|rt|rp|span|p|div|sub|sup|center|tt|small|big)(?:[\s.][^<>]*)?/?>"
    r"|<\d+:[\d:.]+>",
    re.IGNORECASE,
)
"""Tags of style, and times inside a cue. Anything else in angle brackets is text."""
_BREAK = re.compile(r"<br\s*/?>|\\N", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\s*\\[^}]*\}|\{[YyCcSsPpFfoH]:[^}]*\}")
"""ASS's tags, which SRT files have too, and those of MicroDVD."""
_BRACES = re.compile(r"\{[^}]*\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]\w{1,30});", re.IGNORECASE)


def without_tags(text: str, *, is_ass: bool) -> str:
    """Return the text of a cue on lines without blanks at both ends; blank lines go.

    In ASS everything in braces is a tag or a comment; elsewhere braces are text unless they hold a tag.
    """
    text = "".join(character for character in text if character not in "\x00\x02\x03\ufeff\u200b\u2060")
    text = (_BRACES if is_ass else _OVERRIDE).sub("", text)
    if not is_ass:
        text = _BREAK.sub("\n", text)
        text = _READING.sub("", text)
        text = _VOICE.sub(lambda match: f"\x02{_name(match[1] or '')}\x03" if match[1] else "", text)
        text = _TAG.sub("", text)
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _name(text: str) -> str:
    return " ".join(html.unescape(text).split())
