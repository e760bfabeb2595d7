"""The link server: opens objects in a browser, for the links in Dagster's UI.

Files of a local store are served; for an object in a bucket, the browser is redirected to a signed URL that is made for
this request, so that no signature is ever stored. The server listens on the loopback address only. It opens results and
the media that they are made of, and lists nothing. It refuses requests with another host name, so that pages of other
sites cannot read from it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dub_assets.adapters.storage.s3 import S3ObjectStore
from dub_assets.core.errors import ConfigurationError, DubError
from dub_assets.core.object_key import CONTENT_TYPES, content_type_of, is_key
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import settings_from

HOST = "127.0.0.1"
_PRIVATE = "jobs/"
"""Prefix of the keys of requests and callbacks, which contain addresses of clients."""

_SIGNED_S = 3600
"""Seconds that a signed URL is valid: long enough to watch the video that it opens."""

_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def link_app(store: Path | S3ObjectStore) -> Starlette:
    """Return the application that opens the objects of a bucket, or those below a folder, by their keys."""

    def serve(request: Request) -> Response:
        key = request.path_params["key"]
        answer = _file(store, key) if isinstance(store, Path) else _redirect(store, key)
        return answer or PlainTextResponse(f"there is no file {key} here\n", status_code=404, headers=_HEADERS)

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)
    return Starlette(routes=[Route("/{key:path}", serve, methods=["GET", "HEAD"])], middleware=[hosts])


def serve_links(store: Path | S3ObjectStore, port: int) -> None:
    """Serve until standard input ends. Raises ConfigurationError if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen at {HOST}:{port} ({error.strerror}): links to files in the UI do not open; end the "
            "process that uses the port, or set DUB_ASSETS_FILES_PORT to another one"
        ) from error
    server = uvicorn.Server(uvicorn.Config(link_app(store), log_level="warning", access_log=False))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _file(root: Path, key: str) -> Response | None:
    """Return the file of a key, or None if it does not exist or must not be served."""
    path = root / key
    if not _is_served(key) or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        return None
    return FileResponse(path, media_type=content_type_of(key), headers=_HEADERS)


def _redirect(store: S3ObjectStore, key: str) -> Response | None:
    """Return a redirection to an object of a bucket, or None if it does not exist or must not be served."""
    try:
        if not _is_served(key) or store.head(key) is None:
            return None
        headers = _HEADERS | {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(store.signed_url(key, expires_s=_SIGNED_S), status_code=302, headers=headers)
    except DubError as error:
        return PlainTextResponse(f"{error}\n", status_code=502, headers=_HEADERS)


def _is_served(key: str) -> bool:
    return is_key(key) and not key.startswith(_PRIVATE) and Path(key).suffix.lower() in CONTENT_TYPES


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


def main(arguments: Sequence[str]) -> None:
    """Serve the bucket of this environment's settings, or a folder: ``file_server PORT [FOLDER]``."""
    port, *folder = arguments
    store = Path(folder[0]) if folder else StorageResource.of(settings_from(os.environ)).archive.store
    if not isinstance(store, Path | S3ObjectStore):
        raise ConfigurationError("AWS_S3_BUCKET is not set: name the folder to serve")
    serve_links(store, int(port))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ConfigurationError as taken:
        sys.stderr.write(f"dub-assets: {taken}\n")
        sys.exit(1)
