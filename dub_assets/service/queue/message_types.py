"""The types of message fields. Models with these types are validated with ``MessageRules`` as context."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dub_assets.core.consent import Consent, checked_consent, parse_day
from dub_assets.core.errors import InputError, PermanentError, UnsupportedLanguageError
from dub_assets.core.keys import KeyTemplates
from dub_assets.core.language import parse_language, parse_target_language
from dub_assets.core.request import ID_PATTERN, checked_id
from dub_assets.core.track_choice import parse_track
from dub_assets.service.message_keys import (
    KeyScope,
    checked_clip_key,
    checked_folder,
    checked_read_key,
    checked_result_key,
)
from dub_assets.stages.tts_segments.casting import SPEAKER_NAME

_MAX_SECONDS = 86_400
_MAX_INDEX_DIGITS = 9
_MAX_LANGUAGES = 100
_UNKNOWN_LANGUAGE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""An unknown language that can be part of a job's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRules:
    """What applies to a message.

    Languages of messages that name none, key templates, the keys that this message may name, and the engines that
    messages may name, by stage. ``language_of`` returns the target language of a job, None if there is no such job.
    """

    source_language: str
    target_language: str
    templates: KeyTemplates
    scope: KeyScope
    engines: Mapping[str, Collection[str]]
    language_of: Callable[[str], str | None]


def _rule(check: Callable[[str, Any, MessageRules], Any]) -> Callable[[Any, ValidationInfo[Any]], Any]:
    """Return a check as a validator. It drops the field's name from the error, whose path has it."""

    def validate(value: Any, info: ValidationInfo[Any]) -> Any:
        name = info.field_name or "value"
        try:
            return check(name, value, info.context)
        except PermanentError as error:
            facts = {"fault": str(error).removeprefix(f"{name} "), "error_code": error.error_code}
            raise PydanticCustomError("rule", "{fault}", facts) from error

    return validate


def _id_text(name: str, value: object, _: MessageRules) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{name} is neither text nor a whole number")
    return str(value)


def _index_text(name: str, value: object, _: MessageRules) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_INDEX_DIGITS):
        raise InputError(f"{name} is no whole number from 0 on, or has more than {_MAX_INDEX_DIGITS} digits")
    return text


def _day(name: str, value: str, _: MessageRules) -> str:
    return parse_day(name, value).isoformat()


def _track(name: str, value: object, _: MessageRules) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{name} is neither text nor a whole number")
    return parse_track(str(value))


def _language(name: str, value: str, _: MessageRules) -> str:
    try:
        return parse_target_language(value)
    except UnsupportedLanguageError as error:
        raise UnsupportedLanguageError(f"{name} cannot be read: {error}") from error


def _target_languages(name: str, values: list[str], rules: MessageRules) -> list[str]:
    """Return the codes of languages, each once. An unknown language stays as it is: only its own job fails."""
    languages: dict[str, None] = {}
    for value in values:
        try:
            languages[_language(name, value, rules)] = None
        except UnsupportedLanguageError:
            text = value.strip().casefold()
            if not _UNKNOWN_LANGUAGE.fullmatch(text):
                raise
            languages[text] = None
    return list(languages)


def _source_language(name: str, value: str, _: MessageRules) -> str:
    try:
        return "auto" if value.strip().casefold() == "auto" else parse_language(value)
    except UnsupportedLanguageError as error:
        raise UnsupportedLanguageError(f"{name} cannot be read: {error}") from error


def _engine(name: str, value: str, rules: MessageRules) -> str:
    known = rules.engines.get(name, ())
    if value not in known:
        raise InputError(f"{name} {value[:40]!r} is no engine that may be asked for: {', '.join(known) or 'none may'}")
    return value


def _key_rule(check: Callable[[str, str, KeyScope], str]) -> AfterValidator:
    return AfterValidator(_rule(lambda name, value, rules: check(name, value, rules.scope)))


def _text_or_number(text: dict[str, Any], number: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", **text}, {"type": "integer", **number}]})


Id = Annotated[
    str,
    BeforeValidator(_rule(_id_text)),
    AfterValidator(_rule(lambda name, value, _: checked_id(name, value))),
    _text_or_number({"pattern": f"^{ID_PATTERN}$"}, {}),
]
Index = Annotated[
    str,
    BeforeValidator(_rule(_index_text)),
    _text_or_number(
        {"pattern": f"^[0-9]{{1,{_MAX_INDEX_DIGITS}}}$"}, {"minimum": 0, "maximum": 10**_MAX_INDEX_DIGITS - 1}
    ),
]
SegmentId = Annotated[
    str, BeforeValidator(_rule(_id_text)), Field(max_length=256), _text_or_number({"maxLength": 256}, {})
]
Gain = Annotated[float, Field(ge=0, le=10)]
SpeakerName = Annotated[str, Field(pattern=f"^{SPEAKER_NAME}$")]
VoiceName = Annotated[str, Field(min_length=1, max_length=200)]
VoiceChoices = Annotated[dict[SpeakerName, VoiceName], Field(max_length=100)]
SpeakerCount = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[float, Field(ge=0, le=_MAX_SECONDS)]
Language = Annotated[str, Field(max_length=64), AfterValidator(_rule(_language))]
TargetLanguages = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(max_length=_MAX_LANGUAGES),
    AfterValidator(_rule(_target_languages)),
]
SourceLanguage = Annotated[str, Field(max_length=64), AfterValidator(_rule(_source_language))]
AudioTrack = Annotated[
    str, BeforeValidator(_rule(_track)), _text_or_number({"maxLength": 64}, {"minimum": 0, "maximum": 9999})
]
EngineName = Annotated[str, AfterValidator(_rule(_engine))]
Key = Annotated[str, _key_rule(checked_read_key)]
ClipKey = Annotated[str, _key_rule(checked_clip_key)]
ResultKey = Annotated[str, _key_rule(checked_result_key)]
Folder = Annotated[str, _key_rule(checked_folder)]


class Part(BaseModel):
    """An object of a message. Unknown keys are ignored; null and blank values count as absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if value is not None and not is_blank(value)}


class ConsentPart(Part):
    """The consent of a person whose voice this job may clone."""

    person: Annotated[str, Field(min_length=1, max_length=500)]
    """The person who consented. No result names them unless `named` says so."""
    valid_until: Annotated[str, AfterValidator(_rule(_day)), Field(json_schema_extra={"format": "date"})]
    """Last day (UTC) on which the voice may be used, such as `2027-03-31`."""
    document: Annotated[str, Field(max_length=500)] | None = None
    """Name or number of the document in which the person agreed. Required without `document_sha256`."""
    document_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Hash of that document, in lower case."""
    purpose: Annotated[str, Field(max_length=500)] | None = None
    """What the person agreed to."""
    speakers: tuple[SpeakerName, ...] = Field(default=(), strict=False, max_length=100)
    """The person's letters in this video. Default: the only person whose voice is cloned."""
    named: bool = False
    """Whether results name the person, the purpose and the document."""

    def consent(self, jobs: Collection[str]) -> Consent:
        """Return the consent, for these jobs. Raises InputError."""
        return checked_consent(Consent(**self.model_dump(), jobs=tuple(jobs)))


class Engines(Part):
    """Engines of a job, one for each stage, by the names of `dub-assets engines`."""

    model_config = ConfigDict(extra="forbid")

    separation: EngineName | None = None
    """Engine of the separation stage."""
    recognition: EngineName | None = None
    """Engine of the recognition stage."""
    speakers: EngineName | None = None
    """Engine of the speaker diarisation stage."""
    translation: EngineName | None = None
    """Engine of the translation stage."""
    synthesis: EngineName | None = None
    """Engine of the speech synthesis stage."""


def is_blank(value: object) -> bool:
    """Return whether a value counts as absent."""
    return isinstance(value, str) and not value.strip()
