"""What the tests of tasks on segments share: finished jobs, requests, and looks at what a run left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import numpy as np
import pytest
import soundfile
from support.fakes import FakeEngines, FakeProgress
from support.media_tool import ffmpeg_environment

from dub_assets.core.keys import JobKeys, job_record_key, request_key
from dub_assets.core.media import MediaObject
from dub_assets.core.request import DubRequest
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.definitions import definitions
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.storage import StorageResource
from dub_assets.resources.tags import JOB_ID, REQUEST_KEY, TASK
from dub_assets.service.callbacks.callback_builders import callback_builder_of, new_callbacks
from dub_assets.service.callbacks.run_log import RunLog
from dub_assets.service.queue.tasks import run_request, task_of
from dub_assets.service.segment_request import MESSAGE_GAINS, SegmentMixOrder, SegmentMixRequest, SegmentTtsRequest
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.segment_mixes.values import GainChange, Gains

JOB = "talk-1"
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
PREFIX = KEYS.request.segment_prefix
SPEECH = [
    Interval(start_ms=200, end_ms=900),
    Interval(start_ms=2000, end_ms=2800),
    Interval(start_ms=4000, end_ms=4800),
]
WORDS = [
    RecognisedWord(text=text, start_ms=part.start_ms, end_ms=part.end_ms, probability=0.9)
    for text, part in zip(("Good.", "Night.", "Friends."), SPEECH, strict=True)
]
CALLBACK_URL = "https://consumer.example/jobs"


def engines() -> FakeEngines:
    return FakeEngines(regions=SPEECH, words=WORDS)


def order(index: int, gains: Gains = MESSAGE_GAINS, **keys: Any) -> SegmentMixOrder:
    given = {"sent_index": str(index), "bgm_key": None, "tts_key": None, "mix_key": None} | keys
    return SegmentMixOrder(index=index, gains=gains, **given)


def mix_request(*orders: SegmentMixOrder, **fields: Any) -> SegmentMixRequest:
    given = {
        "job_id": JOB,
        "project_id": "shop",
        "callback_url": CALLBACK_URL,
        "intermediate_prefix": None,
        "output_prefix": None,
        "rebuild_video": False,
    }
    return SegmentMixRequest(segments=orders, **(given | fields))


def tts_request(index: int, text: str, **fields: Any) -> SegmentTtsRequest:
    given = {
        "job_id": JOB,
        "project_id": "shop",
        "callback_url": CALLBACK_URL,
        "sent_index": str(index),
        "target_language": None,
        "slot_ms": None,
        "segment_prefix": None,
        "source_keys": (),
        "bgm_key": None,
        "tts_key": None,
        "mix_key": None,
        "gains": GainChange(),
        "rebuild_video": False,
    }
    return SegmentTtsRequest(index=index, text=text, **(given | fields))


class Service:
    """A Dagster instance, a store and the definitions, with runs like those of the queue."""

    def __init__(self, settings: Settings, engines: FakeEngines, instance: dg.DagsterInstance, folder: Path) -> None:
        self.engines = engines
        self.instance = instance
        self.archive = StorageResource.of(settings).archive
        self.definitions = definitions(settings, FakeProgress())
        self._folder = folder

    def dub(self, clip: Path, *, clips: bool = True) -> None:
        """Dub the job."""
        record = replace(KEYS.request, segment_clips=clips)
        self.instance.add_dynamic_partitions(jobs_partitions.name, [JOB])
        self.archive.put_file(record.input_key, clip)
        self.archive.save(job_record_key(JOB), record)
        assert self.run_assets().success

    def run_assets(self, *assets: str, job: str = "dub_job", config: dict[str, Any] | None = None):
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=JOB,
            raise_on_error=False,
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            run_config={"ops": {name: {"config": values} for name, values in (config or {}).items()}},
        )

    def run(self, request: SegmentMixRequest | SegmentTtsRequest) -> dg.ExecuteInProcessResult:
        """Run what the queue's sensor requests for a message."""
        self.archive.save(request_key("message-1"), request)
        return self.execute(run_request("message-1", "message-1", request, self.archive, runs=1))

    def execute(self, requested: dg.RunRequest) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(requested.job_name).execute_in_process(
            instance=self.instance,
            partition_key=requested.partition_key,
            raise_on_error=False,
            asset_selection=requested.asset_selection,
            run_config=requested.run_config,
            tags=dict(requested.tags),
        )

    def run_op(self, request: SegmentMixRequest | SegmentTtsRequest) -> dg.ExecuteInProcessResult:
        """Run the op of the task, as the queue does for requests with external segments."""
        self.archive.save(request_key("message-1"), request)
        task = task_of(request).name
        config = {task: {"config": {"request_key": request_key("message-1")}}}
        tags = {JOB_ID: request.job_id, TASK: task, REQUEST_KEY: request_key("message-1")}
        return self.execute(dg.RunRequest(job_name=f"{task}_job", run_config={"ops": config}, tags=tags))

    def callbacks(self, result: dg.ExecuteInProcessResult) -> list[dict[str, Any]]:
        """Return the bodies of a run's callbacks, in order."""
        run = self.instance.get_run_by_id(result.run_id)
        builder = callback_builder_of(run, self.archive)
        callbacks = new_callbacks(RunLog.of(run, self.instance), builder, stored=(), is_final=True)
        return [json.loads(callback.body) for callback in callbacks]

    def put_sound(self, key: str, samples: np.ndarray, rate_hz: int = 48_000) -> str:
        """Store a sound under a key, as another program would."""
        path = self._folder / "sound.wav"
        soundfile.write(path, samples, rate_hz, subtype="PCM_16")
        self.archive.store.put(key, path.read_bytes(), "audio/wav")
        return key

    def file(self, key: str) -> Path:
        """Return a file with the content of an object."""
        path = self._folder / f"object{Path(key).suffix}"
        path.write_bytes(self.archive.store.get(key))
        return path

    def sound(self, key: str) -> np.ndarray:
        return soundfile.read(self.file(key), always_2d=True)[0]

    def sound_of(self, media: MediaObject) -> np.ndarray:
        return self.sound(media.key)

    def objects(self, prefix: str = "projects/") -> dict[str, bytes]:
        """Return all objects, apart from those that only revisions need."""
        keys = [item.key for item in self.archive.store.list(prefix) if not item.key.startswith(KEYS.revisions)]
        return {key: self.archive.store.get(key) for key in keys}

    def manifest(self, kind: type, asset: str):
        return self.archive.load(kind, KEYS.manifest(asset))


def made_assets(result: dg.ExecuteInProcessResult) -> list[tuple[str, str | None]]:
    events = [event for event in result.all_events if event.event_type_value == "ASSET_MATERIALIZATION"]
    return [(event.asset_key.path[-1], event.partition) for event in events]


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.get_step_failure_events()
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    return event.event_specific_data.user_failure_data.description


@contextmanager
def service_in(
    folder: Path, patch: pytest.MonkeyPatch, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Service]:
    """Yield a service whose home and cache are in a folder."""
    places = {
        "DUB_ASSETS_HOME": str(folder / "home"),
        "DUB_ASSETS_CACHE": str(folder / "cache"),
        **ffmpeg_environment(),
    }
    chosen = engines()
    patch.setattr(EnginesResource, "engines", lambda self, overrides=None: chosen)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Service(settings_from({**places, **environment}), chosen, instance, folder)
