"""The sender of callbacks: one POST to an address that has been looked at, within one time limit.

Callback URLs come from messages, that is from strangers: nothing of the environment (proxies, .netrc) and nothing of
the answer (redirects, cookies, a long body) has a say in where a callback goes or how long it takes. Neither URLs nor
bodies are logged or put into reasons; a host and an id are.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dub_assets.core.errors import ConfigurationError, PermanentError, TransientError
from dub_assets.core.retries import retry_after_s
from dub_assets.service.callbacks.addresses import (
    Address,
    Resolver,
    Target,
    canonical_host,
    fit_addresses,
    read_target,
    system_resolver,
)
from dub_assets.service.callbacks.deadline import Exchange, Line
from dub_assets.service.callbacks.delivery import Delivered, Failed, Gone, Outcome, Refused
from dub_assets.service.callbacks.values import readable_line
from dub_assets.service.callbacks.webhook import delivery_headers, signing_key

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

_LOG = logging.getLogger(__name__)
_ANSWER_BYTES = 300
_SPARE_S = 10.0
"""How much longer than the limit a socket waits: the limit is what ends an exchange, and what is said of it."""


class HttpCallbackSender:
    """Posts callbacks over HTTP. Safe to use from several threads at once.

    ``allowed_hosts`` may be at private addresses; so may ``localhost_host``, which stands in for ``localhost`` and
    ``127.0.0.1`` in URLs (None or empty: nothing does). ``ca_file`` replaces the public certificate authorities.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 30.0,
        secret: str | None = None,
        allowed_hosts: frozenset[str] = frozenset(),
        localhost_host: str | None = "host.docker.internal",
        ca_file: Path | None = None,
        resolve: Resolver = system_resolver,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        if secret is not None:
            signing_key(secret)
        self._timeout_s = timeout_s
        self._secret = secret
        self._localhost_host = _host("JOB_CALLBACK_LOCALHOST_HOST", localhost_host) if localhost_host else None
        allowed = {_host("JOB_CALLBACK_ALLOWED_HOSTS", host) for host in allowed_hosts}
        self._allowed = frozenset(allowed | ({self._localhost_host} if self._localhost_host else set()))
        self._ca_file = ca_file
        self._resolve = resolve
        self._now_s = now_s
        for name in ("urllib3.connection", "urllib3.connectionpool"):
            logging.getLogger(name).addFilter(_without_exchanges)

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        """Post a callback once and say what came of it; takes ``timeout_s`` at most. Raises nothing but bugs."""
        try:
            target = read_target(url, localhost_host=self._localhost_host)
        except PermanentError as error:
            return _heard("an unusable URL", webhook_id, Refused(reason=str(error)))
        try:
            outcome = Exchange(lambda line: self._exchange(target, body, webhook_id, line)).within(self._timeout_s)
        except PermanentError as error:
            outcome = Refused(reason=str(error))
        except (TransientError, TimeoutError) as error:
            outcome = Failed(reason=str(error))
        return _heard(target.host, webhook_id, outcome)

    def _exchange(self, target: Target, body: bytes, webhook_id: str, line: Line) -> Outcome:
        import requests
        from urllib3.exceptions import HTTPError

        addresses = fit_addresses(target, self._resolve, allowed_hosts=self._allowed)
        request = requests.Request("POST", target.url, headers=self._headers(target, body, webhook_id), data=body)
        try:
            prepared = request.prepare()
        except requests.RequestException:
            return Refused(reason="the callback URL cannot be read")
        for position, address in enumerate(addresses, start=1):
            try:
                return self._post(prepared, target, address, line, connect_s=self._timeout_s / len(addresses))
            except (requests.RequestException, HTTPError) as error:
                if position == len(addresses) or not _never_connected(error):
                    return Failed(reason=readable_line(f"{target.host} was not reached: {_reason(error)}"))
        raise AssertionError("a target has at least one address")

    def _headers(self, target: Target, body: bytes, webhook_id: str) -> dict[str, str]:
        signed = delivery_headers(self._secret, webhook_id=webhook_id, timestamp_s=int(self._now_s()), body=body)
        fixed = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "dub-assets",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        return fixed | signed

    def _post(
        self, prepared: PreparedRequest, target: Target, address: Address, line: Line, *, connect_s: float
    ) -> Outcome:
        adapter = _adapter(target, address, line)
        try:
            response = adapter.send(
                prepared,
                stream=True,
                timeout=(connect_s, self._timeout_s + _SPARE_S),
                verify=str(self._ca_file) if self._ca_file else True,
            )
            with response:
                return self._outcome(response)
        finally:
            adapter.close()

    def _outcome(self, response: Response) -> Outcome:
        code = response.status_code
        if 200 <= code < 300:
            return Delivered(status_code=code)
        if code == 410:
            return Gone(reason="the endpoint answered 410: it takes no more callbacks")
        if 300 <= code < 400:
            return Failed(reason=f"the endpoint answered {code}: redirects are not followed")
        reason = readable_line(f"the endpoint answered {code}: {_beginning(response)}".rstrip(": "))
        return Failed(reason=reason, retry_after_s=retry_after_s(response.headers.get("Retry-After"), self._now_s()))


def _beginning(response: Response) -> str:
    """The first bytes of an answer, as far as they come."""
    from urllib3.exceptions import HTTPError

    try:
        return str(response.raw.read(_ANSWER_BYTES, decode_content=False).decode(errors="replace"))
    except HTTPError:
        return ""


def _adapter(target: Target, address: Address, line: Line) -> HTTPAdapter:
    """A transport that connects to the address and nowhere else; TLS asks for and verifies the host's name."""
    from requests.adapters import HTTPAdapter

    class PinnedAdapter(HTTPAdapter):
        def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            place, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
            names = {"server_hostname": target.host} if target.scheme == "https" else {}
            return place | {"host": str(address)}, tls | names

        def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
            pool.ConnectionCls = _held(pool.ConnectionCls, line)
            return pool

    return PinnedAdapter(max_retries=0)


def _held(kind: Any, line: Line) -> Any:
    """The kind of connection that ``line`` can cut."""

    class HeldConnection(kind):  # type: ignore[misc]  # the base is urllib3's plain or TLS connection
        def connect(self) -> None:
            super().connect()
            line.hold(self.sock)

    return HeldConnection


def _host(variable: str, host: str) -> str:
    try:
        return canonical_host(host.strip().removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ConfigurationError(f"{variable}: {host!r} is no host: give a name or an address, without port") from error


def _heard(where: str, webhook_id: str, outcome: Outcome) -> Outcome:
    _LOG.info("callback %s to %s: %s", webhook_id, where, type(outcome).__name__.lower())
    return outcome


def _without_exchanges(_: logging.LogRecord) -> bool:
    """Whether urllib3 may log: not about callbacks, it would write their URLs."""
    return not isinstance(threading.current_thread(), Exchange)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _never_connected(error: Exception) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(isinstance(cause, ConnectTimeoutError | NewConnectionError) for cause in _causes(error))


def _reason(error: Exception) -> str:
    """What went wrong, from the innermost cause; the outer ones repeat the URL."""
    innermost = list(_causes(error))[-1]
    if isinstance(innermost, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {innermost.verify_message}"
    said = innermost.strerror if isinstance(innermost, OSError) else None
    return said or type(innermost).__name__
