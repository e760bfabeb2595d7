"""Which jobs are retired."""

from __future__ import annotations

import pytest

from dub_assets.service.retention.rules import RetirementOptions, jobs_to_retire

DAY_S = 86_400.0
NOW_S = 100 * DAY_S
JOBS = {"new": NOW_S, "week": NOW_S - 7 * DAY_S, "month": NOW_S - 30 * DAY_S}


@pytest.mark.parametrize(
    ("options", "retired"),
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
def test_jobs_are_retired_by_age_or_number_the_oldest_first(options, retired):
    assert jobs_to_retire(JOBS, now_s=NOW_S, options=RetirementOptions(**options)) == retired


def test_without_options_no_job_is_ever_retired():
    assert not RetirementOptions().retires
    assert RetirementOptions(keep=1).retires
