"""Retirement: which jobs are old enough to be taken off the list of partitions, and what becomes of their objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from dub_assets.core.option import one_of, option


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementOptions:
    """When jobs are retired."""

    after_days: Annotated[
        int | None,
        option(
            "JOB_RETIRE_AFTER_DAYS",
            "days after its last run that a job's partition is deleted; unset: never",
            ge=1,
            le=36_500,
        ),
    ] = None
    keep: Annotated[
        int | None,
        option(
            "JOB_RETIRE_KEEP",
            "number of jobs, those with the latest runs, whose partitions are kept at most; unset: all",
            ge=1,
            le=1_000_000,
        ),
    ] = None
    objects: Annotated[
        str,
        one_of("nothing", "interim", "everything"),
        option(
            "JOB_RETIRE_OBJECTS",
            "objects deleted with a partition: nothing; interim (all but results); everything but the input",
        ),
    ] = "nothing"

    @property
    def retires(self) -> bool:
        """Whether any job is ever retired."""
        return self.after_days is not None or self.keep is not None


def jobs_to_retire(last_run_s: Mapping[str, float], *, now_s: float, options: RetirementOptions) -> list[str]:
    """The jobs to retire, the oldest first; ``last_run_s`` has the time (Unix) of each job's last run."""
    by_age = sorted(last_run_s, key=lambda job_id: (last_run_s[job_id], job_id))
    surplus = set(by_age[: max(0, len(by_age) - options.keep)]) if options.keep is not None else set()
    oldest_s = now_s - options.after_days * 86_400 if options.after_days is not None else float("-inf")
    return [job_id for job_id in by_age if job_id in surplus or last_run_s[job_id] < oldest_s]
