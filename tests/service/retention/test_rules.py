"""Which jobs are deleted."""

from __future__ import annotations

import pytest

from dub_assets.service.retention.rules import RetentionOptions, Retirement

DAY_S = 86_400.0
NOW_S = 100 * DAY_S
JOBS = {"month": NOW_S - 30 * DAY_S, "week": NOW_S - 7 * DAY_S, "new": NOW_S}


@pytest.mark.parametrize(
    ("options", "deleted"),
    [
        ({}, []),
        ({"after_days": 31}, []),
        ({"after_days": 30}, []),
        ({"after_days": 29}, ["month"]),
        ({"after_days": 1}, ["month", "week"]),
        ({"keep": 3}, []),
        ({"keep": 1}, ["month", "week"]),
        ({"keep": 2, "after_days": 1}, ["month", "week"]),
    ],
)
def test_deletes_jobs_by_age_or_number_the_oldest_first(options, deleted):
    retirement = Retirement.of(RetentionOptions(**options), jobs=len(JOBS), now_s=NOW_S)
    included = [
        job_id
        for older, (job_id, last_run_s) in enumerate(JOBS.items())
        if retirement.includes(last_run_s, older=older)
    ]
    assert included == deleted


def test_deletes_no_job_without_options():
    assert not RetentionOptions().deletes_jobs
    assert RetentionOptions(keep=1).deletes_jobs
