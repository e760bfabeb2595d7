"""Pronunciations of a job's glossary, put into the text that is spoken."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dub_assets.core.engine import SynthesiserCapabilities
from dub_assets.core.errors import InputError
from dub_assets.core.text import IPA_CLOSE, IPA_OPEN, Pronunciation
from dub_assets.text_normalisation import verbalise


def spoken_text(text: str, language: str, pronunciations: Sequence[Pronunciation] = ()) -> str:
    """Return a text in words, with the sound of each term in its place, longer terms first.

    Terms are whole words. A term without capitals is also found where the text has it with capitals.
    """
    words = verbalise(text, language)
    if not pronunciations:
        return words
    ordered = sorted(pronunciations, key=lambda entry: -len(entry.term))
    patterns = [_pattern(entry, language) for entry in ordered]
    sounds = [_sound(entry, language) for entry in ordered]
    terms = re.compile("|".join(f"(?P<t{number}>{pattern})" for number, pattern in enumerate(patterns)))
    return terms.sub(lambda match: sounds[int((match.lastgroup or "t0")[1:])], words)


def check_pronunciations(
    pronunciations: Sequence[Pronunciation], engine: str, capabilities: SynthesiserCapabilities
) -> None:
    """Raise InputError if there are phonemes and the engine cannot read them."""
    phonemes = [entry.term for entry in pronunciations if entry.ipa is not None]
    if phonemes and not capabilities.reads_ipa:
        raise InputError(
            f"the voices of {engine} cannot read IPA, which the glossary gives for {phonemes[0]!r}: "
            "give a respelling, or choose another engine"
        )


def _pattern(entry: Pronunciation, language: str) -> str:
    any_case = "(?i:{})" if entry.term == entry.term.lower() else "{}"
    term = re.escape(verbalise(entry.term, language))
    return any_case.format(rf"(?<!\w){term}(?!\w)")


def _sound(entry: Pronunciation, language: str) -> str:
    if entry.ipa is not None:
        return f"{IPA_OPEN}{entry.ipa}{IPA_CLOSE}"
    return verbalise(entry.sound, language)
