"""The marking of results as synthetic: what a dub says about itself to people and to programs."""

from __future__ import annotations

from dataclasses import dataclass

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for media that contain elements of a generative model beside others."""

DUB_TITLE = "Dub, synthetic speech"
"""Title of a sound track with synthetic speech."""


CLIP_NOTICE = "Contains synthetic speech."
"""Comment of sound files with synthetic speech, in the chunk LIST of a WAV."""


def notice_text(source_language: str, target_language: str) -> str:
    """Return the sentence that marks a dub; languages are ISO 639-1."""
    return f"Contains synthetic speech: dubbed by AI from {source_language} to {target_language}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of a file as they are read from it; None: without this one.

    ``digital_source_type`` is the term of IPTC in the file's XMP, ``comment`` the container's comment, ``dub_title``
    the title of the first sound track.
    """

    digital_source_type: str | None = None
    comment: str | None = None
    dub_title: str | None = None

    def missing(self, notice: str) -> tuple[str, ...]:
        """Return what a dub with this notice should have and the file has not."""
        required = {
            "the digital source type": self.digital_source_type == DIGITAL_SOURCE_TYPE,
            "the notice": notice in (self.comment or ""),
            "the title of the dub's track": self.dub_title == DUB_TITLE,
        }
        return tuple(name for name, present in required.items() if not present)
