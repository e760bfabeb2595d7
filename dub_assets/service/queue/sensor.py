"""``job_queue_sensor``: messages become runs, none is lost and none is run twice. docs/queue.md tells how."""

import dagster as dg

from dub_assets.core.codec import decode, encode
from dub_assets.core.errors import ObjectCorruptError, StorageUnavailableError
from dub_assets.resources.job_context import JobResources
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.service.jobs import ALL
from dub_assets.service.pending_messages import HeldMessage, HeldMessages
from dub_assets.service.queue.consumer import ConsumeResult, MessageConsumer
from dub_assets.service.queue.resources import QueueResource
from dub_assets.service.queue.run_index import RunIndex


@dg.sensor(
    jobs=ALL,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads JOB_QUEUE_URL: writes down what messages ask for, asks for their runs, and deletes a message "
    "once its run is stored.",
)
def job_queue_sensor(
    context: dg.SensorEvaluationContext, queue: QueueResource, job_resources: JobResources
) -> dg.SensorResult | dg.SkipReason:
    """One look at the queue; where there is nothing else to do, it waits for a message.

    It fails, for all to see, where nothing came of it but an error. Not if messages were put away: a look that fails
    keeps its cursor, and they would be put away again.
    """
    if queue.url is None:
        return dg.SkipReason("JOB_QUEUE_URL is not set: there is no queue to read jobs from")
    book = RunIndex(context.instance)
    intake = MessageConsumer(queue, job_resources.storage.archive, book, context.log)
    held = _held(context)
    intake.settle(held)
    room = queue.max_pending_runs - book.waiting()
    if room <= 0:
        reason = f"{queue.max_pending_runs} runs wait for a slot: messages stay in the queue (JOB_MAX_PENDING_RUNS)"
        return _result(ConsumeResult(), skip_reason=reason)
    try:
        intake.take(room, waits=not held)
    except StorageUnavailableError as error:
        return _result(intake.taken, skip_reason=f"nothing is taken from the queue: {error}")
    if intake.taken.faults and not (intake.taken.runs or held):
        raise intake.taken.faults[0]
    return _result(intake.taken, skip_reason=_fates(intake.taken))


def _held(context: dg.SensorEvaluationContext) -> tuple[HeldMessage, ...]:
    """The messages of the cursor; one that cannot be read stands for none: they come again."""
    if not context.cursor:
        return ()
    try:
        return decode(HeldMessages, context.cursor.encode()).messages
    except ObjectCorruptError as error:
        context.log.warning("the cursor is dropped, its messages come again: %s", error)
        return ()


def _result(taken: ConsumeResult, *, skip_reason: str) -> dg.SensorResult:
    job_ids = list(dict.fromkeys(taken.job_ids))
    return dg.SensorResult(
        run_requests=taken.runs,
        cursor=encode(HeldMessages(messages=tuple(taken.held))).decode(),
        dynamic_partitions_requests=[jobs_partitions.build_add_request(job_ids)] if job_ids else [],
        skip_reason=None if taken.runs else skip_reason,
    )


def _fates(taken: ConsumeResult) -> str:
    told = [f"{count} messages {fate}" for fate, count in taken.counts.items()]
    return "; ".join([*told, *taken.refusals]) or "there is no message"
