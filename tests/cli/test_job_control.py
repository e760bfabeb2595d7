"""``dub-assets cancel`` and ``callbacks replay``, on a Dagster instance of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from support.command_line import CommandLine

from dub_assets.core.keys import cancellation_key
from dub_assets.resources import tags
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.callbacks.delivery import Delivered, Failed
from dub_assets.service.callbacks.outbox import Outbox, PendingCallback
from dub_assets.settings import settings_from

URL = "http://127.0.0.1:9/jobs"
_ORIGIN = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("dub_assets"), "__repository__")


@pytest.fixture
def instance(run: CommandLine) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(run.folder / "dagster")) as instance:
        yield instance


def add_run(instance: dg.DagsterInstance, job_id: str, status: dg.DagsterRunStatus, **more: str) -> dg.DagsterRun:
    return instance.add_run(
        dg.DagsterRun(
            job_name="dub_job",
            status=status,
            tags={tags.JOB_ID: job_id} | more,
            remote_job_origin=RemoteJobOrigin(_ORIGIN, "dub_job"),
        )
    )


def test_cancel_ends_waiting_runs_and_says_so(run: CommandLine, instance: dg.DagsterInstance):
    waiting = add_run(instance, run.job, dg.DagsterRunStatus.QUEUED)
    assert json.loads(run("status", run.job, "--json"))["state"] == "waiting"
    shown = json.loads(run("cancel", run.job, "--json"))
    assert shown == {
        "job_id": run.job,
        "runs": [{"run_id": waiting.run_id, "name": "dub_job", "status": "canceled"}],
    }
    status = json.loads(run("status", run.job, "--json"))
    assert (status["state"], status["error"], status["error_code"]) == ("cancelled", "cancelled", "cancelled")
    assert [listed["status"] for listed in status["runs"]] == ["canceled", "success"]
    assert run.archive.store.head(cancellation_key(run.job)) is not None


def test_cancel_of_a_job_that_has_ended_changes_nothing(run: CommandLine):
    before = {item.key for item in run.archive.store.list("")}
    assert run("cancel", run.job) == f"job {run.job}: nothing to cancel, its last run dub_job ended: success\n"
    assert {item.key for item in run.archive.store.list("")} == before


def test_a_job_without_record_is_cancelled_and_shown_by_its_full_id(run: CommandLine, instance: dg.DagsterInstance):
    add_run(instance, "edit-7", dg.DagsterRunStatus.NOT_STARTED)
    assert run("status", "edit-7").startswith("job edit-7: edits of external segments, waiting\n")
    assert run("cancel", "edit-7").startswith("job edit-7: dub_job is canceled")
    assert "there is no job 'edit-8'" in run("cancel", "edit-8", fails=True)


def test_replay_without_stored_callbacks_says_why(run: CommandLine):
    error = run("callbacks", "replay", run.job, fails=True)
    assert "it has no stored callbacks: its messages named no callback_url" in error


class OutboxWorld:
    """A run of a job whose two callbacks are delivered."""

    def __init__(self, run: CommandLine, instance: dg.DagsterInstance) -> None:
        told = {tags.TASK: "full_pipeline", tags.CALLBACK_URL: URL, tags.CALLBACKS: "delivered"}
        self.outbox = Outbox(run.archive)
        self.origin = add_run(instance, run.job, dg.DagsterRunStatus.SUCCESS, **told).run_id
        self.outbox.add(
            self.outbox.load(self.origin),
            [PendingCallback(name=name, created_s=time.time(), body=b"{}") for name in ("downloaded", "end")],
        )
        for _ in range(2):
            self.attempt(None)

    def attempt(self, problem: str | None) -> None:
        """Store the outcome of an attempt, as the service does."""
        outcome = Failed(reason=problem) if problem else Delivered(status_code=204)
        rules = settings_from({}).callbacks.retry_rules
        self.outbox.save(self.outbox.load(self.origin).after_attempt(outcome, now_s=time.time(), rules=rules))


@pytest.fixture
def reported(run: CommandLine, instance: dg.DagsterInstance) -> OutboxWorld:
    return OutboxWorld(run, instance)


def test_status_counts_callbacks(run: CommandLine, reported: OutboxWorld):
    assert json.loads(run("status", run.job, "--json"))["callbacks"]["delivered"] == 2
    assert "callbacks: 2 callbacks delivered" in run("status", run.job)


def test_replay_waits_and_names_what_is_pending(run: CommandLine, reported: OutboxWorld, monkeypatch):
    monkeypatch.setattr("dub_assets.cli.callbacks._WAIT_S", 0.0)
    error = run("callbacks", "replay", run.job, fails=True)
    assert "0 callbacks delivered, 2 pending" in error
    reported.attempt(None)
    reported.attempt("the consumer was not reached")
    status = json.loads(run("status", run.job, "--json"))["callbacks"]
    assert (status["delivered"], status["pending"]) == (1, 1)
    assert status["problem"] == "the consumer was not reached"
    assert status["next_attempt_at"] is not None
    error = run("callbacks", "replay", run.job, fails=True)
    assert "its callbacks are being delivered: 1 callbacks delivered, 1 pending; the consumer was not reached" in error


# -------------------------------------------------------------------------------------------------------- many jobs


@pytest.fixture
def many(run: CommandLine, instance: dg.DagsterInstance) -> list[str]:
    """Thirty jobs beside the dubbed one, the latest first; the third has failed, the fifth was sent again since."""
    job_ids = [f"job-{number:02}" for number in range(30)]
    instance.add_dynamic_partitions(jobs_partitions.name, job_ids)
    for number, job_id in enumerate(job_ids):
        status = dg.DagsterRunStatus.FAILURE if number in {3, 5} else dg.DagsterRunStatus.SUCCESS
        add_run(instance, job_id, status)
    add_run(instance, "job-05", dg.DagsterRunStatus.QUEUED)
    return ["job-05", *(job_id for job_id in reversed(job_ids) if job_id != "job-05")]


def shown(run: CommandLine, *options: str) -> list[str]:
    return [job["job_id"] for job in json.loads(run("jobs", "--json", *options))["jobs"]]


def test_jobs_are_shown_page_by_page(run: CommandLine, many: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dub_assets.cli.runs._PAGE", 7)
    assert shown(run) == many[:20]
    assert shown(run, "--last", "5", "--skip", "20") == many[20:25]
    assert shown(run, "--last", "20", "--skip", "20") == [*many[20:], run.job]
    assert json.loads(run("jobs", "--json"))["total"] == 31
    assert run("jobs", "--last", "5").endswith("and 26 more: --skip 5 shows the next\n")
    assert shown(run, "--skip", "100") == []


def test_jobs_are_selected_by_the_state_of_their_last_run(run: CommandLine, many: list[str]):
    assert shown(run, "--state", "failed") == ["job-03"]
    assert shown(run, "--state", "waiting") == ["job-05"]
    assert shown(run, "--state", "cancelled") == []
    assert shown(run, "--state", "done", "--last", "3") == many[1:4]
    assert "'odd' is no state of a job: waiting, running, done, failed, cancelled" in run(
        "jobs", "--state", "odd", fails=True
    )


def test_the_store_is_not_listed_for_a_page_of_many_jobs(run: CommandLine, many: list[str], monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("listed")

    monkeypatch.setattr("dub_assets.adapters.storage.local.LocalObjectStore.list", refused)
    assert shown(run) == many[:20]
