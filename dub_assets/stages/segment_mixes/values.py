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
    """Gains that an editor sets for a segment; None keeps the job's gain."""

    background: float | None = None
    speech: float | None = None

    @classmethod
    def to(cls, gains: Gains) -> GainChange:
        """Return the change that sets both gains."""
        return cls(background=gains.background, speech=gains.speech)

    def then(self, later: GainChange) -> GainChange:
        """Return both changes as one, the later one last."""
        return GainChange(
            background=self.background if later.background is None else later.background,
            speech=self.speech if later.speech is None else later.speech,
        )

    def applied_to(self, gains: Gains) -> Gains:
        """Return the gains after the change."""
        return Gains(
            background=gains.background if self.background is None else self.background,
            speech=gains.speech if self.speech is None else self.speech,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClips:
    """The clips that editors work with: 48 kHz WAV, and ``video`` without sound; None if there is no picture."""

    source: MediaObject
    bgm: MediaObject
    mix: MediaObject
    video: MediaObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMix:
    """The mix of one segment; ``clips`` is None if the job does not ask for clips.

    ``edited`` is what editors have set, and is kept by later runs; ``gains`` are the job's gains with that change.
    """

    index: int
    window: Interval
    edited: GainChange
    gains: Gains
    clips: SegmentClips | None
    fingerprint: str

    def without(self, lost: Collection[MediaObject]) -> SegmentMix:
        """Return the mix, without clips if one of them is lost."""
        clips = self.clips
        if clips is None or not any(clip in lost for clip in (clips.source, clips.bgm, clips.mix, clips.video)):
            return self
        return replace(self, clips=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMixes:
    """The mixes of all segments with speech, in order."""

    segments: tuple[SegmentMix, ...]
    provenance: Provenance

    def without(self, lost: Collection[MediaObject]) -> SegmentMixes:
        """Return the mixes without incomplete clips; what editors have set is kept."""
        return replace(self, segments=tuple(segment.without(lost) for segment in self.segments))
