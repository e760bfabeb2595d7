"""Retirement: which jobs are old enough to be taken off the list of partitions, and what becomes of their objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementOptions:
    """When jobs are retired. Metadata as in ``options.py``."""

    after_days: int | None = field(
        default=None,
        metadata={
            "env": "JOB_RETIRE_AFTER_DAYS",
            "help": "days after its last run that a job's partition is deleted; unset: never",
            "minimum": 1,
            "maximum": 36_500,
        },
    )
    keep: int | None = field(
        default=None,
        metadata={
            "env": "JOB_RETIRE_KEEP",
            "help": "jobs, those that ran last, whose partitions are kept at most; unset: all",
            "minimum": 1,
            "maximum": 1_000_000,
        },
    )
    objects: str = field(
        default="nothing",
        metadata={
            "env": "JOB_RETIRE_OBJECTS",
            "help": "what is deleted with a partition: nothing; interim (all but results); everything but the input",
            "choices": ("nothing", "interim", "everything"),
        },
    )

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
