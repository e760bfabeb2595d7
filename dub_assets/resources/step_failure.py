"""The failure of a step, as Dagster's event log stores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dagster as dg


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """Why a step failed.

    ``description`` is that of the ``dg.Failure`` that the step raised: one line that says what to do. It is None if the
    step raised another exception. ``error`` and ``error_class`` are the exception's message and class name.
    """

    step: str
    description: str | None
    error: str
    error_class: str


def step_failure(event: dg.DagsterEvent | None) -> StepFailure | None:
    """Return the failure that an event reports, None if it reports none."""
    if event is None or not event.is_step_failure:
        return None
    data: Any = event.event_specific_data
    error = data.error and (data.error.cause or data.error)
    return StepFailure(
        step=event.step_key or "",
        description=data.user_failure_data.description if data.user_failure_data else None,
        error=error.message.strip() if error else "",
        error_class=error.cls_name or "" if error else "",
    )
