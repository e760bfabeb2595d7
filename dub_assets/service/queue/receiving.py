"""Receives messages by several calls at once, so that the time of one answer is not paid for every ten messages."""

import logging
from concurrent.futures import ThreadPoolExecutor

from dub_assets.core.errors import DubError
from dub_assets.service.queue.ports import Queue
from dub_assets.service.received_message import ReceivedMessage

_log = logging.getLogger(__name__)


def receive_together(queue: Queue, most: int, *, calls: int) -> list[ReceivedMessage]:
    """Return the messages of ``calls`` simultaneous calls, each of which receives up to ``most`` and does not wait.

    Raises the error of a call only if no call received anything. Otherwise the error is logged, because received
    messages stay hidden from all consumers until they are handled.
    """
    if calls == 1:
        return queue.receive(most, wait_s=0)
    with ThreadPoolExecutor(calls) as pool:
        answers = [pool.submit(queue.receive, most, wait_s=0) for _ in range(calls)]
    messages: list[ReceivedMessage] = []
    errors: list[DubError] = []
    for answer in answers:
        try:
            messages += answer.result()
        except DubError as error:
            errors.append(error)
    if errors and not messages:
        raise errors[0]
    for failure in errors:
        _log.warning("%s; %d messages were received by other calls", failure, len(messages))
    return messages
