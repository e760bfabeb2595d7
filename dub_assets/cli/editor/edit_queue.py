"""The edits of a job that is open in the page: its worker process, the edits that wait, and everyone who follows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from itertools import count
from typing import Any

from dub_assets.cli.app import NOT_FOR_USERS

_END_WITHIN_S = 20.0
_LOST = "the process that runs edits was ended, for example because memory was short: make the change again"


class EditQueue:
    """Hands edits to the worker one by one and passes its events on to all open pages."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._numbers = count(1)
        self._followers: set[asyncio.Queue[Mapping[str, Any]]] = set()
        self._open: dict[str, dict[str, Any]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._is_ready = False
        self._voices: list[str] = []
        self._predictions: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @property
    def state(self) -> dict[str, Any]:
        """The edits that have not ended, with the latest event of each, and whether the worker's engines are loaded."""
        return {"edits": list(self._open.values()), "is_ready": self._is_ready, "voices": self._voices}

    async def start(self) -> None:
        """Start the worker unless it runs."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            read_end, write_end = os.pipe()
            command = [sys.executable, "-m", "dub_assets.cli.editor.worker", self._job_id, str(write_end)]
            warnings_off = ",".join(f"ignore:{message}" for message in NOT_FOR_USERS)
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(write_end,),
                start_new_session=True,  # an interrupt in the terminal ends the server, which then ends the worker
                env={"PYTHONWARNINGS": warnings_off, **os.environ},
            )
            os.close(write_end)
            self._reader = asyncio.create_task(self._read(read_end))

    async def submit(self, change: Mapping[str, Any], by: str) -> str:
        """Hand an edit to the worker and return its number."""
        await self.start()
        edit = str(next(self._numbers))
        self._open[edit] = {
            "edit": edit,
            "event": "queued",
            "segments": _segments(change),
            "speaks": bool(change.get("texts") or change.get("voices")),
            "kind": _kind(change),
            "restore": change.get("restore"),
            "by": by,
        }
        self._publish(self._open[edit])
        await self._send({"edit": edit, "change": change, "by": by})
        return edit

    async def predict(self, segment: str, text: str) -> dict[str, Any]:
        """Return the predicted length of a text, as ``prediction.predict`` does; empty if nothing is known."""
        await self.start()
        number = str(next(self._numbers))
        waiting = self._predictions[number] = asyncio.get_running_loop().create_future()
        await self._send({"prediction": number, "segment": segment, "text": text})
        result: dict[str, Any] = await waiting
        return result

    async def follow(self) -> AsyncIterator[Mapping[str, Any]]:
        """Yield all events from now on."""
        events: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._followers.add(events)
        try:
            while True:
                yield await events.get()
        finally:
            self._followers.discard(events)

    def publish(self, event: str, **details: Any) -> None:
        """Pass an event of the server's own on to all open pages."""
        self._publish({"event": event, **details})

    async def close(self) -> None:
        """End the worker once its edit has ended, or after a while."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_WITHIN_S)
        except TimeoutError:
            process.terminate()
            await process.wait()

    async def _send(self, request: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise RuntimeError("the worker was not started")
        process.stdin.write(json.dumps(request).encode() + b"\n")
        with contextlib.suppress(ConnectionError):  # it has ended, which `_read` reports
            await process.stdin.drain()

    async def _read(self, descriptor: int) -> None:
        """Pass the worker's events on until it ends; edits that it did not end have failed."""
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb")
        )
        try:
            async for line in stream:
                self._note(json.loads(line))
        finally:
            transport.close()
            self._is_ready = False
            for waiting in self._predictions.values():
                waiting.set_result({})
            self._predictions.clear()
            for edit in list(self._open):
                self._note({"event": "failed", "edit": edit, "error": _LOST, "conflict": []})

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "predicted":
            self._predictions.pop(event["prediction"]).set_result(event["result"])
            return
        if event["event"] == "ready":
            self._is_ready, self._voices = True, event["voices"]
        known = self._open.get(event.get("edit", ""))
        if known is not None:
            event = {**known, **event}
            if event["event"] in {"done", "failed"}:
                del self._open[event["edit"]]
            else:
                self._open[event["edit"]] = event
        self._publish(event)

    def _publish(self, event: Mapping[str, Any]) -> None:
        for follower in self._followers:
            follower.put_nowait(event)


def _kind(change: Mapping[str, Any]) -> str:
    """Return what a change is: an edit of a segment, a new text, gains, a note, a restored revision, or a rebuild."""
    if edited := change.get("segment_edit"):
        return str(edited.get("kind"))
    if change.get("restore") is not None:
        return "restore"
    kinds = {"texts": "text", "voices": "text", "gains": "gains", "notes": "note", "checked": "note"}
    return next((kind for part, kind in kinds.items() if change.get(part)), "rebuild")


def _segments(change: Mapping[str, Any]) -> list[str]:
    """Return the names of the segments that a change is about."""
    parts = ("texts", "gains", "voices", "notes", "checked")
    edited = change.get("segment_edit") or {}
    names = {name for part in parts for name in change.get(part) or {}} | {edited.get("segment")}
    return sorted(name for name in names if name)
