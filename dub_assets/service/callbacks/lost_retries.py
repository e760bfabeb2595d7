"""Repetitions of failed runs that Dagster promised and forgot.

Its daemon reads of a failure in the event log, then looks at the run; one whose status is written between the two is
passed over for good, its promise standing. And where the daemon cannot repeat a run, as while the code server is down,
it takes its promise back. Another failure in the log makes it try again; no run is repeated twice.
"""

from collections.abc import Iterable

import dagster as dg

from dub_assets.service.callbacks.retry_group import Chain, awaits_repetition
from dub_assets.service.callbacks.run_log import retry_failed

_PATIENCE_S = 60.0
"""How long a repetition may take to come; the daemon looks every few seconds."""

_TRIED_AGAIN_AFTER_S = 20.0
"""Seconds after which a repetition that failed is tried again; for an hour, as ``chain.py`` says."""

_STRATEGY = "dagster/retry_strategy"
_REMINDER = "The repetition of this run that was promised has not come: its failure is told again."


def renotify_failures(instance: dg.DagsterInstance, chains: Iterable[Chain], *, now_s: float) -> None:
    """Tell again of failures whose repetitions are overdue, once in a while."""
    retries_enabled = instance.run_retries_enabled
    for chain in chains:
        given_up = retry_failed(chain.last, instance)
        if not given_up and not awaits_repetition(chain.last, retries_enabled=retries_enabled):
            continue
        failures = instance.all_logs(chain.last.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        if failures and now_s - failures[-1].timestamp > (_TRIED_AGAIN_AFTER_S if given_up else _PATIENCE_S):
            if given_up:  # perhaps since no step was left to repeat; what was made is kept in any case
                instance.add_run_tags(chain.last.run_id, {_STRATEGY: "ALL_STEPS"})
            instance.report_run_failed(chain.last, _REMINDER)
