"""Content credentials: how results are signed, and what is signed about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from dub_assets.core.consent import VoiceConsent
from dub_assets.core.engine import EngineIdentity
from dub_assets.core.errors import ConfigurationError
from dub_assets.core.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOptions:
    """The certificate and key that sign results. Raises ConfigurationError if only one of them is given."""

    certificate: Annotated[
        str | None,
        option(
            "CREDENTIALS_CERTIFICATE",
            "certificate chain (PEM) that signs results by C2PA: a path, or the text itself; unset: not signed",
        ),
    ] = None
    key: Annotated[
        str | None,
        option(
            "CREDENTIALS_KEY",
            "private key of the certificate: a path of PEM, the text itself, or the ARN of a key in KMS",
        ),
    ] = field(default=None, repr=False)
    timestamp_url: Annotated[
        str | None, option("CREDENTIALS_TIMESTAMP_URL", "time stamp authority (RFC 3161) for signatures; unset: none")
    ] = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ConfigurationError("CREDENTIALS_CERTIFICATE and CREDENTIALS_KEY belong together: set both or neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRevision:
    """A video of a job: its number from 1, and the names of the segments that differ from the video before."""

    number: int
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DubClaims:
    """What a dub's credentials say.

    ``original`` is the video that was dubbed, ``original_name`` its object key, ``original_credentials`` a file
    with its C2PA manifest if that is not in the video. Languages are ISO 639-1. ``synthetic``: the dub has synthetic
    speech; ``cloned_voices``: in voices of the original's speakers, with their ``consents``. ``revision`` counts the
    videos of the job from 1; ``edited`` names the segments that a person edited, ``history`` lists the job's videos.
    """

    title: str
    original: Path
    original_name: str
    original_sha256: str
    source_language: str
    target_language: str
    synthetic: bool
    cloned_voices: bool
    engines: tuple[EngineIdentity, ...]
    revision: int
    edited: tuple[str, ...]
    consents: tuple[VoiceConsent, ...] = ()
    history: tuple[VideoRevision, ...] = ()
    original_credentials: Path | None = None
