"""Run configuration with which a run edits or regenerates segments: in the launchpad, by commands and by messages."""

from collections.abc import Collection
from typing import Any

import dagster as dg
from pydantic import Field

from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist, segment_index
from dub_assets.stages.segment_mixes.values import GainChange
from dub_assets.stages.transcript.editing import KINDS, SegmentEdit

_MAX_GAIN = 10


class SegmentEditConfig(dg.Config):
    """An edit of a segment; which values it needs depends on its kind."""

    kind: str = Field(description="split, merge, move, delete, insert or speaker.")
    segment: Any = Field(default=None, description="Name or number of the segment; none for insert.")
    start_ms: int = Field(default=0, description="split, move, insert: time at which the (second) segment begins.")
    end_ms: int = Field(default=0, description="move, insert: time at which the segment ends.")
    text: str = Field(default="", description="insert: the text of the original.")
    speaker: str | None = Field(default=None, description="insert, speaker: the name of the speaker.")

    def edit(self) -> SegmentEdit:
        """Return the edit. Raises InputError if its kind is unknown or it names no segment."""
        kinds = {kind: kind for kind in KINDS}
        if self.kind not in kinds:
            raise InputError(f"{self.kind!r} is no edit of a segment: {', '.join(KINDS)}")
        kind = kinds[self.kind]
        index = -1 if kind == "insert" else segment_index(self.segment)
        return SegmentEdit(
            kind=kind,
            index=index,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            text=self.text,
            speaker=self.speaker or None,
        )


class TranscriptConfig(dg.Config):
    """Edits of segments."""

    edits: list[SegmentEditConfig] = Field(
        default=[],
        description=(
            'Edits of segments, in order: [{kind: split, segment: "0003", start_ms: 12300}]. Materialise `translation` '
            "with `follows_edits`, and the assets after it, in the same run."
        ),
    )

    def segment_edits(self) -> list[SegmentEdit]:
        """Return the edits. Raises InputError for one that is malformed."""
        return [edit.edit() for edit in self.edits]


class TranslationConfig(dg.Config):
    """Texts by which a person replaces those of the translator."""

    texts: dict[str, str] = Field(
        default={},
        description=(
            'New texts by segment: {"0003": "Boa noite."}. All other lines stay as they are. Empty: translate if '
            "something changed."
        ),
    )

    voices: dict[str, str] = Field(
        default={},
        description=(
            'Voices by segment, instead of those of their speakers: {"0003": "jf_nezumi"}. An empty name takes the '
            "speaker's voice again."
        ),
    )
    follows_edits: bool = Field(
        default=False,
        description="Whether the same run edits segments in `transcript`: lines without a new text stay as they are.",
    )

    def by_index(self) -> dict[int, str]:
        """Return the texts by index. Raises InputError for a name that is not a segment's."""
        return {segment_index(name): text for name, text in self.texts.items()}

    def voices_by_index(self) -> dict[int, str]:
        """Return the voices by index. Raises InputError for a name that is not a segment's."""
        return {segment_index(name): voice for name, voice in self.voices.items()}


class TtsSegmentsConfig(dg.Config):
    """Segments to regenerate."""

    segments: list[Any] = Field(
        default=[],
        description=(
            'Segments to regenerate even if nothing changed, by name or number: ["0003"] or [3]. All others stay as '
            "they are. Empty: regenerate what changed, and nothing else."
        ),
    )

    def selected(self, existing: Collection[int]) -> set[int] | None:
        """Return the indexes of the segments to regenerate, or None if none are named.

        Raises InputError, naming the existing segments, for one that does not exist.
        """
        if not self.segments:
            return None
        indexes = set(map(segment_index, self.segments))
        check_segments_exist(indexes, existing)
        return indexes


class SegmentGains(dg.Config):
    """The gains of one segment."""

    bgm_gain: float | None = Field(
        default=None, description="Linear gain of the background, 0 to 10; unset: unchanged."
    )
    tts_gain: float | None = Field(
        default=None, description="Linear gain of the new speech, 0 to 10; unset: unchanged."
    )

    def change(self) -> GainChange:
        """Return the change of gains. Raises InputError for a gain that is out of range.

        Pydantic does not check the range, because Dagster's UI would not show its message.
        """
        for name, gain in {"bgm_gain": self.bgm_gain, "tts_gain": self.tts_gain}.items():
            if gain is not None and not 0 <= gain <= _MAX_GAIN:
                raise InputError(f"{name} is {gain:g}: a gain is a factor from 0 (silence) to {_MAX_GAIN}")
        return GainChange(background=self.bgm_gain, speech=self.tts_gain)


class SegmentMixesConfig(TtsSegmentsConfig, SegmentGains):
    """Segments to mix again, and their gains: the same for all of them, or by segment."""

    gains: dict[str, SegmentGains] = Field(
        default={},
        description=(
            'Gains by segment, instead of `segments` with one pair of gains: {"0003": {"bgm_gain": 0.2}}. These '
            "segments are regenerated too."
        ),
    )
    all_segments: bool = Field(
        default=False, description="Regenerate all segments; gains then replace those of earlier edits."
    )

    def selected(self, existing: Collection[int]) -> set[int] | None:
        """Return the indexes of the segments to mix again, or None if none are named. Raises InputError."""
        if self.all_segments:
            return set(existing)
        indexes = {segment_index(name) for name in self.gains}
        check_segments_exist(indexes, existing)
        return (super().selected(existing) or set()) | indexes or None

    def gain_changes(self, existing: Collection[int]) -> dict[int, GainChange]:
        """Return the changes of gains by segment.

        Raises InputError if ``bgm_gain`` or ``tts_gain`` is set but no segments are, and for unknown segments.
        """
        by_segment = {segment_index(name): gains.change() for name, gains in self.gains.items()}
        if self.change() == GainChange():
            return by_segment
        if not self.segments and not self.all_segments:
            raise InputError(
                "bgm_gain and tts_gain need segments: name them in `segments`, or set `all_segments: true` to change "
                "all of them"
            )
        indexes = existing if self.all_segments else map(segment_index, self.segments)
        return dict.fromkeys(indexes, self.change()) | by_segment
