"""What lies around Dagster: the queue of jobs, its dead letters, and the GPUs of this machine."""

from collections.abc import Iterator
from functools import partial

from prometheus_client import Metric

from dub_assets.service.metrics.cloudwatch import QueueAge, cloudwatch_client
from dub_assets.service.metrics.gpu import gpu_memory
from dub_assets.service.metrics.sources import Source, gauge
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.settings import Settings


def queue_sources(settings: Settings) -> dict[str, Source]:
    """A source for each queue that the settings name, and one for the age of the first one's messages."""
    place, sources = settings.storage, dict[str, Source]()
    connected = partial(SqsQueue, region=place.region, endpoint_url=place.endpoint_url, profile=place.profile, wait_s=0)
    if settings.queue.url:
        sources["queue"] = partial(_depth, "dub_queue_messages", connected(settings.queue.url))
        connect = partial(
            cloudwatch_client, region=place.region, endpoint_url=place.endpoint_url, profile=place.profile
        )
        sources["queue_age"] = partial(_age, QueueAge(settings.queue.url, connect=connect))
    if settings.queue.dead_letter_url:
        sources["dead_letters"] = partial(_depth, "dub_dead_letters", connected(settings.queue.dead_letter_url))
    return sources


def gpus_now() -> Iterator[Metric]:
    """The memory of each GPU of this machine; nothing where it has none."""
    gpus = gpu_memory()
    for kind in ("used", "total"):
        values = {(gpu.index, gpu.name): float(getattr(gpu, f"{kind}_bytes")) for gpu in gpus}
        yield gauge(f"dub_gpu_memory_{kind}_bytes", f"Memory of a GPU, {kind}.", values, ("gpu", "name"))


def _depth(name: str, queue: SqsQueue) -> Iterator[Metric]:
    depth = queue.depth()
    values = {("waiting",): depth.waiting, ("in_flight",): depth.in_flight, ("delayed",): depth.delayed}
    yield gauge(name, "Messages of the queue, approximately.", values, ("state",))


def _age(age: QueueAge) -> Iterator[Metric]:
    """Nothing where CloudWatch has no recent report."""
    oldest_s = age.oldest_message_s()
    if oldest_s is not None:
        yield gauge("dub_queue_oldest_message_seconds", "Age of the queue's oldest message.", {(): oldest_s})
