"""A message broker in a folder, for workers on one machine without a server.

Kombu's own filesystem transport writes files in place: a reader can see half a message, and a process that starts or is
killed can leave half a table of queues. Here every file appears complete, by a rename. docs/decisions/0009 has the
alternatives.
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


def _is_shutting_down() -> bool:
    """Return whether this process is a worker after SIGTERM: Celery's loop would take up to two more messages."""
    return state.should_stop is not None and state.should_stop is not False


class Channel(filesystem.Channel):
    """Reads and writes messages as files ``<time>_<id>.<queue>.msg``, named with a leading dot until complete."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # as in kombu
        file = Path(self.data_folder_out) / f"{time.time_ns()}_{uuid.uuid4().hex}.{queue}.msg"
        part = file.with_name(f".{file.name}")
        part.write_text(dumps(payload), encoding="utf-8")
        part.rename(file)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - polling does not wait
        if _is_shutting_down():
            raise Empty
        for file in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            if file.name.partition(".")[2] != f"{queue}.msg":  # the name of a queue may end like another's
                continue
            taken = file.with_name(f".{uuid.uuid4().hex}.taken")
            try:
                file.rename(taken)
            except FileNotFoundError:
                continue  # another reader has taken it
            message = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(message)
        raise Empty

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        """Return the queues that are bound to an exchange."""
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
        """Yield the table of an exchange's queues under a lock, and store it afterwards."""
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

    Each connection has its own list of bound queues. Kombu's transport shares one in the process, before a table is
    written and with other folders, so messages can silently reach no queue.
    """

    Channel = Channel

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.state = virtual.BrokerState()


def register() -> None:
    """Register ``folder://`` with kombu."""
    TRANSPORT_ALIASES[URL.partition(":")[0]] = f"{__name__}:Transport"


def transport_options(folder: Path) -> dict[str, Any]:
    """Create the folder and return Celery's options for it. Polling lists the folder, five times a second."""
    messages, control = folder / "messages", folder / "control"
    for subfolder in (messages, control):
        subfolder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }


def sweep(folder: Path) -> None:
    """Remove remote-control messages and replies that were not read for an hour: their processes are gone."""
    oldest = time.time() - _STALE_S
    for message in (folder / "messages").glob("*.pidbox.msg"):
        try:
            if message.stat().st_mtime < oldest:
                message.unlink()
        except FileNotFoundError:
            continue  # it has been read now
