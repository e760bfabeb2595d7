"""Serves the files of a local store to a browser on this machine, for the links in Dagster's UI.

A browser does not follow ``file://`` links of an ``http://`` page. The server listens on the loopback address only. It
serves results and the media that they are made of, and lists nothing. It refuses requests with another host name, so
that pages of other sites cannot read from it.
"""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from dub_assets.core.errors import ConfigurationError
from dub_assets.core.object_key import CONTENT_TYPES, content_type_of, is_key

HOST = "127.0.0.1"
_PRIVATE = "jobs/"
"""Prefix of the keys of requests and callbacks, which contain addresses of clients."""

_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def file_app(root: Path) -> Starlette:
    """Return the application that serves the objects below ``root`` by their keys."""

    def serve(request: Request) -> Response:
        key = request.path_params["key"]
        path = _served_path(root, key)
        if path is None:
            return PlainTextResponse(f"there is no file {key} here\n", status_code=404, headers=_HEADERS)
        return FileResponse(path, media_type=content_type_of(key), headers=_HEADERS)

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)
    return Starlette(routes=[Route("/{key:path}", serve, methods=["GET", "HEAD"])], middleware=[hosts])


def serve_files(root: Path, port: int) -> None:
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
    server = uvicorn.Server(uvicorn.Config(file_app(root), log_level="warning", access_log=False))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _served_path(root: Path, key: str) -> Path | None:
    """Return the file of a key, or None if it does not exist or must not be served."""
    path = root / key
    served = is_key(key) and not key.startswith(_PRIVATE) and path.suffix.lower() in CONTENT_TYPES
    if not served or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        return None
    return path


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


if __name__ == "__main__":
    try:
        serve_files(Path(sys.argv[1]), int(sys.argv[2]))
    except ConfigurationError as taken:
        sys.stderr.write(f"dub-assets: {taken}\n")
        sys.exit(1)
