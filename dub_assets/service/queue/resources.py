"""The queue that asks for jobs."""

import dataclasses
from functools import cached_property
from typing import Self

import dagster as dg
from pydantic import Field

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.keys import KeyTemplates
from dub_assets.resources.engines import EnginesResource
from dub_assets.service.queue.message_models import Request
from dub_assets.service.queue.messages import parse
from dub_assets.service.queue.ports import Queue
from dub_assets.service.queue.sqs import SqsQueue
from dub_assets.settings import JobDefaults, Settings


class QueueResource(dg.ConfigurableResource):
    """A queue of Amazon SQS, how much of it is taken at once, and how its messages are read."""

    url: str | None = Field(default=None, description="The queue's URL; without one nothing is read.")
    dead_letter_url: str | None = Field(default=None, description="Queue for messages that can never succeed.")
    visibility_timeout_s: int = Field(default=300, description="Seconds until a message that was not deleted is back.")
    wait_s: int = Field(default=20, ge=0, le=20, description="Seconds that a look at an empty queue waits.")
    max_pending_runs: int = Field(default=10, ge=1, description="Runs that may wait for a slot.")
    max_messages: int = Field(default=100, ge=1, description="Messages taken at one look.")
    max_attempts: int = Field(default=5, ge=1, description="Times a message is taken up in vain.")
    key_prefixes: list[str] = Field(default=["projects/"], description="Where the keys that messages name may lie.")
    engines: dict[str, list[str]] = Field(default={}, description="Engines that messages may name, by stage.")
    region: str = Field(default="ap-northeast-2", description="AWS region of the queue.")
    profile: str | None = Field(default=None, description="Profile of the AWS credentials chain.")
    endpoint_url: str | None = Field(default=None, description="Endpoint, where the queue is not at Amazon's.")
    defaults: dg.ResourceDependency[JobDefaults]
    templates: dg.ResourceDependency[KeyTemplates]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The queue that the settings name."""
        options = settings.queue
        named = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
        return cls(
            **{**named, "key_prefixes": list(options.prefixes)},
            engines=EnginesResource.of(settings).registry().permitted(),
            region=settings.storage.region,
            profile=settings.storage.profile,
            endpoint_url=settings.storage.endpoint_url,
            defaults=settings.defaults,
            templates=settings.keys,
        )

    @cached_property
    def queue(self) -> Queue:
        """The queue. Raises ConfigurationError where none is named."""
        if self.url is None:
            raise ConfigurationError("JOB_QUEUE_URL is not set: name the queue of jobs with it")
        return SqsQueue(
            self.url,
            region=self.region,
            endpoint_url=self.endpoint_url,
            profile=self.profile,
            visibility_timeout_s=self.visibility_timeout_s,
            wait_s=self.wait_s,
            dead_letter_url=self.dead_letter_url,
        )

    @property
    def keeps_order(self) -> bool:
        """Whether the queue is a FIFO queue, which keeps a group's messages back until those before are deleted."""
        return bool(self.url and self.url.endswith(".fifo"))

    def read(self, body: str | bytes) -> Request:
        """What a message asks for. Raises MessageRefusedError."""
        return parse(
            body,
            defaults=self.defaults,
            templates=self.templates,
            allowed_prefixes=self.key_prefixes,
            engines=self.engines,
        )
