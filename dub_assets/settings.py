"""Settings from the environment: every option, with the variable that sets it.

The options and their defaults are the domain's dataclasses; this module reads them. A value that cannot be read is a
ConfigurationError that names the variable.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import platformdirs

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import KeyTemplates
from dub_assets.core.limits import MediaLimits
from dub_assets.engines.engine_sets import ENGINE_SETS, engine_set_defaults
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.service_options import ServiceOptions
from dub_assets.options import DubOptions
from dub_assets.service.callbacks.options import CallbackOptions
from dub_assets.service.queue.options import QueueOptions
from dub_assets.service.retention.rules import RetirementOptions
from dub_assets.service.workers.options import WorkerOptions

Options = TypeVar("Options")


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir("dub-assets", appauthor=False))


def _cache_dir() -> Path:
    return Path(platformdirs.user_cache_dir("dub-assets", appauthor=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are kept."""

    home: Path = field(
        default_factory=_data_dir,
        metadata={"env": "DUB_ASSETS_HOME", "help": "folder of objects (without a bucket) and of Dagster's records"},
    )
    cache: Path = field(
        default_factory=_cache_dir,
        metadata={"env": "DUB_ASSETS_CACHE", "help": "folder of joined weights and local copies; may be deleted"},
    )
    weights: Path | None = field(
        default=None, metadata={"env": "DUB_ASSETS_WEIGHTS", "help": "folder of your own weights: {engine}/{file}"}
    )
    ffmpeg: Path | None = field(
        default=None,
        metadata={
            "env": "DUB_ASSETS_FFMPEG",
            "help": "path of an ffmpeg to use, checked at start-up; unset: the packaged one",
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where objects are stored."""

    bucket: str | None = field(
        default=None, metadata={"env": "AWS_S3_BUCKET", "help": "bucket of all objects; unset: a local folder"}
    )
    region: str = field(default="ap-northeast-2", metadata={"env": "AWS_REGION", "help": "AWS region"})
    profile: str | None = field(
        default=None, metadata={"env": "AWS_PROFILE", "help": "profile of the AWS credentials chain"}
    )
    endpoint_url: str | None = field(
        default=None, metadata={"env": "AWS_ENDPOINT_URL", "help": "endpoint of S3, where it is not Amazon's"}
    )
    files_port: int = field(
        default=3010,
        metadata={
            "env": "DUB_ASSETS_FILES_PORT",
            "help": "port at which `dub-assets dev` serves files of a local store to links in the UI; 0: no links",
            "minimum": 0,
            "maximum": 65_535,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefaults:
    """What a job asks for where it does not say."""

    source_language: str = field(
        default="ko",
        metadata={
            "env": "JOB_SOURCE_LANG",
            "help": "language spoken where a message or `dub` names none; 'auto' detects it; unset, `dub` detects it",
        },
    )
    target_language: str = field(
        default="en",
        metadata={"env": "JOB_TARGET_LANG", "help": "language to dub into where a message or `dub` names none"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What is written to the console of Dagster's processes."""

    format: str = field(
        default="colored",
        metadata={
            "env": "LOG_FORMAT",
            "help": "colored for people; json: an object a line, with job and stage and no text of transcripts",
            "choices": ("colored", "json"),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    places: Places = field(default_factory=Places)
    storage: Storage = field(default_factory=Storage)
    defaults: JobDefaults = field(default_factory=JobDefaults)
    keys: KeyTemplates = field(default_factory=KeyTemplates)
    limits: MediaLimits = field(default_factory=MediaLimits)
    options: DubOptions = field(default_factory=DubOptions)
    models: ModelOptions = field(default_factory=ModelOptions)
    services: ServiceOptions = field(default_factory=ServiceOptions)
    queue: QueueOptions = field(default_factory=QueueOptions)
    callbacks: CallbackOptions = field(default_factory=CallbackOptions)
    retirement: RetirementOptions = field(default_factory=RetirementOptions)
    logs: Logs = field(default_factory=Logs)
    worker: WorkerOptions = field(default_factory=WorkerOptions)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Raises ConfigurationError, naming each variable that cannot be read.
    """
    unreadable: list[str] = []
    settings = _read(Settings, _with_engine_set(environment), unreadable)
    if unreadable:
        raise ConfigurationError("; ".join(unreadable))
    return settings


def _with_engine_set(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment over the defaults of its engine set; an empty variable leaves the set's default."""
    source = environment.get("JOB_SOURCE_LANG") or JobDefaults().source_language
    name = environment.get("ENGINE_SET", "").strip() or ModelOptions().engine_set
    if name not in ENGINE_SETS:
        return environment  # reading ENGINE_SET reports it
    defaults = engine_set_defaults(name, source.strip())
    return defaults | {variable: text for variable, text in environment.items() if text or variable not in defaults}


def documented_variables(kind: type[Any] = Settings) -> Iterator[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting, for ``dub-assets settings`` and the documentation."""
    hints = get_type_hints(kind)
    for option in dataclasses.fields(kind):
        if "env" in option.metadata:
            yield option.metadata["env"], _shown_default(option), option.metadata["help"]
        elif dataclasses.is_dataclass(hints[option.name]):
            yield from documented_variables(hints[option.name])


def _read(kind: type[Options], environment: Mapping[str, str], unreadable: list[str]) -> Options:
    """Read the options of a dataclass; what cannot be read keeps its default and is described in ``unreadable``."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for option in dataclasses.fields(kind):  # type: ignore[arg-type]  # kind is one of the dataclasses above
        variable = option.metadata.get("env")
        if variable is None and dataclasses.is_dataclass(hints[option.name]):
            values[option.name] = _read(hints[option.name], environment, unreadable)
        elif variable is not None and _is_set(variable, environment, option.metadata):
            try:
                values[option.name] = _parsed(variable, environment[variable], hints[option.name], option.metadata)
            except ConfigurationError as error:
                unreadable.append(str(error))
    try:
        return kind(**values)
    except ConfigurationError as error:  # values that do not fit each other
        unreadable.append(str(error))
        return kind()


def _is_set(variable: str, environment: Mapping[str, str], metadata: Mapping[str, Any]) -> bool:
    """Whether a variable is there; set but empty counts as unset, unless the option says what it means."""
    return variable in environment and (environment[variable] != "" or "empty" in metadata)


def _parsed(variable: str, text: str, hint: Any, metadata: Mapping[str, Any]) -> Any:
    wanted = _without_none(hint)
    try:
        value = _converted(text.strip(), wanted, in_seconds=metadata.get("unit") == "s")
    except ValueError as error:
        raise ConfigurationError(f"{variable}={text!r} cannot be read: {error}") from error
    choices = metadata.get("choices")
    for chosen in value if isinstance(value, tuple) else (value,):
        if choices is not None and chosen not in choices:
            named = f"{variable}={text!r}" if chosen == value else f"{variable}={text!r}: {chosen!r}"
            raise ConfigurationError(f"{named} is none of {', '.join(map(str, choices))}")
    number = float(text) if metadata.get("unit") == "s" else value
    low, high = metadata.get("minimum"), metadata.get("maximum")
    if (low is not None and number < low) or (high is not None and number > high):
        raise ConfigurationError(f"{variable}={text!r} is out of range: from {low} to {high}")
    return value


def _converted(text: str, wanted: Any, *, in_seconds: bool) -> Any:
    if in_seconds:
        return round(_number(text) * 1000)
    if wanted is bool:
        return _boolean(text)
    if wanted is float:
        return _number(text)
    if wanted is int and not text.lstrip("+-").isdecimal():
        raise ValueError("a whole number is wanted")
    if get_origin(wanted) is tuple:
        return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if wanted is Path:
        return Path(text).expanduser().absolute()
    return wanted(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError("a number is wanted") from error
    if not math.isfinite(number):
        raise ValueError("a finite number is wanted")
    return number


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("true or false is wanted")
    return words[text.lower()]


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _shown_default(option: dataclasses.Field[Any]) -> str:
    if option.default_factory is not dataclasses.MISSING:
        return "a folder of the user"
    if option.default is None:
        return "unset"
    default: Any = option.default
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default / 1000:g}" if option.metadata.get("unit") == "s" else str(default)
