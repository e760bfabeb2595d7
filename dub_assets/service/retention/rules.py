"""Retention rules: which jobs are deleted from the list of partitions, and which of their objects with them."""

from __future__ import annotations

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
            "days after its last run that a job's partition and runs are deleted; unset: never",
            ge=1,
            le=36_500,
        ),
    ] = None
    keep: Annotated[
        int | None,
        option(
            "JOB_RETIRE_KEEP",
            "number of jobs, those with the latest runs, whose partitions and runs are kept; unset: all",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """Which jobs one pass retires: the first ``surplus`` ones by age, and those that last ran before ``before_s``."""

    surplus: int
    before_s: float

    @classmethod
    def of(cls, options: RetentionOptions, *, jobs: int, now_s: float) -> Retirement:
        """Return what the options ask for if there are this many jobs."""
        surplus = max(0, jobs - options.keep) if options.keep is not None else 0
        before_s = now_s - options.after_days * 86_400 if options.after_days is not None else float("-inf")
        return cls(surplus=surplus, before_s=before_s)

    def includes(self, last_run_s: float, *, older: int) -> bool:
        """Return whether a job is retired that last ran then; ``older`` jobs have not run since."""
        return older < self.surplus or last_run_s < self.before_s
