"""Checks that a process has what it needs before its first job: folders, bucket, queue, ffmpeg, engines and models."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.engine import EngineStage
from dub_assets.core.errors import ConfigurationError, DubError, EngineUnavailableError, TransientError
from dub_assets.core.files import require_writable
from dub_assets.engines import needs
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.firefox import weights as firefox_weights
from dub_assets.engines.firefox.pull import PairPuller
from dub_assets.engines.models import remote
from dub_assets.engines.models.pull import Report, pull
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.needs import Need
from dub_assets.engines.registry import EngineModels, EngineRegistry
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.storage import StorageResource
from dub_assets.service.queue.resources import QueueResource
from dub_assets.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is missing, and what to do about it. A ``transient`` problem may go away by itself."""

    text: str
    transient: bool


@dataclass(slots=True)
class Readiness:
    """The result of an examination: problems, and models that have to be pulled first.

    ``to_pull`` are models, each with an engine that uses it; ``pairs`` are languages whose model is pulled by pair.
    """

    problems: list[Problem] = field(default_factory=list)
    to_pull: dict[RemoteModel, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_hopeless(self) -> bool:
        """Whether a problem needs a person."""
        return any(not problem.transient for problem in self.problems)

    @contextmanager
    def collecting(self, subject: str = "") -> Iterator[None]:
        """Turn an error of dub_assets in the block into a problem. Equal problems are listed once."""
        try:
            yield
        except DubError as error:
            problem = Problem(text=f"{subject}{error}", transient=isinstance(error, TransientError))
            if problem not in self.problems:
                self.problems.append(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The duties of a process of the service.

    ``takes_messages``: it reads the queue. ``runs_jobs``: it runs jobs of the service's pair of languages
    (``JOB_SOURCE_LANG``, ``JOB_TARGET_LANG``). ``is_worker``: it takes its runs from a broker. ``dagster_yaml`` is the
    configuration of its Dagster instance.
    """

    takes_messages: bool = False
    runs_jobs: bool = True
    is_worker: bool = False
    dagster_yaml: Path | None = None


def examine(settings: Settings, role: Role, environment: Mapping[str, str]) -> Readiness:
    """Return everything that is missing. Nothing is fetched and no engine is loaded."""
    readiness = Readiness()
    if role.dagster_yaml is not None:
        with readiness.collecting():
            _require_variables(role.dagster_yaml, environment)
        with readiness.collecting():
            if role.is_worker and not hands_runs_to_workers(role.dagster_yaml):
                raise ConfigurationError(
                    "this Dagster home starts its runs by itself: copy dagster.yaml of setups/warm or setups/cluster "
                    f"into {role.dagster_yaml.parent}"
                )
    for variable, folder in (("DUB_ASSETS_HOME", settings.paths.home), ("DUB_ASSETS_CACHE", settings.paths.cache)):
        with readiness.collecting(f"{variable}: "):
            require_writable(folder, advice="give this process permission to write there, or name another folder")
    if settings.storage.bucket is not None:
        with readiness.collecting(f"AWS_S3_BUCKET={settings.storage.bucket}: "):
            next(StorageResource.of(settings).archive.store.list("jobs/"), None)
    if role.takes_messages and settings.queue.url is not None:
        with readiness.collecting(f"JOB_QUEUE_URL={settings.queue.url}: "):
            QueueResource.of(settings).queue.depth()
    if role.runs_jobs:
        with readiness.collecting():
            find_ffmpeg(settings.paths.ffmpeg)
        _examine_engines(settings, readiness)
    return readiness


def hands_runs_to_workers(dagster_yaml: Path) -> bool:
    """Return whether workers run the jobs of the Dagster instance that this file configures."""
    import yaml

    launcher = (yaml.safe_load(dagster_yaml.read_text(encoding="utf-8")) or {}).get("run_launcher") or {}
    return bool(launcher.get("class") == "WarmRunLauncher")


def pull_missing(settings: Settings, readiness: Readiness, report: Report | None = None) -> list[Problem]:
    """Pull the missing models, each as far as possible, and return what went wrong."""
    engine_settings = EnginesResource.of(settings).settings()
    failed = Readiness()
    for model in readiness.to_pull:
        with failed.collecting():
            pull(model, cache_dir=engine_settings.cache_dir, lock=engine_settings.lock, report=report)
    for pair in readiness.pairs:
        with failed.collecting():
            PairPuller(engine_settings).pull(pair, report)
    return failed.problems


def _examine_engines(settings: Settings, readiness: Readiness) -> None:
    resource = EnginesResource.of(settings)
    registry, engine_settings = resource.registry(), resource.settings()
    names = dataclasses.asdict(settings.options.engines)
    for need in _needs_of(settings):
        name = names[need.stage]
        with readiness.collecting(f"{need.stage.upper()}_ENGINE={name}: "):
            found = registry.models_for(name, need)
            _add(readiness, found, engine_settings)
            if found.pair is not None:
                readiness.pairs.append(found.pair)
            elif found.engine == firefox_weights.NAME:
                firefox_weights.models(engine_settings)  # verifies them
    for stage in ("separation", "recognition", "speakers", "translation", "synthesis"):
        with readiness.collecting(f"{stage.upper()}_ENGINE={names[stage]}: "):
            for found in _configured(registry, stage, names[stage]):
                _add(readiness, found, engine_settings)


def _configured(registry: EngineRegistry, stage: EngineStage, name: str) -> list[EngineModels]:
    """Return the models that the configuration names for a stage, without those that the licence profile refuses."""
    return [found for found in registry.models({stage: name}) if not found.barred]


def _needs_of(settings: Settings) -> Iterator[Need]:
    """Yield the needs of a job of the configured languages. A translator is known only if no language is detected."""
    source, target = settings.defaults.source_language, settings.defaults.target_language
    yield needs.SEPARATION
    yield needs.recognition(None if source == "auto" else source)
    yield needs.SPEAKERS
    if source != "auto":
        yield needs.translation(source, target)
    yield needs.synthesis(target)


def _add(readiness: Readiness, found: EngineModels, settings: EngineSettings) -> None:
    """Add the models that are missing, or differ from what was pinned and locked."""
    for model in found.models:
        try:
            remote.find(found.engine, model, cache_dir=settings.cache_dir, lock=settings.lock)
        except EngineUnavailableError:
            readiness.to_pull.setdefault(model, found.engine)


def _require_variables(dagster_yaml: Path, environment: Mapping[str, str]) -> None:
    """Raise ConfigurationError, naming all, if variables that Dagster's configuration reads are not set."""
    names = re.findall(r"^\s*env: (\w+)\s*$", dagster_yaml.read_text(encoding="utf-8"), re.MULTILINE)
    if missing := [name for name in dict.fromkeys(names) if not environment.get(name)]:
        raise ConfigurationError(f"{dagster_yaml} reads {', '.join(missing)}, not set here: docs/workers.md, set-up 3")
