"""What differs between two states of a job, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dub_assets.core.keys import segment_name
from dub_assets.core.review import Review
from dub_assets.core.revisions import Change
from dub_assets.core.timing import Interval, seconds
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.segment_mixes.values import SegmentMix, SegmentMixes
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.values import TranslatedLine, Translation
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """A segment in one state; what is not made yet is None."""

    original: TranscriptSegment
    line: TranslatedLine | None
    spoken: TtsSegment | None
    mixed: SegmentMix | None
    note: str | None
    is_checked: bool

    @property
    def text(self) -> str | None:
        """The text that is spoken, else the translation."""
        return self.spoken.speech.text if self.spoken else self.line.text if self.line else None


_FIELDS: Mapping[str, Callable[[_Segment], str | None]] = {
    "text": lambda segment: segment.text,
    "original": lambda segment: segment.original.text,
    "time": lambda segment: _time(segment.original.interval),
    "speaker": lambda segment: segment.original.speaker,
    "voice": lambda segment: segment.spoken.speech.voice if segment.spoken else None,
    "speech gain": lambda segment: f"{segment.mixed.gains.speech:g}" if segment.mixed else None,
    "note": lambda segment: segment.note,
    "checked": lambda segment: "yes" if segment.is_checked else "no",
    "background gain": lambda segment: f"{segment.mixed.gains.background:g}" if segment.mixed else None,
}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what differs between the values of a job's assets, by asset, in two revisions."""
    old, new = _segments(before), _segments(after)
    changes = [
        Change(segment=segment_name(index), what="deleted", before=old[index].text) for index in old.keys() - new
    ]
    changes += [Change(segment=segment_name(index), what="added", after=new[index].text) for index in new.keys() - old]
    for index in new:
        if index in old:
            changes += _changes_of_segment(segment_name(index), old[index], new[index])
    videos = [state.get("final_video") for state in (before, after)]
    first, second = (video.video.sha256 if isinstance(video, FinalVideo) else None for video in videos)
    if first != second:
        changes.append(Change(segment=None, what="video"))
    return changes


def _changes_of_segment(name: str, old: _Segment, new: _Segment) -> Iterator[Change]:
    found = False
    for what, value in _FIELDS.items():
        before, after = value(old), value(new)
        if before != after:
            found = True
            yield Change(segment=name, what=what, before=before, after=after)
    if not found and old.spoken and new.spoken and old.spoken.clip.sha256 != new.spoken.clip.sha256:
        is_same = old.spoken.speech.media.sha256 == new.spoken.speech.media.sha256
        yield Change(segment=name, what="fit" if is_same else "speech")


def _segments(state: Mapping[str, Any]) -> dict[int, _Segment]:
    transcript, translation = state.get("transcript"), state.get("translation")
    tts, mixes = state.get("tts_segments"), state.get("segment_mixes")
    lines = {line.index: line for line in translation.lines} if isinstance(translation, Translation) else {}
    spoken = {segment.index: segment for segment in tts.segments} if isinstance(tts, TtsSegments) else {}
    mixed = {mix.index: mix for mix in mixes.segments} if isinstance(mixes, SegmentMixes) else {}
    found = state.get("review")
    review = found if isinstance(found, Review) else Review()
    segments = transcript.segments if isinstance(transcript, Transcript) else ()
    return {
        segment.index: _Segment(
            original=segment,
            line=lines.get(segment.index),
            spoken=spoken.get(segment.index),
            mixed=mixed.get(segment.index),
            note=review.notes.get(segment_name(segment.index)),
            is_checked=segment_name(segment.index) in review.checked,
        )
        for segment in segments
    }


def _time(interval: Interval) -> str:
    return f"{seconds(interval.start_ms):.3f} to {seconds(interval.end_ms):.3f}"
