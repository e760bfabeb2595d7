"""Limits of the size, length and picture of a media file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import FiniteFloat

from dub_assets.core.errors import MediaError
from dub_assets.core.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """The largest file, programme and picture that are accepted; by default 20 GiB, 4 hours and 8K."""

    max_size_bytes: Annotated[int, option("MEDIA_MAX_SIZE", "largest file in bytes", ge=1)] = 20 * 2**30
    max_duration_s: Annotated[FiniteFloat, option("MEDIA_MAX_DURATION", "longest video in seconds", ge=0)] = 4 * 3600.0
    max_pixels: Annotated[int, option("MEDIA_MAX_PIXELS", "largest picture, width times height", ge=1)] = 8192 * 4320

    def check_size(self, size_bytes: int, name: str) -> None:
        """Raise MediaError if a file is too large."""
        if size_bytes > self.max_size_bytes:
            raise MediaError(
                f"{name} has {size_bytes} bytes, the limit is {self.max_size_bytes}: "
                "raise MEDIA_MAX_SIZE or cut the file"
            )

    def check_duration(self, duration_s: float, name: str) -> None:
        """Raise MediaError if a programme is too long."""
        if duration_s > self.max_duration_s:
            raise MediaError(
                f"{name} is {duration_s:.1f} s long, the limit is {self.max_duration_s:.1f} s: "
                "raise MEDIA_MAX_DURATION or cut the file"
            )

    def check_picture(self, width: int, height: int, name: str) -> None:
        """Raise MediaError if a picture has too many pixels."""
        if width * height > self.max_pixels:
            raise MediaError(
                f"{name} has a picture of {width} x {height}, the limit is {self.max_pixels} pixels: "
                "raise MEDIA_MAX_PIXELS or scale the picture down"
            )
