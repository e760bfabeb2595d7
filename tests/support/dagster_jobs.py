"""Real runs of the asset graph: real storage, real ffmpeg, Dagster's own instance, fake engines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.event_api import PartitionKeyFilter
from support.fakes import FakeEngines, FakeProgress
from support.media_tool import ffmpeg_environment

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.definitions import definitions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.step_failure import refusal
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import Settings, settings_from

JOB = "talk-1"
ASSETS = (
    "stems",
    "transcript",
    "translation",
    "tts_segments",
    "segment_mixes",
    "final_video",
    "quality",
    "metadata",
    "report",
)
KEYS = JobKeys(
    request=DubRequest(
        job_id=JOB,
        project_id="shop",
        input_key="projects/shop/inputs/talk.mp4",
        source_language="en",
        target_language="pt",
        result_key=f"projects/shop/outputs/videos/{JOB}.mp4",
        metadata_key=f"projects/shop/outputs/metadata/{JOB}.json",
        segment_prefix=f"projects/shop/interim/{JOB}/segments",
        segment_clips=True,
    )
)
SPEECH = [Interval(start_ms=200, end_ms=900), Interval(start_ms=2000, end_ms=2800)]
WORDS = [
    RecognisedWord(text="Good.", start_ms=200, end_ms=900, probability=0.9),
    RecognisedWord(text="Night.", start_ms=2000, end_ms=2800, probability=0.9),
]


@pytest.fixture(scope="session")
def talk_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    command = [str(find_ffmpeg()), "-v", "error", *sources, "-t", "4", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path


class Jobs:
    """A Dagster instance, a store and the definitions over fake engines."""

    def __init__(self, settings: Settings, engines: FakeEngines, instance: dg.DagsterInstance) -> None:
        self.engines = engines
        self.instance = instance
        self.settings = settings
        self.archive = StorageResource.of(settings).archive
        self.definitions = definitions(settings, FakeProgress())

    def use(self, engines: FakeEngines, patch: pytest.MonkeyPatch) -> None:
        """Take these engines."""
        self.engines = engines
        patch.setattr(EnginesResource, "engines", lambda resource, overrides=None: engines)

    def block(self, checks: str) -> None:
        """Set CHECK_BLOCKING."""
        options = self.settings.options
        options = replace(options, checks=replace(options.checks, blocking=checks))
        self.settings = replace(self.settings, options=options)
        self.definitions = definitions(self.settings, FakeProgress())

    def run(
        self,
        *,
        name: str = "dub_job",
        assets: Collection[str] | None = None,
        config: dict[str, Any] | None = None,
        job: str = JOB,
        tags: dict[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        run_config = {"ops": {asset: {"config": values} for asset, values in (config or {}).items()}}
        return self.definitions.resolve_job_def(name).execute_in_process(
            instance=self.instance,
            partition_key=job,
            raise_on_error=False,
            asset_selection=[dg.AssetKey(asset) for asset in assets] if assets else None,
            run_config=run_config,
            tags=tags,
        )

    def checks(self, job: str = JOB) -> dict[str, tuple[str, bool, str]]:
        """Return asset, result and severity of the last evaluation of each check, as Dagster's UI shows a job."""
        storage, found = self.instance.event_log_storage, {}
        for key in self.definitions.resolve_asset_graph().asset_check_keys:
            record = storage.get_latest_asset_check_execution_by_key([key], PartitionKeyFilter(key=job)).get(key)
            evaluation = record.event.dagster_event.event_specific_data if record and record.event else None
            if isinstance(evaluation, dg.AssetCheckEvaluation):
                assert evaluation.partition == job
                found[key.name] = (key.asset_key.path[-1], evaluation.passed, evaluation.severity.value)
        return found

    def document(self) -> dict[str, Any]:
        """Return the job's metadata document."""
        return json.loads(self.archive.store.get(KEYS.request.metadata_key))


def reason(result: dg.ExecuteInProcessResult) -> str | None:
    """Return why a run failed, as callbacks and commands report it."""
    if refused := refusal(result.all_events):
        return refused
    (event,) = result.get_step_failure_events()
    return event.event_specific_data.user_failure_data.description


@pytest.fixture
def job_settings(tmp_path: Path) -> Settings:
    places = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    return settings_from({**places, **ffmpeg_environment(), "CHECK_LOUDNESS": "20"})  # the fake synthesiser says little


@pytest.fixture
def jobs(job_settings: Settings, talk_clip: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    engines = FakeEngines(regions=SPEECH, words=WORDS)
    monkeypatch.setattr(EnginesResource, "engines", lambda self, overrides=None: engines)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(jobs_partitions.name, [JOB])
        jobs = Jobs(job_settings, engines, instance)
        jobs.archive.put_file(KEYS.request.input_key, talk_clip)
        jobs.archive.save(job_record_key(JOB), KEYS.request)
        yield jobs
