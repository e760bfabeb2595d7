"""The glossary of a job, in messages and in files of ``dub-assets dub --glossary``."""

from __future__ import annotations

import difflib
import unicodedata
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from dub_assets.core.errors import InputError
from dub_assets.core.files import open_regular
from dub_assets.core.text import Pronunciation, Term
from dub_assets.service.queue.message_json import Document, read_object
from dub_assets.service.queue.message_types import Language, Part

_MAX_BYTES = 8 * 1024 * 1024

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _checked_sound(sound: str) -> str:
    """Return a pronunciation. Raises ValueError if it has no letter, or has signs that IPA does not have."""
    entry = Pronunciation(term="term", sound=sound)
    if not any(map(str.isalpha, sound)) or "/" in sound[1:-1] or sound.startswith("/") != sound.endswith("/"):
        raise ValueError(f"{sound!r} is neither a respelling, such as win, nor IPA between slashes, such as /win/")
    wrong = sorted({sign for sign in entry.ipa or "" if not _is_ipa(sign)})
    if wrong:
        raise ValueError(f"{sound!r} is not IPA: it has {' '.join(wrong)}")
    return sound


def _is_ipa(sign: str) -> bool:
    if sign.isalpha():
        return sign == sign.lower() and "HANGUL" not in (name := unicodedata.name(sign, "")) and "CJK" not in name
    return sign in " .|\u203f\u02c8\u02cc\u02d0\u02d1'" or unicodedata.category(sign) in {"Mn", "Sk", "Lm"}


Sound = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_checked_sound),
]


class Glossary(Part):
    """Terms that every translation of a job must follow."""

    glossary: Annotated[dict[Phrase, Phrase], Field(max_length=1000, default_factory=dict)]
    """Required translations of terms: source term to target term. Terms match whole words."""
    do_not_translate: Annotated[tuple[Phrase, ...], Field(max_length=1000, strict=False)] = ()
    """Terms that stay as they are."""
    pronounce: Annotated[
        dict[Language, Annotated[dict[Phrase, Sound], Field(max_length=1000)]],
        Field(max_length=200, default_factory=dict),
    ]
    """How terms of a language's text are spoken: `{"en": {"Nguyen": "win", "Zoë": "/zoi/"}}`, respelled or in IPA."""

    def pronunciations(self, language: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of a target language, in their order."""
        sounds = self.pronounce.get(language, {})
        return tuple(Pronunciation(term=term, sound=sound) for term, sound in sounds.items())

    def terms(self) -> tuple[Term, ...]:
        """Return the terms in their order."""
        terms = self.glossary | {term: term for term in self.do_not_translate}
        return tuple(Term(source=source, target=target) for source, target in terms.items())


def read_glossary(path: Path) -> Glossary:
    """Return the glossary in a JSON file with the keys of a message. Raises InputError if it cannot be read."""
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read the glossary {path} ({error.strerror}): check the path") from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"the glossary {path} is larger than {_MAX_BYTES} bytes: give a shorter one")
    document, fault = read_object(content, "it")
    fault = fault or _unknown_key(document)
    if fault:
        raise InputError(f"the glossary {path} cannot be read: {fault}")
    try:
        return Glossary.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise InputError(f"the glossary {path} cannot be read: {place}: {first['msg']}") from error


def _unknown_key(document: Document) -> str | None:
    """Return what is wrong with the first key that a glossary does not have, None if there is none."""
    known = list(Glossary.model_fields)
    for key in document.keys() - set(known):
        near = difflib.get_close_matches(key, known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"its keys are {', '.join(map(repr, known))}"
        return f"the key {key!r} is unknown: {advice}"
    return None
