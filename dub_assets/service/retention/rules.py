"""Retention rules: which jobs are deleted from the list of partitions, and which of their objects with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from dub_assets.core.option import one_of, option


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionOptions:
    """Which jobs are kept. Without ``after_days`` and ``keep``, all are."""

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
    def deletes_jobs(self) -> bool:
        """Whether any job is ever deleted."""
        return self.after_days is not None or self.keep is not None


def jobs_to_delete(last_run_s: Mapping[str, float], *, now_s: float, options: RetentionOptions) -> list[str]:
    """Return the jobs to delete, the oldest first; ``last_run_s`` has the Unix time of each job's last run."""
    by_age = sorted(last_run_s, key=lambda job_id: (last_run_s[job_id], job_id))
    surplus = set(by_age[: max(0, len(by_age) - options.keep)]) if options.keep is not None else set()
    oldest_s = now_s - options.after_days * 86_400 if options.after_days is not None else float("-inf")
    return [job_id for job_id in by_age if job_id in surplus or last_run_s[job_id] < oldest_s]
