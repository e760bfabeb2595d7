"""JSON logs (``LOG_FORMAT=json``): Dagster's processes write one JSON object a line to their console.

Dagster's own JSON logger writes whole events, whose metadata contains transcript texts; this one does not.
"""

import logging
import sys
from collections.abc import Callable, Mapping

import dagster as dg

from dub_assets.adapters.dagster_private import DagsterLogHandler, log_facts, replace_default_logger
from dub_assets.adapters.telemetry.json_lines import JsonLines
from dub_assets.resources.step_failure import step_failure
from dub_assets.resources.tags import JOB_ID, PARTITION

_PACKAGE = "dub_assets"
_CONFIG = {
    "log_level": dg.Field(str, is_required=False, default_value="INFO", description="The logger's threshold."),
    "name": dg.Field(str, is_required=False, default_value="dagster", description="The logger's name."),
}


@dg.logger(_CONFIG, description="One JSON object a line: job, stage and event, without transcript texts.")
def json_console_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Return the logger of a run's console."""
    logger = logging.Logger(context.logger_config["name"], context.logger_config["log_level"].upper())  # noqa: LOG001 - as Dagster's
    logger.addHandler(_Console())
    return logger


def log_as_json() -> Callable[[], None]:
    """Write the logs of this process as JSON: those of its runs, and those of dub_assets outside of runs, in sensors.

    Must be called before the definitions are built. Returns a function that undoes it.
    """
    previous = replace_default_logger(json_console_logger)
    package = logging.getLogger(_PACKAGE)
    console = _Console()
    console.addFilter(lambda _: not any(isinstance(handler, DagsterLogHandler) for handler in package.handlers))
    if not any(isinstance(handler, _Console) for handler in package.handlers):
        package.addHandler(console)

    def undo() -> None:
        replace_default_logger(previous)
        package.removeHandler(console)

    return undo


class _Console(logging.Handler):
    """Writes to the current standard error, which Dagster redirects while a step runs."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines(_facts))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except (OSError, ValueError):
            self.handleError(record)


def _facts(record: logging.LogRecord) -> Mapping[str, str]:
    """Return what Dagster knows of a record: the plain message, the run, its job and the stage."""
    known = log_facts(record)
    if known is None:
        return {}
    tags, event = known["job_tags"], known["dagster_event"]
    facts = {
        "event": known["orig_message"],
        "kind": event.event_type_value if event else None,
        "job_id": tags.get(JOB_ID) or tags.get(PARTITION),
        "stage": known["step_key"],
        "run_id": known["run_id"],
        "run_of": known["job_name"],
        "error": _error(event),
    }
    return {name: value for name, value in facts.items() if value}


def _error(event: dg.DagsterEvent | None) -> str | None:
    """Return why a step failed: the description of its ``dg.Failure``, else the type of its error."""
    failure = step_failure(event)
    return (failure.description or failure.error_class) if failure else None
