"""What every stage works with, and what it tells about itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from dub_assets.core.keys import JobKeys
from dub_assets.core.ports.media import MediaTool, SoundFiles
from dub_assets.core.ports.storage import Workspace
from dub_assets.core.provenance import StageFigures


class Progress(Protocol):
    """Hears how far a stage is."""

    def report(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` units (seconds, lines) of a stage are made."""
        ...


class Meter(Protocol):
    """Measures a stage."""

    def measure(self) -> AbstractContextManager[Measurement]:
        """Start measuring; read the figures after leaving."""
        ...


class Measurement(Protocol):
    """A measurement under way or done."""

    def figures(self, *, media_ms: int) -> StageFigures:
        """What has been measured so far, for a stage that worked on ``media_ms`` of programme."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """What every stage of one job works with; ``keys`` say where its products go."""

    keys: JobKeys
    workspace: Workspace
    media: MediaTool
    sounds: SoundFiles
    progress: Progress
    meter: Meter
