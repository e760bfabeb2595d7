"""Text normalisation: numbers, units, signs and abbreviations in the words of a language.

>>> verbalise("Custa R$ 3,50.", "pt")
'Custa três reais e cinquenta centavos.'

Voices, the comparison with what a recogniser hears, and the count of syllables use verbalised text. Stored text,
subtitles and the editor's text stay as written.
"""

from __future__ import annotations

from dub_assets.text_normalisation.english import ENGLISH
from dub_assets.text_normalisation.normalise import apply_rules
from dub_assets.text_normalisation.portuguese import PORTUGUESE
from dub_assets.text_normalisation.scripts import in_latin_letters
from dub_assets.text_normalisation.spanish import SPANISH

_RULES = {rules.language: rules for rules in (ENGLISH, PORTUGUESE, SPANISH)}

LANGUAGES_WITH_RULES = frozenset(_RULES)
"""Languages (ISO 639-1) whose numbers and signs are put into words."""


def verbalise(text: str, language: str) -> str:
    """Return a text in words, in letters that the language's voices read.

    A language (ISO 639-1) without rules here only has words of other scripts transliterated. With rules, the result has
    no digits, and no number is added or lost. Words stay as they are, so verbalising twice changes nothing.
    """
    rules = _RULES.get(language)
    text = in_latin_letters(text, language, plain=rules is not None)
    return text if rules is None else apply_rules(text, rules)
