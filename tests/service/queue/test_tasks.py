"""The list of tasks is complete: a task without one of its parts fails here."""

from __future__ import annotations

import pytest

from dub_assets.service.callbacks.bodies import FIRST_STAGE
from dub_assets.service.callbacks.callback_builders import CALLBACK_BUILDERS
from dub_assets.service.edits.edit_run import EDIT_JOB
from dub_assets.service.jobs import ALL as JOBS
from dub_assets.service.queue.tasks import DEFAULT_TASK, REFUSED, RUN_TASKS, TASKS, find_task
from dub_assets.service.schemas.generate import message_file, schema_files


def test_every_task_with_runs_has_a_callback_builder():
    assert set(CALLBACK_BUILDERS) == {*RUN_TASKS, REFUSED}


def test_every_task_has_a_stage_that_fails_with_a_refused_message():
    assert set(FIRST_STAGE) == set(TASKS)


def test_every_task_has_a_published_schema():
    assert {message_file(name) for name in TASKS} <= set(schema_files())


def test_every_request_has_one_task():
    requests = [task.request for task in TASKS.values()]
    assert len(set(requests)) == len(requests)
    assert {EDIT_JOB, "dub_job"} <= {job.name for job in JOBS}


@pytest.mark.parametrize(
    ("name", "task"),
    [(None, DEFAULT_TASK), (" ", DEFAULT_TASK), ("Segment_Mix", "segment_mix"), ("TTS_BGM_MIX", "segment_mix")],
)
def test_a_task_is_found_by_its_name_or_an_alias_in_any_case(name: str | None, task: str):
    found = find_task(name)
    assert found is not None
    assert found.name == task


@pytest.mark.parametrize("name", ["dance", 3, [], "refused"])
def test_an_unknown_task_is_not_found(name: object):
    assert find_task(name) is None
