"""The queue as a Dagster resource."""

from collections.abc import Callable
from functools import cached_property
from typing import Self

import dagster as dg

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import KeyTemplates
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.queue.message_models import Request
from dub_assets.service.queue.messages import parse
from dub_assets.service.queue.options import QueueOptions
from dub_assets.service.queue.ports import Queue
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.settings import JobDefaults, Settings, Storage


class QueueResource(dg.ConfigurableResource):
    """The queue of jobs, and how its messages are parsed. ``engines`` are those that messages may name, by stage."""

    options: dg.ResourceDependency[QueueOptions]
    aws: dg.ResourceDependency[Storage]
    defaults: dg.ResourceDependency[JobDefaults]
    templates: dg.ResourceDependency[KeyTemplates]
    engines: dict[str, list[str]]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the queue that the settings name."""
        return cls(
            options=settings.queue,
            aws=settings.storage,
            defaults=settings.defaults,
            templates=settings.keys,
            engines=EnginesResource.of(settings).registry().permitted(),
        )

    @cached_property
    def queue(self) -> Queue:
        """The queue. Raises ConfigurationError if none is named."""
        if self.options.url is None:
            raise ConfigurationError("JOB_QUEUE_URL is not set: name the queue of jobs with it")
        return SqsQueue(
            self.options.url,
            region=self.aws.region,
            endpoint_url=self.aws.endpoint_url,
            profile=self.aws.profile,
            visibility_timeout_s=self.options.visibility_timeout_s,
            wait_s=self.options.wait_s,
            dead_letter_url=self.options.dead_letter_url,
        )

    @property
    def is_fifo(self) -> bool:
        """Whether the queue is a FIFO queue, which holds a group's messages back until those before are deleted."""
        return bool(self.options.url and self.options.url.endswith(".fifo"))

    def parse(self, body: str | bytes, language_of: Callable[[str], str | None] = lambda _: None) -> Request:
        """Return the request that a message stands for. Raises MessageRefusedError.

        ``language_of`` returns the target language of a job, None if there is no such job.
        """
        return parse(
            body,
            defaults=self.defaults,
            templates=self.templates,
            allowed_prefixes=self.options.key_prefixes,
            engines=self.engines,
            language_of=language_of,
        )
