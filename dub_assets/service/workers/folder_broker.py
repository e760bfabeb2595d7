"""A broker that is a folder: messages are files, and no server is needed. For one machine.

Kombu's own filesystem transport shows files before they are written, so that a reader can see half of a message and two
processes that start at once half of a table of queues. Here everything is shown by one rename.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from celery.worker import state
from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual
from kombu.utils.json import dumps, loads

URL = "folder://localhost"
_STALE_S = 3600.0


def _is_leaving() -> bool:
    """Whether this process is a worker that was told to end: Celery's loop would look for messages twice more."""
    return state.should_stop is not None and state.should_stop is not False


class Channel(filesystem.Channel):
    """Reads and writes messages: ``<time>_<id>.<queue>.msg``; a name that begins with a dot is no message yet."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # named as kombu names it
        file = Path(self.data_folder_out) / f"{time.time_ns()}_{uuid.uuid4().hex}.{queue}.msg"
        part = file.with_name(f".{file.name}")
        part.write_text(dumps(payload), encoding="utf-8")
        part.rename(file)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - a look waits for nothing
        if _is_leaving():
            raise Empty
        for file in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            if file.name.partition(".")[2] != f"{queue}.msg":  # a queue's name may end like another's
                continue
            taken = file.with_name(f".{uuid.uuid4().hex}.taken")
            try:
                file.rename(taken)
            except FileNotFoundError:
                continue  # another reader was quicker
            message = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(message)
        raise Empty

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        """The queues that are bound to an exchange."""
        try:
            entries = loads(self._exchange_file(exchange).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        return [filesystem.exchange_queue_t(*entry) for entry in entries]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        entry = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing(exchange) as table:
            if entry not in table:
                table.insert(0, entry)

    def _delete(
        self, queue: str, exchange: str, routing_key: str | None, pattern: str | None, *_: Any, **__: Any
    ) -> None:
        self._purge(queue)
        entry = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing(exchange) as table:
            if entry in table:
                table.remove(entry)

    @contextmanager
    def _changing(self, exchange: str) -> Iterator[list[filesystem.exchange_queue_t]]:
        """A table of queues that is written back, by one process at a time."""
        file = self._exchange_file(exchange)
        with (file.parent / ".lock").open("wb") as lock:
            filesystem.lock(lock, filesystem.LOCK_EX)
            table = self.get_table(exchange)
            yield table
            part = file.with_name(f".{file.name}.new")
            part.write_text(dumps(table), encoding="utf-8")
            part.rename(file)


class Transport(filesystem.Transport):
    """The transport of ``folder://``.

    What queues are bound is each connection's own knowledge. Kombu's transport shares it among all of a process, from
    before a table is written, and for folders that have none: what is sent then comes to no queue, without a word.
    """

    Channel = Channel

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.state = virtual.BrokerState()


def register() -> None:
    """Make ``folder://`` known to kombu."""
    TRANSPORT_ALIASES[URL.partition(":")[0]] = f"{__name__}:Transport"


def transport_options(folder: Path) -> dict[str, Any]:
    """How Celery is told of the folder, which is made. A look takes a listing, so there may be five a second."""
    messages, control = folder / "messages", folder / "control"
    for made in (messages, control):
        made.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }


def sweep(folder: Path) -> None:
    """Remove questions and answers that nobody came for: their processes are gone."""
    oldest = time.time() - _STALE_S
    for message in (folder / "messages").glob("*.pidbox.msg"):
        try:
            if message.stat().st_mtime < oldest:
                message.unlink()
        except FileNotFoundError:
            continue  # somebody came after all
