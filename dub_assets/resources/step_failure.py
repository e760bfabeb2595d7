"""The failure of a step, as Dagster's event log stores it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dub_assets.adapters.dagster_private import DagsterAssetCheckFailedError, DagsterExecutionInterruptedError
from dub_assets.core.errors import ErrorCode, error_code_of
from dub_assets.stages.quality.values import refusal_line

_CODES: Mapping[str, ErrorCode] = {
    DagsterAssetCheckFailedError.__name__: "quality_check",
    DagsterExecutionInterruptedError.__name__: "cancelled",
}
"""The codes of Dagster's own errors by class name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """Why a step failed.

    ``description`` is that of the ``dg.Failure`` that the step raised: one line that says what to do. It is None if the
    step raised another exception. ``error`` and ``error_class`` are the message and the class name of the exception, or
    of its cause.
    """

    step: str
    description: str | None
    error: str
    error_class: str

    @property
    def error_code(self) -> ErrorCode:
        """The code for programs."""
        return _CODES.get(self.error_class) or error_code_of(self.error_class)


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


def refusal(events: Iterable[dg.DagsterEvent]) -> str | None:
    """Return in one line which blocking checks failed in a run, and why; None if none did."""
    failed = [
        f"{check.check_name} ({check.description})"
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        for check in [event.asset_check_evaluation_data]
        if check.blocking and not check.passed
    ]
    return refusal_line(failed) if failed else None
