"""Access to the page: a token for the browser that was invited, checks of host and origin, and strict headers."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_HEADER = "x-editor-token"
"""Header with the form token, which requests that change something must carry: other sites cannot send it."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The secrets of a server at ``port``: ``token`` opens the page, ``form_token`` allows changes."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds the token; browsers share cookies among the ports of a host."""
        return f"dub_assets_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The values of ``Host`` that are this server."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    def admits(self, token: str) -> bool:
        """Return whether a token opens the page."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def remember(self, response: Response) -> None:
        """Set the cookie that opens the page from now on, for this host and no other site."""
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Return status and reason if a request is refused, None if it is allowed."""
        headers = request.headers
        if headers.get("host") not in self.hosts:
            return 421, "this server answers at 127.0.0.1 only"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin", "same-site"}:
            return 403, "requests from other sites are refused"
        if not self.admits(request.cookies.get(self.cookie, "")) and not _is_open(request):
            return 401, "open the address that `dub-assets edit` printed: it has the token of this page"
        return None if request.method in _SAFE else self._refused_change(headers)

    def _refused_change(self, headers: Headers) -> tuple[int, str] | None:
        """Return status and reason if a request that changes something is refused."""
        if headers.get("origin") not in {f"http://{host}" for host in self.hosts}:
            return 403, "changes are accepted from this page only"
        if not hmac.compare_digest(headers.get(FORM_HEADER, "").encode(), self.form_token.encode()):
            return 403, "the page is of an earlier start of the server: reload it"
        return None


def _is_open(request: Request) -> bool:
    """Return whether a request needs no cookie: the entrance, which checks the token itself."""
    return request.method in _SAFE and request.url.path == "/"


class AccessMiddleware:
    """Refuses requests that ``Access`` does not allow, and adds its headers to every response."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if "cache-control" not in Headers(raw=message["headers"]):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        refused = self._access.refusal(Request(scope))
        if refused is None:
            await self._app(scope, receive, send_with_headers)
            return
        status, reason = refused
        await PlainTextResponse(f"{reason}\n", status_code=status)(scope, receive, send_with_headers)
