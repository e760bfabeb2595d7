"""The messages of ``full_pipeline`` and ``cancel``, and what all messages share.

docs/messages.md is generated from them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from dub_assets.core.errors import InputError
from dub_assets.core.request import DubRequest, EngineOverrides
from dub_assets.service.callbacks.addresses import checked_callback_url
from dub_assets.service.cancellation import CancelRequest
from dub_assets.service.queue.glossary import Glossary
from dub_assets.service.queue.message_types import (
    AudioTrack,
    Engines,
    Id,
    Key,
    Language,
    MessageRules,
    Part,
    ResultKey,
    SourceLanguage,
    SpeakerCount,
    VoiceChoices,
)
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest

RunRequest = DubRequest | SegmentMixRequest | SegmentTtsRequest
"""A request that starts a run."""

Request = RunRequest | CancelRequest

CallbackUrl = Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]


class Message(Part):
    """A message of any task."""

    task: str | None = None
    """The task's name, in upper or lower case."""
    job_id: Id
    """Identifies the job: 1 to 128 letters, digits, `.`, `_` or `-`, not starting with a dot. Numbers count as text."""

    @abstractmethod
    def request(self, rules: MessageRules) -> Request:
        """Return the request that the message stands for. Raises InputError if its fields contradict each other."""

    @classmethod
    def named_project(cls, document: Mapping[str, Any]) -> object:
        """Return the project id that a message's document names, before it is validated."""
        return document.get("project_id")


class RunMessage(Message):
    """A message that starts a run."""

    callback_url: CallbackUrl
    """URL that receives the callbacks: http or https, without credentials. `{job_id}` stands for the job's id."""

    @property
    def callback(self) -> str:
        """The callback URL, with the job's id filled in. Raises InputError."""
        return checked_callback_url(self.callback_url, self.job_id)


class CancelMessage(Message):
    """End the queued and running runs of a job, its edits among them. No run is started."""

    project_id: Id | None = None
    """Project of the job: runs of other projects are not ended."""
    callback_url: CallbackUrl | None = None
    """URL that receives a `failed` callback if there is no such job. The job's own callbacks go to its own URL."""

    def request(self, rules: MessageRules) -> CancelRequest:  # noqa: ARG002  # full_pipeline needs them
        """Return the request. Raises InputError if the callback URL is unusable."""
        url = self.callback_url and checked_callback_url(self.callback_url, self.job_id)
        return CancelRequest(job_id=self.job_id, project_id=self.project_id, callback_url=url)


class FullPipelineMessage(RunMessage, Glossary):
    """Dub a whole video."""

    project_id: Id
    """Identifies the project; the same rule as for `job_id`."""
    input_key: Key
    """Object key of the uploaded video."""
    target_lang: Language | None = None
    """Language to dub into, such as `en`. Default: `JOB_TARGET_LANG`."""
    source_lang: SourceLanguage | None = None
    """Language spoken in the video, or `auto` to detect it. Default: `JOB_SOURCE_LANG`."""
    audio_track: AudioTrack | None = None
    """Sound track to dub: its index from 0, or its language. Default: one in `source_lang`, else the default track."""
    output_key: ResultKey | None = None
    """Object key of the result video. Default: `result_key`, else the template `JOB_RESULT_VIDEO_PREFIX`."""
    result_key: ResultKey | None = None
    """Another name of `output_key`, which takes precedence."""
    metadata_key: ResultKey | None = None
    """Object key of the metadata document. Default: the template `JOB_RESULT_METADATA_PREFIX`."""
    engines: Engines = Engines()
    """Engines for this job, by stage. Stages without one use the configured engine."""
    speakers: SpeakerCount | None = None
    """Number of people who speak. Default: as many as are detected."""
    voices: VoiceChoices = Field(default_factory=dict)
    """Voice of each speaker, by the speaker's letter in order of appearance: `{"A": "jm_kumo"}`."""

    def request(self, rules: MessageRules) -> DubRequest:
        """Return the request of the dub. Keys that the message does not name come from the templates."""

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
            engines=EngineOverrides(**self.engines.model_dump()),
            speakers=self.speakers,
            voices=self.voices,
            terms=self.terms(),
            audio_track=self.audio_track,
        )
        _require_separate_keys(request)
        return request


def _require_separate_keys(request: DubRequest) -> None:
    if request.metadata_key == request.result_key:
        raise InputError("metadata_key is the key of the result video: name two keys")
    for name, key in (("output_key", request.result_key), ("metadata_key", request.metadata_key)):
        if key == request.input_key:
            raise InputError(f"{name} is input_key: the result would overwrite the input")
        if key.startswith(f"{request.segment_prefix}/"):
            raise InputError(f"{name} lies in {request.segment_prefix}, the folder of the job's segments")
