"""What dub_assets relies on in Dagster's private modules: each test is a reason why an upgrade of Dagster may fail."""

import inspect
import logging
import re
import warnings
from pathlib import Path

import dagster as dg

import dub_assets
from dub_assets.adapters import dagster_private as private


def test_private_modules_are_imported_in_one_place():
    root = Path(dub_assets.__file__).parent
    private_import = re.compile(r"^\s*(from dagster\._|import dagster\._|from dagster import _)", re.MULTILINE)
    importers = [path for path in root.rglob("*.py") if private_import.search(path.read_text(encoding="utf-8"))]
    assert [path.relative_to(root).as_posix() for path in importers] == ["adapters/dagster_private.py"]


def test_a_run_worker_executes_a_run_by_id_and_returns_an_exit_status():
    from dagster._cli.api import _execute_run_command_body

    parameters = inspect.signature(_execute_run_command_body).parameters
    assert [*parameters][:3] == ["run_id", "instance", "write_stream_fn"]
    assert "set_exit_code_on_failure" in parameters


def test_the_arguments_of_a_run_have_the_fields_that_launchers_fill():
    fields = set(private.ExecuteRunArgs._fields)
    assert {"job_origin", "run_id", "instance_ref", "set_exit_code_on_failure"} <= fields


def test_a_launcher_reports_the_health_of_a_run_by_these_states():
    assert {"RUNNING", "NOT_FOUND", "FAILED", "SUCCESS", "UNKNOWN"} <= {state.name for state in private.WorkerStatus}
    assert private.CheckRunHealthResult(private.WorkerStatus.FAILED, msg="lost").msg == "lost"


def test_ticks_and_step_failures_have_the_states_that_metrics_and_commands_read():
    assert {"SENSOR", "SCHEDULE"} <= {kind.name for kind in private.InstigatorType}
    assert {"SUCCESS", "FAILURE", "SKIPPED", "STARTED"} <= {state.name for state in private.TickStatus}
    assert private.ErrorSource.INTERRUPT.name == "INTERRUPT"
    assert "error_source" in private.StepFailureData._fields


def test_the_default_logger_can_be_replaced_and_restored():
    @dg.logger
    def quiet(_: dg.InitLoggerContext) -> logging.Logger:
        return logging.Logger("quiet")  # noqa: LOG001

    previous = private.replace_default_logger(quiet)
    try:
        assert default_loggers() == {"console": quiet}
    finally:
        assert private.replace_default_logger(previous) is quiet
    assert default_loggers() == {"console": previous}


def default_loggers() -> dict[str, dg.LoggerDefinition]:
    from dagster._loggers import default_loggers as of_dagster

    return dict(of_dagster())


def test_records_of_a_run_carry_its_facts_and_others_none():
    facts: list[dict[str, object] | None] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            facts.append(private.log_facts(record))

    @dg.logger
    def keeping(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("keeping")  # noqa: LOG001
        logger.addHandler(Keep())
        return logger

    @dg.op
    def speaking(context: dg.OpExecutionContext) -> None:
        context.log.info("one line")

    @dg.job(logger_defs={"keeping": keeping}, tags={"dub/job_id": "talk-1"})
    def job() -> None:
        speaking()

    assert job.execute_in_process(run_config={"loggers": {"keeping": {}}}).success
    (line,) = [known for known in facts if known and known["orig_message"] == "one line"]
    assert {line["job_name"], line["step_key"]} == {"job", "speaking"}
    assert line["job_tags"]["dub/job_id"] == "talk-1"
    assert {"run_id", "dagster_event"} <= line.keys()
    assert private.log_facts(logging.LogRecord("x", 20, "", 0, "outside", None, None)) is None


def test_the_result_of_a_blocking_check_can_be_reported_without_blocking():
    partitions = dg.StaticPartitionsDefinition(["talk-1"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        check = dg.AssetCheckSpec("passes", asset="text", blocking=True, partitions_def=partitions)

    @dg.asset(check_specs=[check], partitions_def=partitions)
    def text(context: dg.AssetExecutionContext):
        yield dg.Output("Boa noite.")
        yield from private.report_only(dg.AssetCheckResult(passed=False), context)

    @dg.asset(deps=[text], partitions_def=partitions)
    def speech() -> None:
        """Is made all the same."""

    result = dg.materialize([text, speech], partition_key="talk-1")
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.blocking, evaluation.partition) == (False, False, "talk-1")
    assert evaluation.target_materialization_data.run_id == result.run_id
    assert result.asset_materializations_for_node("speech")
