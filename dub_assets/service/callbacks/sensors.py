"""The sensors of callbacks. All of them deliver through the one outbox.

Run-status sensors deliver when a run starts and ends. ``callbacks_sensor`` reconciles: it delivers whatever is due,
without depending on an event that an earlier tick has seen. Dagster ticks a sensor at most every 5 s; in between, a
thread delivers what changes (``follower.py``).
"""

import dagster as dg

from dub_assets.service.callbacks.resources import CallbackServices

_WAIT_S = 1.0
"""For how long a tick waits for attempts, so that it can report their outcome. Those that take longer go on."""


@dg.sensor(
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reconciles: delivers all callbacks that are due, and recovers runs that Dagster has lost track of.",
)
def callbacks_sensor(
    context: dg.SensorEvaluationContext, callback_services: dg.ResourceParam[CallbackServices]
) -> dg.SkipReason:
    """Reconcile the outbox with all runs that have callbacks pending; the skip reason says what waits."""
    service = callback_services.service(context.instance)
    callback_services.follow(service)
    return dg.SkipReason(service.reconcile(wait_s=_WAIT_S))


def _status_sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
    """Return the sensor that delivers the callbacks of runs that have just got a status."""

    @dg.run_status_sensor(
        run_status=status,
        name=f"callbacks_of_{status.value.lower()}_runs",
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Delivers the callbacks of runs with the new status {status.value}.",
    )
    def deliver(context: dg.RunStatusSensorContext, callback_services: dg.ResourceParam[CallbackServices]) -> None:
        callback_services.service(context.instance).deliver_changes()
        if context.repository_def:  # Dagster opens an empty log file at each tick that has a run
            context.instance.compute_log_manager.delete_logs(prefix=[context.repository_def.name, context.sensor_name])

    return deliver


_STATUSES = (
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
ALL: list[dg.SensorDefinition] = [callbacks_sensor, *map(_status_sensor, _STATUSES)]
