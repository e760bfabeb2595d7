"""``job_queue_sensor``: turns messages into runs."""

import dagster as dg

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import ObjectCorruptError, StorageUnavailableError
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.cancellation import Cancellations
from dub_assets.service.jobs import ALL
from dub_assets.service.pending_messages import HeldMessage, HeldMessages
from dub_assets.service.queue.consumer import ConsumeResult, MessageConsumer
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.run_index import RunIndex


@dg.sensor(
    jobs=ALL,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads JOB_QUEUE_URL: stores what messages ask for, requests their runs, and deletes a message once "
    "its run is stored.",
)
def job_queue_sensor(
    context: dg.SensorEvaluationContext, queue: QueueResource, job_resources: JobResources
) -> dg.SensorResult | dg.SkipReason:
    """Consume messages for one tick; if there are none, wait for some.

    The tick fails if errors were its only result, so that the UI shows it. It does not fail if it held messages: a tick
    that fails keeps its cursor, and they would be settled again.
    """
    if queue.options.url is None:
        return dg.SkipReason("JOB_QUEUE_URL is not set: there is no queue to read jobs from")
    runs, archive = RunIndex(context.instance), job_resources.storage.archive
    consumer = MessageConsumer(queue, archive, runs, Cancellations(context.instance, archive), lambda: context.log)
    held = _held(context)
    consumer.settle(held)
    max_pending = queue.options.max_pending_runs
    max_runs = max_pending - runs.waiting()
    if max_runs <= 0:
        reason = f"{max_pending} runs wait for a slot: messages stay in the queue (JOB_MAX_PENDING_RUNS)"
        return _sensor_result(ConsumeResult(), skip_reason=reason)
    try:
        consumer.consume(max_runs, waits=not held)
    except StorageUnavailableError as error:
        return _sensor_result(consumer.result, skip_reason=f"nothing is taken from the queue: {error}")
    if consumer.result.errors and not (consumer.result.runs or held):
        raise consumer.result.errors[0]
    return _sensor_result(consumer.result, skip_reason=_summary(consumer.result))


def _held(context: dg.SensorEvaluationContext) -> tuple[HeldMessage, ...]:
    """Return the messages of the cursor; none if it cannot be read: they are then delivered again."""
    if not context.cursor:
        return ()
    try:
        return decode(HeldMessages, context.cursor.encode()).messages
    except ObjectCorruptError as error:
        context.log.warning("the cursor cannot be read, its messages will be delivered again: %s", error)
        return ()


def _sensor_result(result: ConsumeResult, *, skip_reason: str) -> dg.SensorResult:
    job_ids = list(dict.fromkeys(result.job_ids))
    return dg.SensorResult(
        run_requests=result.runs,
        cursor=encode(HeldMessages(messages=tuple(result.held))).decode(),
        dynamic_partitions_requests=[jobs_partitions.build_add_request(job_ids)] if job_ids else [],
        skip_reason=None if result.runs else skip_reason,
    )


def _summary(result: ConsumeResult) -> str:
    counts = [f"{count} messages {fate}" for fate, count in result.counts.items()]
    return "; ".join([*counts, *result.refusals]) or "there is no message"
