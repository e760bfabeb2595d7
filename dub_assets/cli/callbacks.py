"""``dub-assets callbacks replay``, and the state of a job's callbacks as ``status`` shows it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import dagster as dg

from dub_assets.cli.archive import open_archive
from dub_assets.cli.cancel import known_job
from dub_assets.cli.runs import iso_time
from dub_assets.cli.terminal import write_json, write_line
from dub_assets.core.errors import DubError, InputError
from dub_assets.service.callbacks.outbox import Outbox
from dub_assets.service.callbacks.replay import deliver_again
from dub_assets.service.callbacks.retry_groups import retry_groups_of
from dub_assets.service.dagster_home import local_instance
from dub_assets.service.job_runs import runs_of
from dub_assets.settings import settings_from

_WAIT_S = 30.0
_POLL_S = 0.5


class NotDeliveredError(DubError):
    """Callbacks that are sent again have not all been acknowledged yet."""


def replay_callbacks(name: str, *, as_json: bool) -> None:
    """Have the service send a job's callbacks again, wait for it, and print what became of them.

    Raises InputError if there is nothing to send again, NotDeliveredError if some were not acknowledged in 30 s.
    """
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    with local_instance(settings) as instance:
        job_id = known_job(name, instance, archive)
        outbox, count = Outbox(archive), deliver_again(instance, archive, job_id)
        state = callback_state(_runs(instance, job_id), outbox)
        if not count:
            raise InputError(f"job {job_id}: {_nothing_to_send(state)}")
        if not as_json:
            write_line(f"job {job_id}: {count} callbacks are sent again")
        until = time.monotonic() + _WAIT_S
        while state["pending"] and not state["problem"] and time.monotonic() < until:
            time.sleep(_POLL_S)
            state = callback_state(_runs(instance, job_id), outbox)
    if as_json:
        write_json({"job_id": job_id, "sent_again": count, "callbacks": state})
    if state["pending"] or state["lost"]:
        raise NotDeliveredError(f"job {job_id}: {callback_summary(state)}")
    if not as_json:
        write_line(f"job {job_id}: {callback_summary(state)}")


def callback_state(runs: Sequence[dg.DagsterRun], outbox: Outbox) -> dict[str, Any]:
    """Return the state of the callbacks of a job's runs, which are in the order of their creation.

    ``pending`` counts stored callbacks; more may follow while a run goes on. ``problem`` is that of the last attempt.
    """
    state: dict[str, Any] = {"delivered": 0, "pending": 0, "lost": [], "problem": None, "next_attempt_at": None}
    for group in retry_groups_of(runs):
        if not group.has_recipient:
            continue
        entry = outbox.load(group.origin)
        delivery, losses = entry.delivery, entry.losses()
        state["delivered"] += delivery.settled - len(losses)
        state["pending"] += len(entry.sealed) - delivery.settled
        state["lost"] += losses
        if not entry.is_settled and state["problem"] is None:
            state["problem"] = delivery.problem
            state["next_attempt_at"] = iso_time(delivery.due_s or None)
    return state


def callback_summary(state: dict[str, Any]) -> str:
    """Return the state of callbacks in one line."""
    parts = [f"{state['delivered']} callbacks delivered"]
    if state["pending"]:
        parts.append(f"{state['pending']} pending")
    if state["lost"]:
        parts.append(f"{len(state['lost'])} lost ({state['lost'][-1]})")
    line = ", ".join(parts)
    if state["problem"]:
        return f"{line}; {state['problem']}; next attempt at {state['next_attempt_at']}"
    return line


def _nothing_to_send(state: dict[str, Any]) -> str:
    if state["pending"]:
        return f"its callbacks are being delivered: {callback_summary(state)}"
    return "it has no stored callbacks: its messages named no callback_url, or its runs have not ended"


def _runs(instance: dg.DagsterInstance, job_id: str) -> list[dg.DagsterRun]:
    return [record.dagster_run for record in reversed(runs_of(instance, job_id))]
