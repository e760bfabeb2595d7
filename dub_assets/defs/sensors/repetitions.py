"""Repetitions of failed runs that Dagster promised and forgot.

Its daemon reads of a failure in the event log, then looks at the run; one whose status is written between the two is
passed over for good, its promise standing. Another failure in the log makes it look again; no run is repeated twice.
"""

from collections.abc import Iterable

import dagster as dg

from dub_assets.defs.chain import Chain, awaits_repetition

_PATIENCE_S = 60.0
"""How long a repetition may take to come; the daemon looks every few seconds."""

_REMINDER = "The repetition of this run that was promised has not come: its failure is told again."


def remind(instance: dg.DagsterInstance, chains: Iterable[Chain], *, now_s: float) -> None:
    """Tell again of failures whose repetitions are overdue, once in a while."""
    retries_enabled = instance.run_retries_enabled
    for chain in chains:
        if not awaits_repetition(chain.last, retries_enabled=retries_enabled):
            continue
        failures = instance.all_logs(chain.last.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        if failures and now_s - failures[-1].timestamp > _PATIENCE_S:
            instance.report_run_failed(chain.last, _REMINDER)
