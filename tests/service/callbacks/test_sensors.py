"""The sensors of callbacks: ticked as Dagster's code server does, on an instance with files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support.callback_receiver import CallbackReceiver
from support.outbox_world import STAGES, Trouble, World
from support.waiting import wait_until

from dub_assets.service.callbacks.sensors import ALL

SENSORS = {sensor.name: sensor for sensor in ALL}
OF_STATUS = {name: sensor for name, sensor in SENSORS.items() if isinstance(sensor, dg.RunStatusSensorDefinition)}


def instance_in(tmp_path: Path) -> dg.DagsterInstance:
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return dg.DagsterInstance.from_config(str(folder))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    environment = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    with instance_in(tmp_path) as instance:
        yield World(environment, instance)


def tick(world: World, name: str, cursor: str | None = None):
    context = dg.SensorEvaluationContext(
        instance_ref=world.instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=cursor,
        log_key=["__repository__", name, "1"],
        repository_def=world.definitions.get_repository_def(),
        sensor_name=name,
        resources={"callback_services": world.services},
    )
    with context:
        return SENSORS[name].evaluate_tick(context)


def files_of_ticks(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "dagster" / "storage").rglob("*.err") if path.parent.name in SENSORS]


def test_there_is_a_sensor_for_each_status_that_callbacks_report():
    statuses = {sensor._run_status.value for sensor in OF_STATUS.values()}
    assert statuses == {"STARTED", "SUCCESS", "FAILURE", "CANCELED"}
    assert {name.removeprefix("callbacks_of_").removesuffix("_runs").upper() for name in OF_STATUS} == statuses
    assert {sensor.default_status for sensor in ALL} == {dg.DefaultSensorStatus.RUNNING}


@pytest.mark.parametrize(
    ("status", "stages"),
    [("started", STAGES), ("success", STAGES), ("failure", ["downloaded", "failed"])],
)
def test_a_status_sensor_delivers_the_callbacks_of_a_run_at_once(
    world: World, receiver: CallbackReceiver, tmp_path: Path, monkeypatch, status: str, stages: list[str]
):
    name = f"callbacks_of_{status}_runs"
    before = tick(world, name)
    monkeypatch.setattr(Trouble, "reason", "the disk is full" if status == "failure" else None)
    run = world.talk("talk-1", receiver.url())
    (reaction,) = tick(world, name, before.cursor).dagster_run_reactions
    assert (reaction.dagster_run.run_id, reaction.error) == (run.run_id, None)
    assert world.service.dispatcher.join(300)
    assert receiver.stages == stages
    assert files_of_ticks(tmp_path) == []


def test_a_status_sensor_delivers_the_callback_of_a_cancelled_run(world: World, receiver: CallbackReceiver):
    before = tick(world, "callbacks_of_canceled_runs")
    run = world.add_run(world.tags("talk-1", receiver.url()))
    world.instance.report_run_canceled(run)
    assert tick(world, "callbacks_of_canceled_runs", before.cursor).dagster_run_reactions
    assert world.service.dispatcher.join(300)
    assert [request.json["error_code"] for request in receiver.received] == ["cancelled"]


def test_the_reconciling_sensor_delivers_what_no_status_sensor_has_seen(
    world: World, receiver: CallbackReceiver, tmp_path: Path
):
    run = world.talk("talk-1", receiver.url())
    assert tick(world, "callbacks_sensor").skip_message == "1 runs have callbacks to send"
    assert world.service.dispatcher.join(300)
    assert receiver.stages == STAGES
    assert world.callbacks_tag(run.run_id) == "delivered"
    assert tick(world, "callbacks_sensor").skip_message == "no runs have callbacks to send"
    assert files_of_ticks(tmp_path) == []


def test_all_sensors_at_once_send_each_callback_once(world: World, receiver: CallbackReceiver):
    cursors = {name: tick(world, name).cursor for name in OF_STATUS}
    for number in range(3):
        world.talk(f"talk-{number}", receiver.url(), message=f"m{number}")
    for name in SENSORS:
        tick(world, name, cursors.get(name))
    assert world.service.dispatcher.join(300)
    assert sorted(receiver.stages) == sorted(STAGES * 3)


def test_a_tick_without_a_queue_follows_nothing(world: World):
    tick(world, "callbacks_sensor")
    assert world.services._follower is None


def test_between_ticks_a_thread_delivers_what_changes(tmp_path: Path, receiver: CallbackReceiver):
    environment = {
        "DUB_ASSETS_HOME": str(tmp_path / "home"),
        "DUB_ASSETS_CACHE": str(tmp_path / "cache"),
        "JOB_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs",
    }
    with instance_in(tmp_path) as instance:
        world = World(environment, instance)
        tick(world, "callbacks_sensor")
        run = world.talk("talk-1", receiver.url())
        wait_until(lambda: world.callbacks_tag(run.run_id) == "delivered", "the callbacks of the run")
        assert receiver.stages == STAGES
        world.services._follower._until_s = 0.0
        world.services._follower._thread.join()
