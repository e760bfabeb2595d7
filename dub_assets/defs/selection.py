"""Run configuration that selects segments."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from dub_assets.domain.mix import GainChange


class SegmentSelection(dg.Config):
    """Which segments to make again."""

    segments: list[str] = Field(
        default=[],
        description=(
            'Names of the segments to make again even if nothing changed, such as ["0003"]; all others are kept as '
            "they are. Empty: whatever changed is made again, and nothing else."
        ),
    )

    def indexes(self, *, of: Sequence[int]) -> set[int] | None:
        """The indexes selected, or None where nothing is; an unknown segment is a failure that names the known ones."""
        if not self.segments:
            return None
        wanted = {int(name) if name.isdecimal() else -1: name for name in self.segments}
        unknown = [name for index, name in wanted.items() if index not in of]
        if unknown:
            known = f"{min(of):04d} to {max(of):04d}" if of else "none"
            raise dg.Failure(
                description=f"there is no segment {', '.join(unknown)} in this job; its segments are {known}",
                allow_retries=False,
            )
        return set(wanted)


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
