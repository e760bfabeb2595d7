"""The messages of the tasks ``segment_mix`` and ``segment_tts``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from dub_assets.core.errors import InputError
from dub_assets.core.keys import segment_name
from dub_assets.core.text import MAX_TEXT_CHARACTERS
from dub_assets.service.queue.message_models import RunMessage
from dub_assets.service.queue.message_types import (
    ClipKey,
    Folder,
    Gain,
    Id,
    Index,
    Key,
    Language,
    MessageRules,
    Part,
    Seconds,
    SegmentId,
    is_blank,
)
from dub_assets.service.segment_request import MESSAGE_GAINS, SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.stages.segment_mixes.values import GainChange


class Gains(Part):
    """Gains of a segment, given in it or in its `assets`."""

    bgm_gain: Gain | None = None
    """Linear gain of the background, 0 (silence) to 10. Default: 0.35; in `segment_tts` the segment's present gain."""
    tts_gain: Gain | None = None
    """Linear gain of the speech, 0 (silence) to 10. Default: 1.0; in `segment_tts` the segment's present gain."""

    def change(self) -> GainChange:
        """Return the gains as a change."""
        return GainChange(background=self.bgm_gain, speech=self.tts_gain)


class MixAssets(Gains):
    """Objects and gains of a segment to mix."""

    bgm_key: Key | None = None
    """Used if the segment has no `bgm_key`."""
    tts_key: Key | None = None
    """Used if the segment has no `tts_key`."""
    mix_key: ClipKey | None = None
    """Used if the segment has no `output_key`."""


class MixSegment(Gains):
    """A segment to mix; its own fields take precedence over those of its `assets`."""

    index: Index
    """Identifies the segment: a whole number from 0, or a string of digits."""
    bgm_key: Key | None = None
    """Object key of the background. Default: `assets.bgm_key`, else inferred from `intermediate_prefix`."""
    tts_key: Key | None = None
    """Object key of the speech. Default: `assets.tts_key`, else inferred from `intermediate_prefix`."""
    output_key: ClipKey | None = None
    """Object key of the mix. Default: `assets.mix_key`, else `{stem of bgm_key}_mix.wav` in `output_prefix`."""
    assets: MixAssets = MixAssets()
    """The segment's objects and gains; the fields of the segment itself take precedence."""

    def order(self) -> SegmentMixOrder:
        """Return the segment of the request."""
        return SegmentMixOrder(
            index=int(self.index),
            sent_index=self.index,
            bgm_key=self.bgm_key or self.assets.bgm_key,
            tts_key=self.tts_key or self.assets.tts_key,
            mix_key=self.output_key or self.assets.mix_key,
            gains=self.assets.change().then(self.change()).applied_to(MESSAGE_GAINS),
        )


class SegmentMixMessage(RunMessage):
    """Mix the background and the speech of segments again. `tts_bgm_mix` is another name of this task."""

    project_id: Id | None = None
    """Identifies the project; repeated in callbacks. Default: that of the message's keys, else that of the job."""
    segments: Annotated[list[MixSegment], Field(min_length=1)]
    """Segments to mix, each index once."""
    intermediate_prefix: Folder | None = None
    """Folder in which keys that are not given are inferred: `{index:04d}_bgm.wav`, else `{index}_bgm.wav`."""
    output_prefix: Folder | None = None
    """Folder of the mixes. Default: `intermediate_prefix`, else the folder of `bgm_key`."""
    rebuild_video: bool = False
    """Also rebuild the result video, the metadata document and the report of the job."""

    def request(self, rules: MessageRules) -> SegmentMixRequest:  # noqa: ARG002  # full_pipeline needs them
        """Return the request, with segments in the message's order. Raises InputError if an index is there twice."""
        orders = tuple(segment.order() for segment in self.segments)
        index, times = Counter(order.index for order in orders).most_common(1)[0]
        if times > 1:
            name = segment_name(index)
            raise InputError(f"segments name the segment {name} {times} times: name each segment once")
        return SegmentMixRequest(
            job_id=self.job_id,
            project_id=self.project_id,
            callback_url=self.callback(self.job_id),
            segments=orders,
            intermediate_prefix=self.intermediate_prefix,
            output_prefix=self.output_prefix,
            rebuild_video=self.rebuild_video,
        )


class SpeechAssets(Gains):
    """Objects and gains of a segment to speak."""

    source_key: Key | None = None
    """Object key of reference audio, used if the segment has no `source_keys`."""
    bgm_key: Key | None = None
    """Object key of the background. Default: inferred from `segment_assets_prefix`."""
    tts_key: ClipKey | None = None
    """Object key that the new speech is written to. Default: inferred from `segment_assets_prefix`."""
    mix_key: ClipKey | None = None
    """Object key that the new mix is written to. Default: the stem of `bgm_key` with `_mix.wav`."""


class SpeechSegment(Gains):
    """The segment to speak. Every field may stand in `segment` or in the message itself."""

    segment_index: Index | None = None
    """Identifies the segment: a whole number from 0, or a string of digits. Required here or in the message."""
    segment_id: SegmentId | None = None
    """The consumer's own id of the segment, repeated in the completed callback. Default: the index as text."""
    text: Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS)] | None = None
    """New text to speak, in the target language. Required here or in the message."""
    segment_text: str | None = None
    """Text of the original segment; not used."""
    project_id: Id | None = None
    """Identifies the project; repeated in callbacks. Default: that of the message's keys, else that of the job."""
    segment_assets_prefix: Folder | None = None
    """Folder of the segment's objects, in which keys that are not given are inferred."""
    target_lang: Language | None = None
    """Language of the text. Default: the job's, else `JOB_TARGET_LANG`."""
    source_keys: tuple[Key, ...] = Field(default=(), strict=False)
    """Object keys of reference audio for the voice."""
    sub_length: Seconds | None = None
    """Length of the segment's slot in seconds. Default: `end_point - start_point`, else the stored segment's slot."""
    start_point: Seconds | None = None
    """Start of the segment in seconds. Unknown if it and `end_point` are 0."""
    end_point: Seconds | None = None
    """End of the segment in seconds."""
    assets: SpeechAssets = SpeechAssets()
    """The segment's objects and gains; the gains of the segment itself take precedence."""

    @property
    def slot_ms(self) -> int | None:
        """The length of the segment's slot, 0 or less if it leaves no time, None if it is unknown."""
        length_s, start_s, end_s = self.sub_length, self.start_point, self.end_point
        if start_s == end_s == 0:
            return round((length_s or 0) * 1000) or None
        if length_s is None and start_s is not None and end_s is not None:
            length_s = end_s - start_s
        return None if length_s is None else round(length_s * 1000)


class SegmentTtsMessage(RunMessage, SpeechSegment):
    """Speak a new text for one segment and mix it. Fields in `segment` take precedence over the message's own."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["segment"]}, {"required": ["segment_index", "text"]}]}
    )

    segment: SpeechSegment | None = None
    """The segment, its new text and its objects. Its fields may also stand in the message itself."""
    rebuild_video: bool = False
    """Also rebuild the result video, the metadata document and the report of the job."""

    @classmethod
    def named_project(cls, document: Mapping[str, Any]) -> object:
        """Return the project id that the segment names, else that of the message."""
        segment = document.get("segment")
        named = segment.get("project_id") if isinstance(segment, Mapping) else None
        return document.get("project_id") if named is None or is_blank(named) else named

    def request(self, rules: MessageRules) -> SegmentTtsRequest:  # noqa: ARG002  # full_pipeline needs them
        """Return the request. Raises InputError if index or text are missing, or if the slot has no length."""
        segment, path = self._merged(), "segment." if self.segment else ""
        if segment.segment_index is None or segment.text is None:
            missing = "segment_index" if segment.segment_index is None else "text"
            has_none = self.segment is None and missing == "segment_index" and segment.text is None
            raise InputError("segment is missing" if has_none else f"{path}{missing} is missing")
        slot_ms, assets = segment.slot_ms, segment.assets
        if slot_ms is not None and slot_ms <= 0:
            raise InputError(f"{path}sub_length (or end_point - start_point) leaves no time for speech")
        return SegmentTtsRequest(
            job_id=self.job_id,
            project_id=segment.project_id,
            callback_url=self.callback(self.job_id),
            index=int(segment.segment_index),
            sent_index=segment.segment_index,
            segment_id=segment.segment_id,
            text=segment.text.strip(),
            target_language=segment.target_lang,
            slot_ms=slot_ms,
            segment_prefix=segment.segment_assets_prefix,
            source_keys=segment.source_keys or tuple(filter(None, [assets.source_key])),
            bgm_key=assets.bgm_key,
            tts_key=assets.tts_key,
            mix_key=assets.mix_key,
            gains=assets.change().then(segment.change()),
            rebuild_video=self.rebuild_video,
        )

    def _merged(self) -> SpeechSegment:
        """Return the segment with the message's own fields where it has none."""
        parts = [self, self.segment] if self.segment else [self]
        fields = SpeechSegment.model_fields
        given = {name: getattr(part, name) for part in parts for name in fields if name in part.model_fields_set}
        return SpeechSegment.model_construct(**given)
