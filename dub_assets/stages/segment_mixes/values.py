"""The mix of each segment: gains, editors' changes and clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from dub_assets.core.media import MediaObject
from dub_assets.core.provenance import Provenance
from dub_assets.core.timing import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Linear factors on background and speech; 0 is silence."""

    background: float
    speech: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GainChange:
    """Gains that an editor sets for a segment; None leaves one as the job has it."""

    background: float | None = None
    speech: float | None = None

    @classmethod
    def to(cls, gains: Gains) -> GainChange:
        """The change that sets both gains."""
        return cls(background=gains.background, speech=gains.speech)

    def then(self, later: GainChange) -> GainChange:
        """Both changes, one after the other."""
        return GainChange(
            background=self.background if later.background is None else later.background,
            speech=self.speech if later.speech is None else later.speech,
        )

    def applied_to(self, gains: Gains) -> Gains:
        """The gains after the change."""
        return Gains(
            background=gains.background if self.background is None else self.background,
            speech=gains.speech if self.speech is None else self.speech,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClips:
    """The pieces of a segment that editors work with: 48 kHz WAV, ``video`` without sound where there is a picture."""

    source: MediaObject
    bgm: MediaObject
    mix: MediaObject
    video: MediaObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMix:
    """How one segment is mixed; ``clips`` is None where the job asked for none.

    ``edited`` is what editors set, which outlasts later runs; ``gains`` are those of the job with it.
    """

    index: int
    window: Interval
    edited: GainChange
    gains: Gains
    clips: SegmentClips | None
    fingerprint: str

    def without(self, lost: Collection[MediaObject]) -> SegmentMix:
        """The same, and without clips where one of them is lost."""
        clips = self.clips
        if clips is None or not any(clip in lost for clip in (clips.source, clips.bgm, clips.mix, clips.video)):
            return self
        return replace(self, clips=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMixes:
    """The mixes of all segments that speak, in order."""

    segments: tuple[SegmentMix, ...]
    provenance: Provenance

    def without(self, lost: Collection[MediaObject]) -> SegmentMixes:
        """The same where these objects are lost: what editors set is kept, clips that are not whole are not."""
        return replace(self, segments=tuple(segment.without(lost) for segment in self.segments))
