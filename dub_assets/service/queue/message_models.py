"""The messages of ``full_pipeline`` and ``cancel``, and what all messages share.

docs/messages.md is generated from them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Field

from dub_assets.core.errors import InputError
from dub_assets.core.request import DubRequest, EngineOverrides, checked_id
from dub_assets.service.callbacks.addresses import checked_callback_url
from dub_assets.service.cancellation import CancelRequest
from dub_assets.service.message_keys import checked_result_key
from dub_assets.service.queue.glossary import Glossary
from dub_assets.service.queue.message_types import (
    AudioTrack,
    ConsentPart,
    Engines,
    Id,
    Key,
    Language,
    MessageRules,
    Part,
    ResultKey,
    SourceLanguage,
    SpeakerCount,
    TargetLanguages,
    VoiceChoices,
)
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest

RunRequest = DubRequest | SegmentMixRequest | SegmentTtsRequest
"""The request of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DubRequests:
    """The requests of a message with several languages. ``job_id`` and ``callback_url`` are the message's own."""

    job_id: str
    project_id: str
    callback_url: str = field(repr=False)
    dubs: tuple[DubRequest, ...]


Request = RunRequest | DubRequests | CancelRequest

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

    def callback(self, job_id: str) -> str:
        """Return the callback URL with a job's id filled in. Raises InputError."""
        return checked_callback_url(self.callback_url, job_id)


class CancelMessage(Message):
    """End the queued and running runs of a job, its edits among them. No run is started."""

    project_id: Id | None = None
    """Project of the job, by default the one that the job id belongs to: runs of other projects are not ended."""
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
    target_langs: TargetLanguages | None = None
    """Languages to dub into, after `target_lang`. Each has a job: the first `job_id`, the others `{job_id}.{lang}`."""
    source_lang: SourceLanguage | None = None
    """Language spoken in the video, or `auto` to detect it. Default: `JOB_SOURCE_LANG`."""
    audio_track: AudioTrack | None = None
    """Sound track to dub: its index from 0, or its language. Default: one in `source_lang`, else the default track."""
    transcript_key: Key | None = None
    """Object key of subtitles (SRT, VTT, ASS) of what is said. They replace recognition: each cue is a segment."""
    translation_key: Key | None = None
    """Object key of subtitles of what is to be said, in the one language to dub into. They replace translation."""
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
    consents: tuple[ConsentPart, ...] = Field(default=(), strict=False, max_length=100)
    """Consents of persons whose voices the jobs of this message may clone. They are recorded apart from the job."""

    def request(self, rules: MessageRules) -> DubRequest | DubRequests:
        """Return the request of the dub, or one for each language. Keys that are not named come from the templates.

        The first language keeps the message's job id, unless that is a job in another language.
        """
        if not self.target_langs:
            return self._dub(self.job_id, self.target_lang or rules.target_language, [self.job_id], rules)
        languages = list(dict.fromkeys([*filter(None, [self.target_lang]), *self.target_langs]))
        if len(languages) > 1 and any(term.source != term.target for term in self.terms()):
            raise InputError("glossary is in one language, and target_langs names several: send a message for each")
        if len(languages) > 1 and self.translation_key:
            raise InputError(
                "translation_key is in one language, and target_langs names several: send a message for each"
            )
        kept = rules.language_of(self.job_id) or languages[0]
        job_ids = {language: self.job_id if language == kept else f"{self.job_id}.{language}" for language in languages}
        dubs = tuple(
            self._dub(checked_id("job_id", job_id), language, job_ids.values(), rules)
            for language, job_id in job_ids.items()
        )
        _require_different_keys(dubs)
        if len(dubs) == 1:
            return dubs[0]
        return DubRequests(
            job_id=self.job_id, project_id=self.project_id, callback_url=self.callback(self.job_id), dubs=dubs
        )

    def _dub(self, job_id: str, language: str, job_ids: Collection[str], rules: MessageRules) -> DubRequest:
        def filled(template: str) -> str:
            return rules.templates.fill(template, project_id=self.project_id, job_id=job_id)

        def named(name: str, key: str | None) -> str | None:
            """Return a key that the message names; that of a job with another id has the language in its name."""
            if key is None or job_id == self.job_id:
                return key
            path = PurePosixPath(key)
            return checked_result_key(name, str(path.with_name(f"{path.stem}.{language}{path.suffix}")), rules.scope)

        request = DubRequest(
            job_id=job_id,
            project_id=self.project_id,
            input_key=self.input_key,
            source_language=self.source_lang or rules.source_language,
            target_language=language,
            result_key=named("output_key", self.output_key or self.result_key) or filled(rules.templates.video),
            metadata_key=named("metadata_key", self.metadata_key) or filled(rules.templates.metadata),
            segment_prefix=filled(rules.templates.segments),
            segment_clips=True,
            callback_url=self.callback(job_id),
            engines=EngineOverrides(**self.engines.model_dump()),
            speakers=self.speakers,
            voices=self.voices,
            terms=self.terms(),
            audio_track=self.audio_track,
            consents=tuple(part.consent(job_ids) for part in self.consents),
            transcript_key=self.transcript_key,
            translation_key=self.translation_key,
            pronunciations=self.pronunciations(language),
        )
        _require_separate_keys(request)
        return request


def _require_different_keys(dubs: Sequence[DubRequest]) -> None:
    """Raise InputError if jobs would overwrite each other's results."""
    keys = Counter(key for dub in dubs for key in (dub.result_key, dub.metadata_key, dub.segment_prefix))
    key, jobs = keys.most_common(1)[0]
    if jobs > 1:
        raise InputError(
            f"target_langs names languages whose jobs would all write {key}: its template needs {{job_id}}"
        )


def _require_separate_keys(request: DubRequest) -> None:
    if request.metadata_key == request.result_key:
        raise InputError("metadata_key is the key of the result video: name two keys")
    for name, key in (("output_key", request.result_key), ("metadata_key", request.metadata_key)):
        inputs = {"input_key": request.input_key} | {
            "transcript_key": request.transcript_key or "",
            "translation_key": request.translation_key or "",
        }
        for input_name, input_key in inputs.items():
            if key == input_key:
                raise InputError(f"{name} is {input_name}: the result would overwrite the input")
        if key.startswith(f"{request.segment_prefix}/"):
            raise InputError(f"{name} lies in {request.segment_prefix}, the folder of the job's segments")
