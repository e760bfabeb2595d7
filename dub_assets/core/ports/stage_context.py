"""The stage context: what every stage needs around it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from dub_assets.core.keys import JobKeys
from dub_assets.core.ports.consents import Consents
from dub_assets.core.ports.credentials import CredentialSigner
from dub_assets.core.ports.media import MediaTool, SoundFiles
from dub_assets.core.ports.storage import Workspace
from dub_assets.core.provenance import StageFigures


class Progress(Protocol):
    """Receives the progress of stages."""

    def report(self, stage: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` units (seconds, lines) of a stage are finished."""
        ...


class Meter(Protocol):
    """Measures the cost of a stage."""

    def measure(self) -> AbstractContextManager[Measurement]:
        """Return a context that measures; its figures are complete after leaving."""
        ...


class Measurement(Protocol):
    """A measurement in progress or complete."""

    def figures(self, *, media_ms: int) -> StageFigures:
        """Return the figures of a stage that processed ``media_ms`` of programme."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """Keys, workspace, media tools, progress, meter, consents and signer of one job.

    ``signer`` is None if nothing is signed.
    """

    keys: JobKeys
    workspace: Workspace
    media: MediaTool
    sounds: SoundFiles
    progress: Progress
    meter: Meter
    consents: Consents
    signer: CredentialSigner | None = None
