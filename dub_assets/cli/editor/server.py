"""``dub-assets edit``: serves the editing page of a job on this machine, until it is interrupted."""

from __future__ import annotations

import os
import socket
import webbrowser

import uvicorn

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli import interruptions
from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.editor.access import Access
from dub_assets.cli.editor.app import EditorApp
from dub_assets.cli.editor.open_job import OpenJob
from dub_assets.cli.revisions import person
from dub_assets.cli.terminal import write_line
from dub_assets.core.errors import ConfigurationError, InputError
from dub_assets.core.keys import JobKeys
from dub_assets.settings import settings_from

_HOST = "127.0.0.1"


def edit_job(name: str, *, port: int, opens_browser: bool) -> None:
    """Serve the page of the job called ``name`` and print its address.

    Raises InputError if the job has no translation yet, ConfigurationError if the port is taken.
    """
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    keys = JobKeys(request=find_job(archive, name))
    job_id = keys.request.job_id
    _check_editable(archive, keys)

    def open_job(wanted: str) -> OpenJob:
        if wanted != job_id:
            raise InputError(f"this page is about job {job_id}: `dub-assets edit {wanted}` opens another one")
        return OpenJob(keys, archive, settings, person())

    listener = _listen(port)
    access = Access(port=listener.getsockname()[1])
    app = EditorApp(access, open_job, job_id).starlette()
    interruptions.release()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2))
    address = f"http://{_HOST}:{access.port}/?token={access.token}"
    write_line(f"editing {job_id}: {address}")
    write_line("the address is for this machine and for you alone; Ctrl-C ends the page")
    if opens_browser:
        webbrowser.open(address)
    server.run(sockets=[listener])


def _check_editable(archive: JobArchive, keys: JobKeys) -> None:
    if archive.store.head(keys.manifest("translation")) is None:
        job_id = keys.request.job_id
        raise InputError(
            f"job {job_id!r} has no translation yet, so there is nothing to edit: `dub-assets status {job_id}` shows "
            "how far it is"
        )


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen at {_HOST}:{port} ({error.strerror}): give --port another number, or 0 for a free one"
        ) from error
    return listener
