"""The routes of the editing page."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dub_assets.cli.editor.access import Access, AccessMiddleware
from dub_assets.cli.editor.open_job import OpenJob
from dub_assets.core.errors import DubError, InputError
from dub_assets.core.object_key import content_type_of
from dub_assets.core.text import MAX_TEXT_CHARACTERS

PAGE = Path(__file__).parent / "page"
_MAX_BODY_BYTES = 1 << 20
_KEEP_ALIVE_S = 15.0
_KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""Sounds have their checksum in the address, so browsers may keep them."""


class EditorApp:
    """The page of the jobs that ``open_job`` opens; ``home`` is the job to which the entrance leads."""

    def __init__(self, access: Access, open_job: Callable[[str], OpenJob], home: str) -> None:
        self._access = access
        self._open_job = open_job
        self._home = home
        self._jobs: dict[str, OpenJob] = {}
        self._opening = asyncio.Lock()
        self._templates = Environment(loader=FileSystemLoader(PAGE), autoescape=True)

    def starlette(self) -> Starlette:
        """Return the application."""
        job = "/jobs/{job}"
        return Starlette(
            routes=[
                Route("/", self._enter),
                Mount("/page", StaticFiles(directory=PAGE)),
                Route(f"{job}/", self._page),
                Route(f"{job}/state", self._state),
                Route(f"{job}/events", self._events),
                Route(f"{job}/edits", self._edit, methods=["POST"]),
                Route(f"{job}/predictions", self._predict, methods=["POST"]),
                Route(f"{job}/revisions", self._revisions),
                Route(f"{job}/revisions/{{first:int}}/{{second:int}}", self._compare),
                Route(f"{job}/video/{{track}}", self._video),
                Route(f"{job}/peaks", self._peaks),
                Route(f"{job}/segments/{{segment}}/{{sound}}", self._sound),
            ],
            middleware=[Middleware(AccessMiddleware, access=self._access)],
            exception_handlers={DubError: _refuse},
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.gather(*(job.close() for job in self._jobs.values()))

    async def _job(self, request: Request) -> OpenJob:
        """Return the job of a request, opened if necessary. Raises HTTPException if there is none."""
        name = request.path_params["job"]
        async with self._opening:
            if name not in self._jobs:
                try:
                    self._jobs[name] = await run_in_threadpool(self._open_job, name)
                except InputError as error:
                    raise HTTPException(404, str(error)) from error
                await self._jobs[name].start()
        return self._jobs[name]

    async def _enter(self, request: Request) -> Response:
        if not self._access.admits(request.query_params.get("token", request.cookies.get(self._access.cookie, ""))):
            return PlainTextResponse("open the address that `dub-assets edit` printed\n", status_code=401)
        response = RedirectResponse(f"/jobs/{self._home}/", status_code=303)
        self._access.remember(response)
        return response

    async def _page(self, request: Request) -> Response:
        job = await self._job(request)
        page = self._templates.get_template("index.html").render(
            job_id=job.keys.request.job_id, form_token=self._access.form_token, editor=job.person
        )
        return Response(page, media_type="text/html")

    async def _state(self, request: Request) -> Response:
        job = await self._job(request)
        return JSONResponse({**await run_in_threadpool(job.view), **job.edits.state})

    async def _events(self, request: Request) -> Response:
        job = await self._job(request)
        return StreamingResponse(_event_stream(job), media_type="text/event-stream")

    async def _edit(self, request: Request) -> Response:
        job = await self._job(request)
        body = await _json_body(request)
        by = str(body.get("by") or job.person)[:80]
        edit = await job.submit(body.get("change"), by)
        return JSONResponse({"edit": edit}, status_code=202)

    async def _predict(self, request: Request) -> Response:
        job = await self._job(request)
        body = await _json_body(request)
        text = str(body.get("text", ""))[:MAX_TEXT_CHARACTERS]
        return JSONResponse(await job.edits.predict(str(body.get("segment", "")), text))

    async def _revisions(self, request: Request) -> Response:
        job = await self._job(request)
        return JSONResponse({"revisions": await run_in_threadpool(job.revisions)})

    async def _compare(self, request: Request) -> Response:
        job = await self._job(request)
        numbers = request.path_params["first"], request.path_params["second"]
        return JSONResponse({"changes": await run_in_threadpool(job.compare, *numbers)})

    async def _video(self, request: Request) -> Response:
        job = await self._job(request)
        media = await run_in_threadpool(job.video, request.path_params["track"])
        if media is None:
            raise HTTPException(404, "there is no such video yet")
        path = await run_in_threadpool(job.archive.workspace.open, media)
        return FileResponse(path, media_type=content_type_of(media.key))

    async def _peaks(self, request: Request) -> Response:
        job = await self._job(request)
        peaks = await run_in_threadpool(job.peaks)
        lines = {name: base64.b64encode(line).decode() for name, line in peaks.lines.items()}
        return JSONResponse({"original": base64.b64encode(peaks.original).decode(), "lines": lines})

    async def _sound(self, request: Request) -> Response:
        job = await self._job(request)
        segment, sound = request.path_params["segment"], request.path_params["sound"]
        content = await run_in_threadpool(job.sound, segment, sound)
        if content is None:
            raise HTTPException(404, "there is no such sound yet")
        return Response(content, media_type="audio/wav", headers=_KEPT)


async def _event_stream(job: OpenJob) -> AsyncIterator[str]:
    """Yield the job's events as server-sent events, with a comment now and then that keeps the connection."""
    yield "retry: 1000\n\n"
    events = job.edits.follow()
    following = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=_KEEP_ALIVE_S)
            if not done:
                yield ": waiting\n\n"
                continue
            yield f"data: {json.dumps(following.result())}\n\n"
            following = asyncio.ensure_future(anext(events))
    finally:
        following.cancel()


async def _json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises HTTPException if it is none, or too large."""
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415, "a change is JSON")
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MAX_BODY_BYTES:
            raise HTTPException(413, "the change is too large")
    try:
        body = json.loads(content)
    except ValueError as error:
        raise HTTPException(400, "this is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "a change is a JSON object")
    return body


async def _refuse(_: Request, error: Exception) -> Response:
    status = 422 if isinstance(error, InputError) else 503
    return JSONResponse({"error": str(error)}, status_code=status)
