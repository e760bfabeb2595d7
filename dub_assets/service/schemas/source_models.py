"""The part of the metadata document about the original file; docs/metadata.md is generated from these models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeInt


class _Sent(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class SourcePicture(_Sent):
    """The picture that was taken."""

    index: NonNegativeInt
    """Its index among the video streams, covers included."""
    codec: str
    """Codec, as ffmpeg names it."""
    width: NonNegativeInt
    """Width in pixels, before rotation."""
    height: NonNegativeInt
    """Height in pixels, before rotation."""
    frame_rate: float
    """Frames a second, on average."""
    rotation: NonNegativeInt
    """Degrees by which a player turns it clockwise."""
    field_order: str | None
    """`top field first`, `bottom field first` or `order unknown`; null if the picture is progressive."""


class SourceTrack(_Sent):
    """A sound track of the original."""

    index: NonNegativeInt
    """Its index among the sound tracks."""
    codec: str
    """Codec, as ffmpeg names it."""
    channels: NonNegativeInt
    """Number of channels."""
    rate: NonNegativeInt
    """Samples a second."""
    language: str | None
    """Language as tagged (ISO 639-2), or null."""
    default: bool
    """Whether the file flags it as the default track."""


class SourceSubtitles(_Sent):
    """A subtitle track of the original that the result keeps."""

    index: NonNegativeInt
    """Its index among the subtitle tracks."""
    language: str | None
    """Language as tagged (ISO 639-2), or null."""


class DocumentSource(_Sent):
    """The original file: what was taken of it, and what is odd about it."""

    container: str
    """Container, as ffmpeg names it."""
    picture: SourcePicture | None
    """The picture; null for a sound file."""
    audio_track: NonNegativeInt
    """Index of the sound track that was dubbed."""
    audio_tracks: list[SourceTrack]
    """Sound tracks that can be decoded."""
    subtitle_tracks: list[SourceSubtitles]
    """Subtitle tracks that the result keeps."""
    findings: list[str]
    """What is odd about the file and where, a sentence each; empty if nothing is."""
