"""The messages that the service takes, a model a task: what a producer may send, and the request it stands for."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from typing import Annotated

from pydantic import Field

from dub_assets.clients.glossary import Glossary
from dub_assets.clients.message_types import (
    ClipKey,
    Engines,
    Folder,
    Gain,
    Id,
    Index,
    Key,
    Language,
    MessageRules,
    Part,
    ResultKey,
    Seconds,
    SourceLanguage,
    SpeakerCount,
    VoiceChoices,
)
from dub_assets.domain.callback_address import checked_callback_url
from dub_assets.domain.errors import InputError
from dub_assets.domain.mix import GainChange
from dub_assets.domain.request import DubRequest, EngineWishes
from dub_assets.domain.segment_request import MESSAGE_GAINS, SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest

Request = DubRequest | SegmentMixRequest | SegmentTtsRequest


class Message(Part):
    """A message of any task."""

    job_id: Id
    callback_url: str

    @abstractmethod
    def request(self, rules: MessageRules) -> Request:
        """What the message asks for. Raises InputError where its parts do not fit together."""

    @property
    def callback(self) -> str:
        """The address of the callbacks, the job's id filled in. Raises InputError."""
        return checked_callback_url(self.callback_url, self.job_id)


class FullPipelineMessage(Message, Glossary):
    """``full_pipeline``: a whole dub."""

    project_id: Id
    input_key: Key
    target_lang: Language | None = None
    source_lang: SourceLanguage | None = None
    output_key: ResultKey | None = None
    result_key: ResultKey | None = None
    metadata_key: ResultKey | None = None
    engines: Engines = Engines()
    speakers: SpeakerCount | None = None
    voices: VoiceChoices = Field(default_factory=dict)

    def request(self, rules: MessageRules) -> DubRequest:
        """The dub, with the templates' keys where the message gives none; ``output_key`` goes before ``result_key``."""

        def filled(template: str) -> str:
            return rules.templates.fill(template, project_id=self.project_id, job_id=self.job_id)

        request = DubRequest(
            job_id=self.job_id,
            project_id=self.project_id,
            input_key=self.input_key,
            source_language=self.source_lang or rules.source_language,
            target_language=self.target_lang or rules.target_language,
            result_key=self.output_key or self.result_key or filled(rules.templates.video),
            metadata_key=self.metadata_key or filled(rules.templates.metadata),
            segment_prefix=filled(rules.templates.segments),
            segment_clips=True,
            callback_url=self.callback,
            engines=EngineWishes(**self.engines.model_dump()),
            speakers=self.speakers,
            voices=self.voices,
            terms=self.terms(),
        )
        _require_own_places(request)
        return request


def _require_own_places(request: DubRequest) -> None:
    if request.metadata_key == request.result_key:
        raise InputError("metadata_key is the key of the result: give them a key each")
    for name, key in (("output_key", request.result_key), ("metadata_key", request.metadata_key)):
        if key == request.input_key:
            raise InputError(f"{name} is input_key: the result would be written over the input")
        if key.startswith(f"{request.segment_prefix}/"):
            raise InputError(f"{name} lies in {request.segment_prefix}, where the job's segments go")


class Gains(Part):
    """Gains of a segment, which stand in it or in its ``assets``."""

    bgm_gain: Gain | None = None
    tts_gain: Gain | None = None

    def change(self) -> GainChange:
        """The gains given here."""
        return GainChange(background=self.bgm_gain, speech=self.tts_gain)


class MixAssets(Gains):
    """``assets`` of a segment to mix."""

    bgm_key: Key | None = None
    tts_key: Key | None = None
    mix_key: ClipKey | None = None


class MixSegment(Gains):
    """One of ``segments``; its own fields go before those of its ``assets``."""

    index: Index
    bgm_key: Key | None = None
    tts_key: Key | None = None
    output_key: ClipKey | None = None
    assets: MixAssets = MixAssets()

    def order(self) -> SegmentMixOrder:
        """What is asked for this segment."""
        return SegmentMixOrder(
            index=int(self.index),
            sent_index=self.index,
            bgm_key=self.bgm_key or self.assets.bgm_key,
            tts_key=self.tts_key or self.assets.tts_key,
            mix_key=self.output_key or self.assets.mix_key,
            gains=self.assets.change().then(self.change()).applied_to(MESSAGE_GAINS),
        )


class SegmentMixMessage(Message):
    """``segment_mix``: some segments, mixed again."""

    project_id: Id | None = None
    segments: Annotated[list[MixSegment], Field(min_length=1)]
    intermediate_prefix: Folder | None = None
    output_prefix: Folder | None = None
    rebuild_video: bool = False

    def request(self, rules: MessageRules) -> SegmentMixRequest:  # noqa: ARG002  # the other tasks need them
        """The mixes, in the message's order."""
        orders = tuple(segment.order() for segment in self.segments)
        index, times = Counter(order.index for order in orders).most_common(1)[0]
        if times > 1:
            raise InputError(f"segments name the segment {index} {times} times: an index stands for one segment")
        return SegmentMixRequest(
            job_id=self.job_id,
            project_id=self.project_id,
            callback_url=self.callback,
            segments=orders,
            intermediate_prefix=self.intermediate_prefix,
            output_prefix=self.output_prefix,
            rebuild_video=self.rebuild_video,
        )


class SpeechAssets(Gains):
    """``assets`` of a segment to speak."""

    source_key: Key | None = None
    bgm_key: Key | None = None
    tts_key: ClipKey | None = None
    mix_key: ClipKey | None = None


class SpeechSegment(Gains):
    """``segment`` of a message."""

    segment_index: Index
    text: Annotated[str, Field(max_length=10_000)]
    project_id: Id | None = None
    segment_assets_prefix: Folder | None = None
    target_lang: Language | None = None
    source_keys: tuple[Key, ...] = Field(default=(), strict=False)
    sub_length: Seconds | None = None
    start_point: Seconds | None = None
    end_point: Seconds | None = None
    assets: SpeechAssets = SpeechAssets()

    def slot_ms(self) -> int | None:
        """The length of the segment's slot, where the message gives one. Raises InputError for one without length."""
        length_s = self.sub_length
        if length_s is None and self.start_point is not None and self.end_point is not None:
            length_s = self.end_point - self.start_point
        slot_ms = None if length_s is None else round(length_s * 1000)
        if slot_ms is not None and slot_ms <= 0:
            raise InputError("segment.sub_length (or end_point - start_point) leaves no time to speak in")
        return slot_ms


class SegmentTtsMessage(Message):
    """``segment_tts``: new text for one segment; what stands in ``segment`` goes before the message's own fields."""

    segment: SpeechSegment
    project_id: Id | None = None
    segment_assets_prefix: Folder | None = None
    target_lang: Language | None = None
    rebuild_video: bool = False

    def request(self, rules: MessageRules) -> SegmentTtsRequest:  # noqa: ARG002  # the other tasks need them
        """The speech."""
        segment, assets = self.segment, self.segment.assets
        return SegmentTtsRequest(
            job_id=self.job_id,
            project_id=segment.project_id or self.project_id,
            callback_url=self.callback,
            index=int(segment.segment_index),
            sent_index=segment.segment_index,
            text=segment.text.strip(),
            target_language=segment.target_lang or self.target_lang,
            slot_ms=segment.slot_ms(),
            segment_prefix=segment.segment_assets_prefix or self.segment_assets_prefix,
            source_keys=segment.source_keys or tuple(filter(None, [assets.source_key])),
            bgm_key=assets.bgm_key,
            tts_key=assets.tts_key,
            mix_key=assets.mix_key,
            gains=assets.change().then(segment.change()),
            rebuild_video=self.rebuild_video,
        )


TASKS: dict[str, type[Message]] = {
    "full_pipeline": FullPipelineMessage,
    "segment_mix": SegmentMixMessage,
    "segment_tts": SegmentTtsMessage,
}
"""The model of each task's messages."""

ALIASES = {"tts_bgm_mix": "segment_mix"}
"""Other names of tasks."""

DEFAULT_TASK = "full_pipeline"
