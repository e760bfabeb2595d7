"""The tools that read and write media, as a Dagster resource."""

from pathlib import Path
from typing import Self

import dagster as dg

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.files import remove_abandoned
from dub_assets.core.limits import MediaLimits
from dub_assets.core.ports import MediaTool, SoundFiles
from dub_assets.settings import Paths, Settings


class MediaResource(dg.ConfigurableResource):
    """The ffmpeg to run, and the limits of the media that it reads."""

    paths: dg.ResourceDependency[Paths]
    limits: dg.ResourceDependency[MediaLimits]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the tools that the settings name. Raises ConfigurationError if their ffmpeg cannot be used."""
        find_ffmpeg(settings.paths.ffmpeg)
        return cls(paths=settings.paths, limits=settings.limits)

    def tool(self) -> MediaTool:
        """Return the tool that probes, decodes, cuts and renders."""
        return FfmpegMediaTool(ffmpeg=self.paths.ffmpeg, limits=self.limits)

    def sounds(self) -> SoundFiles:
        """Return the reader and writer of sound files."""
        return SoundfileSoundFiles()

    def remove_abandoned(self, folder: Path, *, recursive: bool = False) -> None:
        """Remove partial files of killed processes from a folder, and from those below it if ``recursive``."""
        remove_abandoned(folder, recursive=recursive)
