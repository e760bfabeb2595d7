"""Consent of persons whose voices are cloned: the records, and what a job does without one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from dub_assets.core.errors import InputError
from dub_assets.core.option import one_of, option

ConsentState = Literal["valid", "expired", "revoked"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOptions:
    """What a job does whose engine would clone a voice without consent."""

    missing: Annotated[
        str,
        one_of("refuse", "studio"),
        option(
            "CONSENT_MISSING",
            "what a job does that would clone a voice without a valid consent: refuse, or studio, which takes one of "
            "the engine's own voices",
        ),
    ] = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's consent that their voice is cloned.

    ``valid_until`` is an ISO date, the last day (UTC) on which the voice may be used. ``document`` names the document
    in which the person agreed, ``document_sha256`` is its hash: one of them is given. ``jobs`` are the jobs that it is
    for; empty: every job of the project. ``speakers`` are the person's letters in these jobs; empty: the person is the
    only one whose voice is cloned. Results name the person only if ``named``.
    """

    person: str
    valid_until: str
    document: str | None = None
    document_sha256: str | None = None
    purpose: str | None = None
    jobs: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    named: bool = False

    def covers(self, job_id: str, speaker: str | None, *, alone: bool) -> bool:
        """Return whether it is for a speaker of a job; ``alone``: no other voice of the job is cloned."""
        is_for_job = not self.jobs or job_id in self.jobs
        return is_for_job and (speaker in self.speakers if self.speakers else alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceConsent:
    """The consent under which a voice was cloned, as results refer to it: by an id that is no hash of a name.

    ``person``, ``purpose`` and ``document`` are None unless the person is to be named.
    """

    voice: str
    consent_id: str
    valid_until: str
    document_sha256: str | None = None
    person: str | None = None
    purpose: str | None = None
    document: str | None = None

    def reference(self) -> dict[str, str]:
        """Return the reference to the consent, JSON-ready."""
        facts: Mapping[str, str | None] = {
            "id": self.consent_id,
            "valid_until": self.valid_until,
            "document_sha256": self.document_sha256,
            "person": self.person,
            "purpose": self.purpose,
            "document": self.document,
        }
        return {name: fact for name, fact in facts.items() if fact is not None}


def voice_consent(voice: str, consent_id: str, consent: Consent) -> VoiceConsent:
    """Return what results say about the consent to clone a voice."""
    return VoiceConsent(
        voice=voice,
        consent_id=consent_id,
        valid_until=consent.valid_until,
        document_sha256=consent.document_sha256,
        person=consent.person if consent.named else None,
        purpose=consent.purpose if consent.named else None,
        document=consent.document if consent.named else None,
    )


def checked_consent(consent: Consent) -> Consent:
    """Return a consent if it can be recorded. Raises InputError."""
    texts = {"person": consent.person, "purpose": consent.purpose, "document": consent.document}
    for name, text in texts.items():
        if text is not None and not (text.strip() and text.isprintable() and len(text) <= _MAX_CHARACTERS):
            raise InputError(f"{name} is unusable: give it 1 to {_MAX_CHARACTERS} printable characters, on one line")
    if consent.document is None and consent.document_sha256 is None:
        raise InputError("document is missing: name the document in which the person agreed, or give its sha256")
    if consent.document_sha256 is not None and not _SHA256.fullmatch(consent.document_sha256):
        raise InputError("document_sha256 is no hash: give 64 hexadecimal digits in lower case")
    parse_day("valid_until", consent.valid_until)
    return consent


def parse_day(name: str, text: str) -> date:
    """Return the day of an ISO date such as 2027-03-31. Raises InputError."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass  # a day that no calendar has
    raise InputError(f"{name} {text[:40]!r} is no day: write it as 2027-03-31")


def today() -> date:
    """Return the day by UTC."""
    return datetime.now(UTC).date()
