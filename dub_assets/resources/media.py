"""The tools that read and write media."""

import dataclasses
from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import Field

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.files import remove_abandoned
from dub_assets.core.limits import MediaLimits
from dub_assets.core.ports import MediaTool, SoundFiles
from dub_assets.settings import Settings


class MediaResource(dg.ConfigurableResource):
    """Ffmpeg, and what it may be given."""

    ffmpeg: str | None = Field(default=None, description="ffmpeg to run; unset: the packaged one.")
    max_duration_s: float = Field(description="Longest video in seconds.")
    max_size_bytes: int = Field(description="Largest file in bytes.")
    max_pixels: int = Field(description="Largest picture, width times height.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The tools that the settings name. Raises ConfigurationError if their ffmpeg cannot be used."""
        ffmpeg = settings.paths.ffmpeg
        find_ffmpeg(ffmpeg)
        return cls(ffmpeg=str(ffmpeg) if ffmpeg else None, **dataclasses.asdict(settings.limits))

    def tool(self) -> MediaTool:
        """The tool that probes, decodes, cuts and renders."""
        limits = MediaLimits(
            max_duration_s=self.max_duration_s, max_size_bytes=self.max_size_bytes, max_pixels=self.max_pixels
        )
        return FfmpegMediaTool(ffmpeg=Path(self.ffmpeg) if self.ffmpeg else None, limits=limits)

    def sounds(self) -> SoundFiles:
        """The reader and writer of sound files."""
        return SoundfileSoundFiles()

    def remove_abandoned(self, folder: Path, *, recursive: bool = False) -> None:
        """Remove temporary files of killed processes in a folder, and below it if ``recursive``."""
        remove_abandoned(folder, recursive=recursive)
