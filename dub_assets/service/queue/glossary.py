"""The glossary of a job, in messages and in files of ``dub-assets dub --glossary``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from dub_assets.core.errors import InputError
from dub_assets.core.text import Term
from dub_assets.service.queue.message_types import Part

Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class Glossary(Part):
    """Terms that every translation of a job must follow."""

    glossary: Annotated[dict[Phrase, Phrase], Field(max_length=1000, default_factory=dict)]
    """Required translations of terms: source term to target term. Terms match whole words."""
    do_not_translate: Annotated[tuple[Phrase, ...], Field(max_length=1000, strict=False)] = ()
    """Terms that stay as they are."""

    def terms(self) -> tuple[Term, ...]:
        """Return the terms in their order."""
        terms = self.glossary | {term: term for term in self.do_not_translate}
        return tuple(Term(source=source.strip(), target=target.strip()) for source, target in terms.items())


def read_glossary(path: Path) -> tuple[Term, ...]:
    """Return the terms of a JSON file with the keys of a message. Raises InputError if it cannot be read."""
    try:
        return Glossary.model_validate_json(path.read_bytes()).terms()
    except OSError as error:
        raise InputError(f"cannot read the glossary {path}: check the path") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise InputError(f"the glossary {path} cannot be read: {place}: {first['msg']}") from error
