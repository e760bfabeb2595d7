"""Logs for machines (LOG_FORMAT=json): what Dagster's processes write to their console as a JSON object a line.

Dagster's own JSON logger writes whole events, and their metadata shows lines of the transcript; this one does not.
"""

import logging
import sys
from collections.abc import Mapping

import dagster as dg
from dagster import _loggers
from dagster._core.log_manager import DagsterLogHandler, get_log_record_metadata, has_log_record_metadata

from dub_assets.adapters.telemetry.json_lines import JsonLines
from dub_assets.resources.step_failure import step_failure
from dub_assets.resources.tags import JOB_ID

_PACKAGE = "dub_assets"
_PARTITION = "dagster/partition"
_CONFIG = {
    "log_level": dg.Field(str, is_required=False, default_value="INFO", description="The logger's threshold."),
    "name": dg.Field(str, is_required=False, default_value="dagster", description="The logger's name."),
}


@dg.logger(_CONFIG, description="One JSON object a line: job, stage and what happened; no text of transcripts.")
def json_console_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """The console of a run, for machines."""
    logger = logging.Logger(context.logger_config["name"], context.logger_config["log_level"].upper())  # noqa: LOG001 - as Dagster's
    logger.addHandler(_Console())
    return logger


def log_as_json() -> None:
    """Write the logs of this process as JSON: those of its runs, and what dub_assets logs outside them, in sensors.

    Dagster takes its coloured logger for every run whose configuration names none, and has no setting for another.
    """
    _loggers.colored_console_logger = json_console_logger
    package = logging.getLogger(_PACKAGE)
    if not any(isinstance(handler, _Console) for handler in package.handlers):
        handler = _Console()
        handler.addFilter(lambda _: not any(isinstance(other, DagsterLogHandler) for other in package.handlers))
        package.addHandler(handler)


class _Console(logging.Handler):
    """Writes to what is standard error now: Dagster redirects it while a step runs."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines(_facts))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except (OSError, ValueError):
            self.handleError(record)


def _facts(record: logging.LogRecord) -> Mapping[str, str]:
    """What Dagster knows of a record: the message alone, the run, its job and the stage."""
    if not has_log_record_metadata(record):
        return {}
    told = get_log_record_metadata(record)
    tags = told["job_tags"]
    event = told["dagster_event"]
    facts = {
        "event": told["orig_message"],
        "kind": event.event_type_value if event else None,
        "job_id": tags.get(JOB_ID) or tags.get(_PARTITION),
        "stage": told["step_key"],
        "run_id": told["run_id"],
        "run_of": told["job_name"],
        "error": _error(event),
    }
    return {name: value for name, value in facts.items() if value}


def _error(event: dg.DagsterEvent | None) -> str | None:
    """Return why a step failed: the description of its failure, or the class of another exception."""
    failure = step_failure(event)
    return failure and (failure.description or failure.error_class)
