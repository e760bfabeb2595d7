"""What messages of every task share, and the requests that messages stand for."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from pydantic import Field

from dub_assets.core.request import DubRequest
from dub_assets.service.callbacks.callback_address import checked_callback_url
from dub_assets.service.queue.message_types import Id, MessageRules, Part
from dub_assets.service.segment_request import SegmentMixRequest, SegmentTtsRequest

Request = DubRequest | SegmentMixRequest | SegmentTtsRequest


class Message(Part):
    """A message of any task."""

    task: str | None = None
    """The task's name, in upper or lower case."""
    job_id: Id
    """Identifies the job: 1 to 128 letters, digits, `.`, `_` or `-`, not starting with a dot. Numbers count as text."""
    callback_url: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    """URL that receives the callbacks: http or https, without credentials. `{job_id}` stands for the job's id."""

    @abstractmethod
    def request(self, rules: MessageRules) -> Request:
        """Return the request that the message stands for. Raises InputError if its fields contradict each other."""

    @property
    def callback(self) -> str:
        """The callback URL, with the job's id filled in. Raises InputError."""
        return checked_callback_url(self.callback_url, self.job_id)
