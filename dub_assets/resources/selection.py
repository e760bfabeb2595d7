"""Run configuration that selects segments."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from dub_assets.core.errors import InputError
from dub_assets.core.keys import check_segments_exist, segment_index
from dub_assets.stages.segment_mixes.values import GainChange


class SegmentSelection(dg.Config):
    """Which segments to make again."""

    segments: list[Any] = Field(
        default=[],
        description=(
            'Segments to regenerate even if nothing changed, by name or number: ["0003"] or [3]. All others are kept '
            "as they are. Empty: regenerate what changed, and nothing else."
        ),
    )

    def indexes(self, *, of: Sequence[int]) -> set[int] | None:
        """The indexes selected, or None where nothing is; an unknown segment is a failure that names the known ones."""
        if not self.segments:
            return None
        try:
            wanted = set(map(segment_index, self.segments))
            check_segments_exist(wanted, of)
        except InputError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        return wanted


class MixSelection(SegmentSelection):
    """Which segments to mix again, and with what gains."""

    bgm_gain: float | None = Field(
        default=None,
        ge=0,
        le=10,
        description="Linear gain of the background in the selected segments, 0 to 10; unset: as it was.",
    )
    tts_gain: float | None = Field(
        default=None,
        ge=0,
        le=10,
        description="Linear gain of the new speech in the selected segments, 0 to 10; unset: as it was.",
    )

    def gain_changes(self, *, of: Sequence[int]) -> dict[int, GainChange]:
        """The gains asked for, by segment; of all segments where none is selected."""
        if self.bgm_gain is None and self.tts_gain is None:
            return {}
        change = GainChange(background=self.bgm_gain, speech=self.tts_gain)
        selected = self.indexes(of=of)
        return dict.fromkeys(of if selected is None else sorted(selected), change)
