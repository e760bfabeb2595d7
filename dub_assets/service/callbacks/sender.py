"""The sender of callbacks: one POST to a checked address, within one time limit.

Callback URLs come from messages, that is, from strangers. ``http.client`` sends the request, because it does that only:
no proxies, ``.netrc``, redirects, cookies, retries or logs. docs/decisions/0023 says why no larger client does it.
Neither URLs nor bodies are logged or part of a reason; the host and the callback's id are.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import certifi

from dub_assets.core.errors import ConfigurationError, PermanentError, TransientError
from dub_assets.core.retries import retry_after_s
from dub_assets.service.callbacks.addresses import (
    Address,
    Resolver,
    Target,
    canonical_host,
    checked_addresses,
    read_target,
    system_resolver,
)
from dub_assets.service.callbacks.deadline import Deadline, DeadlineSocket, DeadlineThread
from dub_assets.service.callbacks.delivery import Delivered, Failed, Gone, Outcome, Refused
from dub_assets.service.callbacks.values import readable_line
from dub_assets.service.callbacks.webhook import delivery_headers, signing_key

_log = logging.getLogger(__name__)
_QUOTED_BYTES = 300
"""How much of an answer is read and quoted."""


class HttpCallbackSender:
    """Sends callbacks over HTTP. Safe to use from several threads.

    ``allowed_hosts`` may have addresses that are not public. So may ``localhost_host``, which replaces ``localhost``
    and ``127.0.0.1`` in URLs; None or empty turns that off. ``ca_file`` replaces the public certificate authorities.
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
        self._tls = _tls_context(ca_file)
        self._resolve = resolve
        self._now_s = now_s

    def send(self, url: str, body: bytes, webhook_id: str) -> Outcome:
        """Post a callback once and return the outcome, after ``timeout_s`` at most. Raises nothing but bugs."""
        host = "an unusable URL"
        try:
            target = read_target(url, localhost_host=self._localhost_host)
            host = target.host
            outcome = self._post(target, body, webhook_id, Deadline(self._timeout_s))
        except PermanentError as error:
            outcome = Refused(reason=str(error))
        except TransientError as error:
            outcome = Failed(reason=str(error))
        except TimeoutError:
            outcome = Failed(reason=f"no answer within {self._timeout_s:g} s")
        except (OSError, http.client.HTTPException) as error:
            outcome = Failed(reason=readable_line(f"{host} was not reached: {_reason(error)}"))
        _log.info("callback %s to %s: %s", webhook_id, host, type(outcome).__name__.lower())
        return outcome

    def _post(self, target: Target, body: bytes, webhook_id: str, deadline: Deadline) -> Outcome:
        lookup = DeadlineThread(lambda: checked_addresses(target, self._resolve, allowed_hosts=self._allowed))
        connected = self._connect(target, lookup.result(deadline), deadline)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = DeadlineSocket(connected, deadline)
        try:
            connection.request("POST", target.path, body=body, headers=self._headers(target, body, webhook_id))
            with connection.getresponse() as response:
                return self._outcome(response)
        finally:
            connection.close()

    def _connect(self, target: Target, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
        """Return a connection to the first address that accepts one. TLS verifies the host's name, not the address."""
        connected = _first_connection(target.port, addresses, deadline)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.scheme == "http":
            return connected
        connected.settimeout(deadline.remaining_s())  # for the handshake as a whole
        return self._tls.wrap_socket(connected, server_hostname=target.host.rstrip("."))

    def _headers(self, target: Target, body: bytes, webhook_id: str) -> dict[str, str]:
        fixed = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "dub-assets",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        return fixed | delivery_headers(self._secret, webhook_id=webhook_id, timestamp_s=int(self._now_s()), body=body)

    def _outcome(self, response: http.client.HTTPResponse) -> Outcome:
        code = response.status
        if 200 <= code < 300:
            return Delivered(status_code=code)
        if code == 410:
            return Gone(reason="the endpoint answered 410: it takes no more callbacks")
        if 300 <= code < 400:
            return Failed(reason=f"the endpoint answered {code}: redirects are not followed")
        reason = readable_line(f"the endpoint answered {code}: {_beginning(response)}".rstrip(": "))
        return Failed(reason=reason, retry_after_s=retry_after_s(response.headers.get("Retry-After"), self._now_s()))


def _first_connection(port: int, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    """Connect to the first address that accepts it, each within an equal share of the time that is left."""
    for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            return socket.create_connection((str(address), port), deadline.remaining_s() / untried)
        except OSError:
            if untried == 1:
                raise
    raise ValueError("a target has at least one address")


def _beginning(response: http.client.HTTPResponse) -> str:
    """Return the first bytes of an answer; empty if they cannot be read."""
    try:
        return response.read(_QUOTED_BYTES).decode(errors="replace")
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        return ""


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else certifi.where())
    except OSError as error:
        raise ConfigurationError(
            f"JOB_CALLBACK_CA_FILE: {ca_file} cannot be read as certificates ({_reason(error)}): give a PEM file"
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _host(variable: str, host: str) -> str:
    try:
        return canonical_host(host.strip().removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ConfigurationError(f"{variable}: {host!r} is no host: give a name or an address, without port") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
