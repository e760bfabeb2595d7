"""Messages of the task ``cancel``: a real queue, a real store and a Dagster instance."""

from __future__ import annotations

import json
import time
from typing import Any

import dagster as dg
import pytest
from support.deployment import Deployment, full
from support.queue_wire import Wire

from dub_assets.core.keys import cancellation_key
from dub_assets.service import cancellation
from dub_assets.service.cancellation import Cancellations


def cancel(job_id: str = "talk-1", **fields: Any) -> str:
    return json.dumps({"task": "cancel", "job_id": job_id} | fields)


def statuses(deployment: Deployment) -> list[str]:
    return [run.status.value for run in deployment.runs()]


def pursue(deployment: Deployment) -> None:
    Cancellations(deployment.instance, deployment.job_resources.storage.archive).pursue()


@pytest.fixture
def deployment(wire: Wire) -> Deployment:
    return wire.deploy()


@pytest.fixture
def queued(wire: Wire, deployment: Deployment) -> Deployment:
    """The deployment with a queued run of ``talk-1``."""
    wire.send(full("talk-1"))
    deployment.tick()
    return deployment


@pytest.mark.parametrize("fields", [{}, {"project_id": "shop"}, {"callback_url": "https://consumer.example/x"}])
def test_cancels_a_queued_run_and_starts_none(wire: Wire, queued: Deployment, fields: dict[str, str]):
    message_id = wire.send(cancel(**fields))
    answer = queued.tick()
    assert (answer.skip_message, answer.run_requests) == ("1 messages cancelled jobs", [])
    assert statuses(queued) == ["CANCELED"]
    assert (wire.left(), wire.dead(), queued.refusals()) == (0, [], [])
    assert queued.runs(message_id) == []


def test_cancels_the_edits_of_a_job_too(wire: Wire, queued: Deployment):
    segment = {"index": 0, "bgm_key": "projects/shop/b.wav", "tts_key": "projects/shop/t.wav"}
    wire.send(full("talk-1", task="segment_mix", segments=[segment]))
    wire.send(full("talk-2"))
    queued.tick()
    wire.send(cancel())
    queued.tick()
    by_job = {(run.job_name, run.tags["dub/job_id"]): run.status.value for run in queued.runs()}
    assert by_job == {
        ("dub_job", "talk-1"): "CANCELED",
        ("segment_mix_job", "talk-1"): "CANCELED",
        ("dub_job", "talk-2"): "QUEUED",
    }


def mix_of(project: str, job_id: str = "talk-1") -> str:
    keys = {"bgm_key": f"projects/{project}/b.wav", "tts_key": f"projects/{project}/t.wav"}
    return full(job_id, project_id=project, task="segment_mix", segments=[{"index": 0, **keys}])


def by_project(deployment: Deployment) -> dict[str, str]:
    return {run.tags["dub/project_id"]: run.status.value for run in deployment.runs()}


def test_does_not_reach_runs_of_other_projects_with_the_same_job_id(wire: Wire, deployment: Deployment):
    for body in (mix_of("other"), full("talk-1"), cancel()):
        wire.send(body)
        deployment.tick()
    assert by_project(deployment) == {"shop": "CANCELED", "other": "QUEUED"}


def test_a_message_without_project_is_refused_if_several_projects_use_the_id(wire: Wire, deployment: Deployment):
    for project in ("shop", "other"):
        wire.send(mix_of(project))
    deployment.tick()
    wire.send(cancel())
    deployment.tick()
    assert [reason for reason, _ in wire.dead()] == [
        "2 projects use the job_id 'talk-1': name the project by project_id"
    ]
    wire.send(cancel(project_id="other"))
    deployment.tick()
    assert by_project(deployment) == {"shop": "QUEUED", "other": "CANCELED"}


def test_a_message_without_project_cancels_external_segments(wire: Wire, deployment: Deployment):
    wire.send(mix_of("shop"))
    deployment.tick()
    wire.send(cancel())
    deployment.tick()
    assert (by_project(deployment), wire.dead()) == ({"shop": "CANCELED"}, [])


def test_a_message_waits_for_runs_that_are_not_stored_yet(wire: Wire, deployment: Deployment, monkeypatch):
    monkeypatch.setattr("dub_assets.service.queue.consumer._UNTIL_STORED_S", 1)
    wire.send(full("talk-1"))
    wire.send(cancel("talk-1"))
    deployment.tick()
    while not wire.waiting():
        time.sleep(0.1)
    deployment.tick()
    assert (statuses(deployment), wire.left(), deployment.refusals()) == (["CANCELED"], 0, [])


@pytest.mark.parametrize("fields", [{"job_id": "talk-9"}, {"project_id": "other"}], ids=["job", "project"])
def test_refuses_to_cancel_an_unknown_job_or_one_of_another_project(wire: Wire, queued: Deployment, fields):
    body = cancel(**fields, callback_url="https://consumer.example/{job_id}")
    wire.send(body)
    queued.tick()
    (refused,) = queued.refusals()
    job_id = fields.get("job_id", "talk-1")
    assert refused.reason.startswith(f"there is no job '{job_id}'")
    assert (refused.callback_url, refused.task) == (f"https://consumer.example/{job_id}", "cancel")
    assert wire.dead() == [(refused.reason, body)]
    assert statuses(queued) == ["QUEUED"]


def test_a_message_without_callback_url_for_an_unknown_job_is_dead_lettered(wire: Wire, deployment: Deployment):
    wire.send(cancel())
    deployment.tick()
    assert wire.dead() == [("there is no job 'talk-1': nothing was cancelled", cancel())]
    assert [refused.callback_url for refused in deployment.refusals()] == [None]


def test_a_job_that_has_ended_stays_as_it_is(wire: Wire, queued: Deployment):
    queued.finish_runs()
    wire.send(cancel())
    assert queued.tick().skip_message == "1 messages would cancel jobs that have ended"
    assert (statuses(queued), wire.left(), wire.dead()) == (["SUCCESS"], 0, [])
    assert queued.store.head(cancellation_key("talk-1")) is None


def test_is_handled_although_no_more_run_may_be_requested(wire: Wire, queued: Deployment):
    wire.send("not json")
    for body in (*[full(f"talk-{number}") for number in range(2, 5)], cancel()):
        wire.send(body)
    queued.queue_resource = wire.deploy(JOB_MAX_PENDING_RUNS="2").queue_resource
    queued.tick()
    assert len(queued.runs()) == 2
    cancelled = [run.tags["dub/job_id"] for run in queued.runs() if run.status is dg.DagsterRunStatus.CANCELED]
    assert (cancelled, wire.left()) == (["talk-1"], 3)


def test_pursues_a_run_that_starts_all_the_same(wire: Wire, queued: Deployment, monkeypatch: pytest.MonkeyPatch):
    """Dagster's daemon may start a run that is cancelled at the same moment."""
    wire.send(cancel())
    queued.tick()
    (run,) = queued.runs()
    for kind in ("PIPELINE_STARTING", "PIPELINE_ENQUEUED"):
        queued.instance.report_dagster_event(
            dg.DagsterEvent(event_type_value=kind, job_name=run.job_name), run_id=run.run_id
        )
    assert statuses(queued) == ["QUEUED"]
    pursue(queued)
    assert statuses(queued) == ["CANCELED"]
    assert queued.store.head(cancellation_key("talk-1")) is not None
    monkeypatch.setattr(cancellation, "_PURSUED_S", 0.0)
    pursue(queued)
    assert queued.store.head(cancellation_key("talk-1")) is None


def test_a_job_that_is_sent_again_is_not_cancelled(wire: Wire, queued: Deployment):
    wire.send(cancel())
    queued.tick()
    wire.send(full("talk-1"))
    queued.tick()
    pursue(queued)
    assert sorted(statuses(queued)) == ["CANCELED", "QUEUED"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"job_id": "../x"}, "job_id"),
        ({"job_id": None}, "job_id is missing"),
        ({"project_id": "a/b"}, "project_id"),
        ({"callback_url": "ftp://x"}, "callback_url"),
        ({"callback_url": 3}, "callback_url"),
    ],
)
def test_refuses_an_unusable_message(wire: Wire, deployment: Deployment, fields: dict[str, Any], fault: str):
    wire.send(cancel(**fields))
    deployment.tick()
    (refused,) = deployment.refusals()
    assert fault in refused.reason
