"""Settings: every option, read once from the environment.

    settings = settings_from(os.environ)
    settings.options.fit.max_tempo  # FIT_MAX_TEMPO, 1.35 if unset

``core/option.py`` says how an option is declared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import platformdirs
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from dub_assets.core.credentials import CredentialOptions
from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import KeyTemplates
from dub_assets.core.limits import MediaLimits
from dub_assets.core.option import MAY_BE_EMPTY, Seconds, UserPath, one_of, option
from dub_assets.engines.engine_sets import ENGINE_SETS, engine_set_defaults
from dub_assets.engines.model_options import ModelOptions
from dub_assets.engines.service_options import ServiceOptions
from dub_assets.options import DubOptions
from dub_assets.service.callbacks.options import CallbackOptions
from dub_assets.service.queue.options import QueueOptions
from dub_assets.service.retention.rules import RetentionOptions
from dub_assets.service.workers.options import WorkerOptions

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Folders and programs on this machine."""

    home: Annotated[
        UserPath, option("DUB_ASSETS_HOME", "folder of objects (without a bucket) and of Dagster's records")
    ] = field(default_factory=lambda: Path(platformdirs.user_data_dir("dub-assets", appauthor=False)))
    cache: Annotated[
        UserPath, option("DUB_ASSETS_CACHE", "folder of joined weights and local copies; may be deleted")
    ] = field(default_factory=lambda: Path(platformdirs.user_cache_dir("dub-assets", appauthor=False)))
    weights: Annotated[UserPath | None, option("DUB_ASSETS_WEIGHTS", "folder of your own weights: {engine}/{file}")] = (
        None
    )
    ffmpeg: Annotated[
        UserPath | None,
        option("DUB_ASSETS_FFMPEG", "path of an ffmpeg to use, checked at start-up; unset: the packaged one"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where objects are stored."""

    bucket: Annotated[str | None, option("AWS_S3_BUCKET", "bucket of all objects; unset: a local folder")] = None
    region: Annotated[str, option("AWS_REGION", "AWS region")] = "ap-northeast-2"
    profile: Annotated[str | None, option("AWS_PROFILE", "profile of the AWS credentials chain")] = None
    endpoint_url: Annotated[str | None, option("AWS_ENDPOINT_URL", "endpoint of S3 and SQS; unset: Amazon's")] = None
    files_port: Annotated[
        int,
        option(
            "DUB_ASSETS_FILES_PORT",
            "port of the link server, with which `dub-assets dev` opens the objects that the UI links to; 0: no links",
            ge=0,
            le=65_535,
        ),
    ] = 3010
    links: Annotated[
        str | None,
        option(
            "DUB_ASSETS_LINKS",
            "address of the link server for browsers elsewhere, such as https://links.example; unset: that of "
            "`dub-assets dev` on this machine",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefaults:
    """What is done for a job that does not say."""

    source_language: Annotated[
        str,
        option(
            "JOB_SOURCE_LANG",
            "language spoken if a message or `dub` names none; 'auto' detects it; unset, `dub` detects it",
        ),
    ] = "ko"
    target_language: Annotated[
        str, option("JOB_TARGET_LANG", "language to dub into if a message or `dub` names none")
    ] = "en"
    rebuild: Annotated[
        bool,
        option(
            "JOB_REBUILD",
            "whether Dagster brings a job up to date by itself after an edit: speech, mixes, video and document",
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The console output of Dagster's processes."""

    format: Annotated[
        str,
        one_of("colored", "json"),
        option(
            "LOG_FORMAT", "colored for people; json: an object a line, with job and stage, without transcript texts"
        ),
    ] = "colored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    paths: Paths = field(default_factory=Paths)
    storage: Storage = field(default_factory=Storage)
    defaults: JobDefaults = field(default_factory=JobDefaults)
    keys: KeyTemplates = field(default_factory=KeyTemplates)
    limits: MediaLimits = field(default_factory=MediaLimits)
    options: DubOptions = field(default_factory=DubOptions)
    models: ModelOptions = field(default_factory=ModelOptions)
    services: ServiceOptions = field(default_factory=ServiceOptions)
    credentials: CredentialOptions = field(default_factory=CredentialOptions)
    queue: QueueOptions = field(default_factory=QueueOptions)
    callbacks: CallbackOptions = field(default_factory=CallbackOptions)
    retention: RetentionOptions = field(default_factory=RetentionOptions)
    logs: Logs = field(default_factory=Logs)
    worker: WorkerOptions = field(default_factory=WorkerOptions)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Raises:
        ConfigurationError: Variables cannot be read; the message names all of them.
    """
    problems: list[str] = []
    settings = _read(Settings, _with_engine_set(environment), problems)
    if problems:
        raise ConfigurationError("; ".join(problems))
    return settings


def documented_variables(kind: Any = Settings) -> Iterator[tuple[str, str, str]]:
    """Yield variable, default and meaning of every setting, for ``dub-assets settings`` and the documentation."""
    hints = get_type_hints(kind, include_extras=True)
    for member in dataclasses.fields(kind):
        hint = hints[member.name]
        if dataclasses.is_dataclass(hint):
            yield from documented_variables(hint)
        else:
            declared = _declared(hint)
            yield str(declared.validation_alias), _shown_default(member, hint), str(declared.description)


def _with_engine_set(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment over the defaults of its engine set. An empty variable leaves the set's default."""
    source_language = environment.get("JOB_SOURCE_LANG") or JobDefaults().source_language
    name = environment.get("ENGINE_SET", "").strip() or ModelOptions().engine_set
    if name not in ENGINE_SETS:
        return environment  # reported when ENGINE_SET is read
    defaults = engine_set_defaults(name, source_language.strip())
    return defaults | {
        variable: text for variable, text in environment.items() if text.strip() or variable not in defaults
    }


def _read(kind: Callable[..., Options], environment: Mapping[str, str], problems: list[str]) -> Options:
    """Return the options of a dataclass. Options that cannot be read are described in ``problems``."""
    hints = get_type_hints(kind, include_extras=True)
    if any(map(dataclasses.is_dataclass, hints.values())):
        return kind(**{name: _read(hint, environment, problems) for name, hint in hints.items()})
    try:
        return cast("Options", _adapter(kind).validate_python(_set_variables(hints, environment)))
    except ValidationError as error:
        problems += [_problem(details, environment) for details in error.errors()]
    except ConfigurationError as error:  # options that contradict each other
        problems.append(str(error))
    return kind()


def _set_variables(hints: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of these options. An empty variable counts as unset, unless it may be empty."""
    variables = {str(_declared(hint).validation_alias): MAY_BE_EMPTY in hint.__metadata__ for hint in hints.values()}
    texts = {name: environment[name].strip() for name in variables if name in environment}
    return {name: text for name, text in texts.items() if text or variables[name]}


_WANTED = {
    "bool_parsing": "true or false is wanted",
    "finite_number": "a finite number is wanted",
    "float_parsing": "a number is wanted",
    "int_parsing": "a whole number is wanted",
}


def _problem(details: ErrorDetails, environment: Mapping[str, str]) -> str:
    """Return a sentence with the variable, its value, and what is wrong with it."""
    variable = str(details["loc"][0])
    shown = f"{variable}={environment[variable]!r}"
    context = details.get("ctx", {})
    match details["type"]:
        case "greater_than_equal":
            return f"{shown} is out of range: the lowest value is {context['ge']:.10g}"
        case "less_than_equal":
            return f"{shown} is out of range: the highest value is {context['le']:.10g}"
        case "value_error":
            item = f": {details['input']!r}" if len(details["loc"]) > 1 else ""
            return f"{shown}{item} {context['error']}"
    return f"{shown} cannot be read: {_WANTED.get(details['type'], details['msg'])}"


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _declared(hint: Any) -> FieldInfo:
    return next(item for item in hint.__metadata__ if isinstance(item, FieldInfo))


def _shown_default(member: dataclasses.Field[Any], hint: Any) -> str:
    if member.default is dataclasses.MISSING:
        return "a folder of the user"
    default: Any = member.default
    if default is None:
        return "unset"
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default / 1000:g}" if any(isinstance(item, Seconds) for item in hint.__metadata__) else str(default)
