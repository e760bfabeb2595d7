"""Texts as they are said: digits, units, signs and abbreviations in the words of their language.

What is written stays written (subtitles, metadata, the editor's text); this is for voices, for the comparison with what
a recogniser hears, and for how long a text takes to say.
"""

from __future__ import annotations

from dub_assets.text_normalisation.english import ENGLISH
from dub_assets.text_normalisation.portuguese import PORTUGUESE
from dub_assets.text_normalisation.spanish import SPANISH
from dub_assets.text_normalisation.verbalise import aloud

_TONGUES = {tongue.language: tongue for tongue in (ENGLISH, PORTUGUESE, SPANISH)}


def spoken(text: str, language: str) -> str:
    """A text in words alone; as it is where the language (ISO 639-1) is not known here.

    No digit is left, added or lost. What is in words already stays as it is.
    """
    tongue = _TONGUES.get(language)
    return text if tongue is None else aloud(text, tongue)
