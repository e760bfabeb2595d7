"""The metadata document as its readers see it; docs/callbacks.md is generated from these models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from pydantic.json_schema import SkipJsonSchema

from dub_assets.core.errors import ErrorCode
from dub_assets.service.schemas.source_models import DocumentSource
from dub_assets.stages.issues import LineIssue, TimingIssue
from dub_assets.stages.quality.checks import CheckName
from dub_assets.stages.quality.values import Severity
from dub_assets.stages.tts_segments.values import FitMethod


class Sent(BaseModel):
    """An object that the service sends. Fields with a default may be absent; later versions may add keys."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class SegmentAssets(Sent):
    """Object keys of a segment; keys of objects that do not exist are absent."""

    source_key: str = ""
    """Original speech."""
    bgm_key: str = ""
    """Background and effects, 48 kHz stereo."""
    tts_key: str = ""
    """Synthesised speech, fitted to its slot."""
    mix_key: str = ""
    """Background and synthesised speech, mixed."""
    video_key: str = ""
    """Picture without sound, cut to the frame."""


class SegmentDub(Sent):
    """How a line was synthesised, fitted to its slot and mixed."""

    start: float
    """Start of the synthesised speech in seconds."""
    end: float
    """End of the synthesised speech in seconds."""
    voice: str
    """Voice of the speech engine."""
    tempo: float
    """Speaking rate over the ordinary rate of the language."""
    rung: FitMethod
    """Last step that the line needed to fit its slot; `flag`: it does not fit, and `issues` says how."""
    rendering: NonNegativeInt
    """Which rendering of the translation was spoken; 0 is the full one, higher numbers are shorter."""
    engine_speed: float
    """Speed that the speech engine was asked for."""
    stretch: float
    """Factor of the time stretch after synthesis; above 1 is faster."""
    late: float
    """Seconds by which the speech starts after the original line."""
    gain_db: float
    """Gain in dB that brings the speech to the level of the original line."""
    bgm_gain: float
    """Linear gain of the background in the mix."""
    tts_gain: float
    """Linear gain of the speech in the mix."""


class DocumentSegment(Sent):
    """A segment of the transcript, dubbed or not."""

    segment_id: str
    """The segment's index as text."""
    seg_id: NonNegativeInt
    """The segment's index, from 0."""
    segment_text: str
    """Source text."""
    seg_txt: str
    """The same as `segment_text`."""
    translate_context: str
    """Translated text; empty if there is none."""
    trans_txt: str
    """The same as `translate_context`."""
    speaker: str | None
    """Letter of the speaker, in order of appearance; null if speakers were not diarised."""
    score: float | None
    """Certainty of the recognition, 0 to 1."""
    editor_id: float | None
    """Reserved for editors; always null."""
    editor: float | None
    """The same as `editor_id`."""
    issues: list[TimingIssue | LineIssue]
    """Findings that an editor should look at; empty if there are none."""
    start_point: float
    """Start in seconds."""
    start: float
    """The same as `start_point`."""
    end_point: float
    """End in seconds."""
    end: float
    """The same as `end_point`."""
    sub_length: float
    """Length of the slot in seconds."""
    sub_langth: float
    """The same as `sub_length`; consumers read this spelling."""
    length: float
    """The same as `sub_length`."""
    assets: SegmentAssets
    """Object keys of the segment, those that exist."""
    source_key: str | None
    """The same as `assets.source_key`, or null."""
    bgm_key: str | None
    """The same as `assets.bgm_key`, or null."""
    tts_key: str | None
    """The same as `assets.tts_key`, or null."""
    mix_key: str | None
    """The same as `assets.mix_key`, or null."""
    video_key: str | None
    """The same as `assets.video_key`, or null."""
    dub: Annotated[SegmentDub | SkipJsonSchema[None], Field(default=None)]
    """How the line was synthesised; absent if the segment is not dubbed."""


class DocumentLoudness(Sent):
    """Loudness of the finished dub."""

    integrated_lufs: float | None
    """Integrated loudness of the result in LUFS; null for silence."""
    true_peak_dbtp: float | None
    """True peak of the result in dBTP; null for silence."""
    source_lufs: float | None
    """Integrated loudness of the original in LUFS; null for silence."""
    target_lufs: float | None
    """Loudness that the dub was brought to in LUFS; null for silence."""
    speech_gain_db: float
    """Constant gain of all synthesised speech in dB."""
    programme_gain_db: float
    """Constant gain of the whole result in dB."""


class QualityFigures(Sent):
    """Measurements of the whole dub."""

    unspoken: float | None
    """Seconds of original speech without a dubbed line."""
    text_language: str | None
    """Language that the translated text reads like; null if it cannot be identified."""
    agreement: float | None
    """Similarity of the texts and what the recogniser hears of the new speech, 0 to 1; null without reading back."""
    leftover_db: float | None
    """Original speech left in the background, in dB over its own level, at the worst line."""
    sound_lag_ms: float | None
    """Milliseconds by which the sound of the encoded file is late; null if nothing is heard."""
    length_difference_ms: int | None
    """Milliseconds by which the encoded file is longer than the original; null if a check ended the job before."""


class QualityCheck(Sent):
    """The result of a check."""

    name: CheckName
    """Name of the check."""
    passed: bool
    """True if the check passed."""
    severity: Severity
    """How bad a failure is."""
    blocking: bool
    """True if a failure fails the job (`CHECK_BLOCKING`)."""
    reason: str
    """What was found, in one line."""
    segments: list[str]
    """Segments that the check is about, as `NNNN`."""
    measured: float | None
    """Measured value; null if the check compares no numbers."""
    limit: float | None
    """Limit of the measured value; null if the check compares no numbers."""
    unit: str
    """Unit of `measured` and `limit`."""


class DocumentQuality(Sent):
    """Measurements and checks of the finished dub."""

    passed: bool
    """True if every check passed."""
    refusal: str | None
    """Why the dub cannot be delivered; null if it can."""
    figures: QualityFigures
    """Measurements."""
    checks: list[QualityCheck]
    """Every check, passed or not; those of assets that were not made are absent."""


class DocumentSpeaker(Sent):
    """A speaker of the original."""

    name: str
    """Letter of the speaker, in order of appearance."""
    pitch_hz: float | None
    """Median pitch in Hz; null if it could not be measured."""
    speech: float
    """Seconds of speech."""


class StageCost(Sent):
    """What a stage cost."""

    seconds: float
    """Wall-clock time."""
    cpu_seconds: float
    """Processor time."""
    real_time_factor: float
    """Wall-clock seconds for each second of the video."""
    peak_memory_mib: float
    """Largest resident memory in MiB."""
    usage: dict[str, float]
    """What a service counted: `tokens_in`, `characters`, `cost_usd` and others."""


class EngineWeights(Sent):
    """A file of weights that an engine loaded."""

    name: str
    """File name."""
    sha256: str
    """Hash of the file, in hexadecimal."""
    licence: str
    """Licence of the weights."""
    origin: str
    """Package, model or folder that the file came from."""


class DocumentEngine(Sent):
    """An engine that took part in a stage."""

    name: str
    """Name of the engine."""
    version: str
    """Version of the engine."""
    licence: str
    """Licence of the engine."""
    settings: dict[str, str]
    """Settings that can change the engine's output."""
    weights: list[EngineWeights]
    """Files of weights."""


class DocumentConsent(Sent):
    """The consent to clone a voice; what could identify the person is there only if they are to be named."""

    id: str
    """Id of the consent, as `dub-assets consent list` shows it."""
    valid_until: str
    """Last day (UTC) on which the voice may be used, such as `2027-03-31`."""
    document_sha256: str = ""
    """Hash of the document in which the person agreed; absent if its name is recorded instead."""
    person: str = ""
    """The person; absent unless they are to be named."""
    purpose: str = ""
    """What the consent is for; absent unless the person is to be named."""
    document: str = ""
    """Name of the document; absent unless the person is to be named."""


class DocumentVoice(Sent):
    """A voice of the dub."""

    voice: str
    """Name of the voice."""
    cloned: bool
    """Whether it is the voice of a speaker of the original, cloned."""
    speakers: list[str]
    """Letters of the speakers whose lines it speaks; empty if they were not diarised."""
    consent: Annotated[DocumentConsent | SkipJsonSchema[None], Field(default=None)]
    """The consent of the person whose voice is cloned; absent if it is not."""


class DocumentStretch(Sent):
    """A stretch of time in seconds."""

    start: float
    """Start."""
    end: float
    """End."""


class MetadataDocument(Sent):
    """The metadata document of a job that is finished, or that a blocking check has ended."""

    job_id: str
    """Identifies the job."""
    project_id: str
    """Identifies the project."""
    input_key: str
    """Object key of the original video."""
    result_key: str
    """Object key of the result video."""
    metadata_key: str
    """Object key of this document."""
    segment_assets_prefix: str
    """Folder of the segments' objects."""
    source_lang: str
    """Language of the original, detected or given."""
    source_lang_probability: float
    """Certainty of the detected language, 0 to 1."""
    target_lang: str
    """Language of the dub."""
    duration: float
    """Length of the video in seconds."""
    ai_generated: bool = False
    """Whether the dub has synthetic speech; absent in documents of earlier versions."""
    digital_source_type: str = ""
    """Term of IPTC for media that are partly synthetic, as in the video's XMP; absent if the dub has no line."""
    notice: str = ""
    """The sentence that marks the video as synthetic, as in its comment; absent if the dub has no line."""
    voices: list[DocumentVoice] = []
    """Voices of the dub, in the order in which they are heard."""
    source: DocumentSource
    """The original file: what was taken of it, and what is odd about it."""
    speech: Literal["dubbed", "none: the original sound is kept", "not dubbed: a check failed"]
    """Whether there was speech to dub, and whether a check ended the job before."""
    undubbed: list[DocumentStretch] = []
    """Speech without a line, which stays in the dub as it is in the original."""
    loudness: DocumentLoudness | None
    """Loudness of the result; null if a check ended the job before its video was made."""
    error_code: ErrorCode = "quality_check"
    """Why the job failed, as in its `failed` [callback](callbacks.md#error-codes); absent if it did not."""
    quality: DocumentQuality
    """Measurements and checks of the result."""
    speakers: list[DocumentSpeaker]
    """Speakers of the original; empty if they were not diarised."""
    segments: list[DocumentSegment]
    """Segments in the order of the transcript."""
    stages: dict[str, StageCost]
    """Cost of each stage, by the name of its asset."""
    engines: dict[str, list[DocumentEngine]]
    """Engines of each stage, by the name of its asset."""
