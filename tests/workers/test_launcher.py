"""``WarmRunLauncher`` as the set-ups configure it, and its health checks of runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.instance import InstanceRef
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from kombu.exceptions import OperationalError

from dub_assets.cli import main
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.tags import TASK
from dub_assets.service.workers import launcher as module
from dub_assets.service.workers.launcher import WarmRunLauncher
from dub_assets.settings import settings_from

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path):
    """A Dagster home of set-up 2."""
    shutil.copy(ROOT / "setups/warm/dagster.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def instance(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def add_run(instance: dg.DagsterInstance, status=dg.DagsterRunStatus.STARTED, **tags: str) -> dg.DagsterRun:
    repository = RepositoryPythonOrigin(
        executable_path=sys.executable,
        code_pointer=ModuleCodePointer("dub_assets.definitions", "defs"),
        entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
    )
    run = dg.DagsterRun(
        job_name="dub_job",
        status=status,
        tags=tags,
        job_code_origin=JobPythonOrigin("dub_job", repository),
        remote_job_origin=RemoteJobOrigin(
            RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("dub_assets"), "__repository__"), "dub_job"
        ),
    )
    return instance.add_run(run)


def test_without_a_server_the_folders_are_in_the_home(instance, home):
    launcher = instance.run_launcher
    assert isinstance(launcher, WarmRunLauncher)
    instance.run_launcher.launch_run(LaunchRunContext(add_run(instance, dg.DagsterRunStatus.STARTING), None))
    (message,) = (home / "workers/messages").iterdir()
    assert message.name.endswith(".dubs.msg")
    assert launcher.celery.conf.result_backend == f"db+sqlite:///{home}/workers/results.sqlite"


def test_tasks_and_tags_choose_queues(home):
    configuration = home / "dagster.yaml"
    with_queues = "class: WarmRunLauncher\n  config:\n    queues: {segment_mix: edits}"
    text = configuration.read_text(encoding="utf-8").replace("class: WarmRunLauncher", with_queues)
    configuration.write_text(text, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.run_launcher.all_queues == ["dubs", "edits"]
        mix, full = {TASK: "segment_mix"}, {TASK: "full_pipeline"}
        for tags in (mix, full, mix | {"dagster-celery/queue": "x"}):
            run = add_run(instance, dg.DagsterRunStatus.STARTING, **tags)
            instance.run_launcher.launch_run(LaunchRunContext(run, None))
    messages = sorted((home / "workers/messages").iterdir())
    assert [message.name.split(".")[1] for message in messages] == ["edits", "dubs", "x"]


def test_a_run_is_lost_after_silence_seconds(instance, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    run = add_run(instance)
    launcher = instance.run_launcher
    monkeypatch.setattr(launcher._workers, "tasks", dict)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    now[0] += 59
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    monkeypatch.setattr(launcher._workers, "tasks", lambda: {"dub@here": frozenset({run.run_id})})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    monkeypatch.setattr(launcher._workers, "tasks", dict)
    now[0] += 59
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING, "the silence starts again"
    now[0] += 61
    lost = launcher.check_run_worker_health(run)
    assert lost.status is WorkerStatus.FAILED
    assert "has not answered" in lost.msg


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ({"dub@here": False}, WorkerStatus.FAILED),
        ({"dub@here": True}, WorkerStatus.RUNNING),
        ({}, WorkerStatus.RUNNING),
    ],
    ids=["restarted", "has the run and does not list it yet", "does not answer"],
)
def test_a_restarted_worker_has_lost_its_run(instance, monkeypatch, known, status):
    run = add_run(instance)
    launcher = instance.run_launcher
    launcher.celery.backend.store_result(run.run_id, {"pid": 1, "hostname": "dub@here"}, "STARTED")
    monkeypatch.setattr(launcher._workers, "tasks", lambda: {"dub@here": frozenset()})
    monkeypatch.setattr(launcher._workers, "knows", lambda _: known)
    health = launcher.check_run_worker_health(run)
    assert health.status is status
    assert ("dub@here was restarted" in health.msg) == (status is WorkerStatus.FAILED)


def test_a_run_returns_to_the_queue_while_the_broker_is_down(instance, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(instance.run_launcher.celery, "send_task", refuse)
    run = add_run(instance, dg.DagsterRunStatus.STARTING)
    with pytest.raises(module.DagsterUserCodeUnreachableError, match="broker of the workers"):
        instance.run_launcher.launch_run(LaunchRunContext(run, None))


def test_cancels_a_run_that_no_worker_has_taken(instance):
    run = add_run(instance, dg.DagsterRunStatus.STARTING)
    assert instance.run_launcher.terminate(run.run_id)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.CANCELED
    assert not instance.run_launcher.terminate(run.run_id)


def test_a_home_without_workers_is_an_error_that_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["dub-assets", "worker"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "copy dagster.yaml of setups/warm or setups/cluster" in capsys.readouterr().err


def test_the_cluster_file_reads_every_server_from_a_variable(tmp_path, monkeypatch):
    shutil.copy(ROOT / "setups/cluster/dagster.yaml", tmp_path)
    variables = {"DAGSTER_POSTGRES_HOST": "db", "DAGSTER_POSTGRES_PORT": "5433", "DAGSTER_POSTGRES_USER": "dub"}
    variables |= {"DAGSTER_POSTGRES_PASSWORD": "p@ss", "DAGSTER_POSTGRES_DB": "runs", "DUB_ASSETS_WORKERS": "7"}
    variables |= {"DUB_ASSETS_REDIS_URL": "redis://cache:6379/0", "AWS_S3_BUCKET": "dubs", "AWS_REGION": "eu-west-1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    reference = InstanceRef.from_dir(str(tmp_path))  # connects to nothing
    launcher = reference.run_launcher
    assert launcher.celery.conf.broker_url == "redis://cache:6379/0"
    assert launcher.celery.conf.result_backend == "redis://cache:6379/0"
    assert reference.run_coordinator.get_run_queue_config().max_concurrent_runs == 7
    assert reference.storage_data.config_dict["postgres_db"]["scheme"] == "postgresql+psycopg2"


def test_keeps_an_engine_of_each_configuration(tmp_path):
    def chosen(**environment: str):
        folders = {"DUB_ASSETS_CACHE": str(tmp_path)}
        return EnginesResource.of(settings_from(folders | environment)).engines()

    assert chosen().separator() is chosen(RECOGNITION_ENGINE="faster-whisper").separator()
    assert chosen().separator() is not chosen(DUB_ASSETS_CACHE=str(tmp_path / "other")).separator()
