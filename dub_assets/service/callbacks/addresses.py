"""Callback URLs and the addresses that callbacks may be sent to.

A URL is read once, its host is resolved once, and every address is checked. Only public addresses are allowed, unless
the operator allowed the host. The list of addresses that are not public (IANA's special-purpose registries of IPv4 and
IPv6) is written out here, because the answers of ``ipaddress`` changed between Python 3.11 and 3.13.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from dub_assets.core.errors import InputError, PermanentError, TransientError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host and port as text. Raises OSError if there are none."""

_MAX_URL_CHARACTERS = 2048
_LOCAL_NAMES = {"localhost", "127.0.0.1"}
_PORTS = {"http": 80, "https": 443}
_PATH_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
"""Characters that stay as they are in a path and query, beside letters, digits and ``_.-``."""
_NAME = re.compile(r"(?=.{1,253}\.?\Z)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII)

_NOT_PUBLIC_V4 = {
    ipaddress.IPv4Network(network): kind
    for network, kind in {
        "0.0.0.0/8": "an unspecified address",
        "10.0.0.0/8": "a private address",
        "100.64.0.0/10": "a carrier's shared address",
        "127.0.0.0/8": "a loopback address",
        "168.63.129.16/32": "a cloud's metadata address",
        "169.254.0.0/16": "a link-local or metadata address",
        "172.16.0.0/12": "a private address",
        "192.0.0.0/24": "a reserved address",
        "192.0.2.0/24": "a documentation address",
        "192.88.99.0/24": "a 6to4 relay",
        "192.168.0.0/16": "a private address",
        "198.18.0.0/15": "a benchmarking address",
        "198.51.100.0/24": "a documentation address",
        "203.0.113.0/24": "a documentation address",
        "224.0.0.0/4": "a multicast address",
        "240.0.0.0/4": "a reserved address",
    }.items()
}
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = {
    ipaddress.IPv6Network(network): kind
    for network, kind in {
        "::/128": "an unspecified address",
        "::1/128": "a loopback address",
        "2001::/23": "a Teredo or other protocol address",
        "2001:db8::/32": "a documentation address",
        "2002::/16": "a 6to4 address",
        "3fff::/20": "a documentation address",
        "fc00::/7": "a unique-local or metadata address",
        "fe80::/10": "a link-local address",
        "ff00::/8": "a multicast address",
    }.items()
}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The parts of a callback URL.

    ``host`` is in lower-case ASCII: an IPv6 address without brackets, an IPv4 address as four numbers. ``path`` has the
    query, and is percent-encoded where it is not ASCII.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def checked_callback_url(url: str, job_id: str) -> str:
    """Return the callback URL of a message, with the job's id filled in. Raises InputError if it is no plain URL.

    This checks the text. The sender checks the addresses of the host when it sends.
    """
    if len(url) > _MAX_URL_CHARACTERS:
        raise InputError(f"callback_url is longer than {_MAX_URL_CHARACTERS} characters")
    if "\\" in url or any(unicodedata.category(character) in {"Cc", "Cs", "Zs", "Zl", "Zp"} for character in url):
        raise InputError("callback_url has a backslash, a space or a control character")
    filled = callback_url(url, job_id)
    _split(filled)
    return filled


def callback_url(template: str, job_id: str) -> str:
    """Return a callback URL with ``{job_id}`` replaced by the quoted id."""
    return template.replace("{job_id}", quote(job_id, safe="", errors="replace"))


def read_target(url: str, *, localhost_host: str | None) -> Target:
    """Return the parts of a callback URL, with ``localhost`` and ``127.0.0.1`` replaced by ``localhost_host`` if given.

    Raises InputError, which does not repeat the URL, if it is no plain http(s) URL.
    """
    if not url.isprintable():
        raise InputError("callback_url has a character that cannot be printed")
    parts, port = _split(url)
    named = parts.hostname or ""
    try:
        host = canonical_host(localhost_host if localhost_host and named in _LOCAL_NAMES else named)
    except ValueError as error:
        raise InputError("the host of callback_url is neither a name nor an address") from error
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(
        scheme=parts.scheme,
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        path=quote(path, safe=_PATH_CHARACTERS),
    )


def checked_addresses(target: Target, resolve: Resolver, *, allowed_hosts: frozenset[str]) -> list[Address]:
    """Return the addresses of a target's host, all of which may be connected to, in order and without repetition.

    Raises PermanentError if one of them is not public and the host is not allowed, TransientError if there is none.
    """
    try:
        addresses = [ipaddress.ip_address(text) for text in resolve(target.host, target.port)]
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TransientError(f"the callback host {target.host} was not found: {reason}") from error
    if not addresses:
        raise TransientError(f"the callback host {target.host} has no address")
    if target.host not in allowed_hosts:
        for address in addresses:
            kind = not_public(address)
            if kind is not None:
                raise PermanentError(
                    f"the callback host {target.host} is at {kind} ({address}): allow it with "
                    "JOB_CALLBACK_ALLOWED_HOSTS, or use a public one"
                )
    return list(dict.fromkeys(addresses))


def canonical_host(host: str) -> str:
    """Return a host as ``Target`` spells it. Raises ValueError if it is neither a name nor an address."""
    name = host.lower() if host.isascii() else _punycode(host)
    if "%" in name or " " in name:
        raise ValueError("a host has neither a zone nor a space")
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        if not _NAME.fullmatch(name):
            raise ValueError("neither a name nor an address") from None
        return name


def not_public(address: Address) -> str | None:
    """Return the kind of an address that is not public, else None. An IPv6 address that embeds an IPv4 is as that."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _NOT_PUBLIC_V4.items() if address in network), None)
    if address.ipv4_mapped is not None:
        return not_public(address.ipv4_mapped)
    if address in _NAT64:
        return not_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    named = next((kind for network, kind in _NOT_PUBLIC_V6.items() if address in network), None)
    return named or (None if address in _PUBLIC_V6 else "a reserved address")


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order of the system's resolver."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Return the parts of a URL and its port. Raises InputError if it is no http(s) URL or has credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError("callback_url is no URL: its host or port cannot be read") from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise InputError("callback_url is not an http:// or https:// URL with a host")
    if "@" in parts.netloc:
        raise InputError("callback_url has credentials in it: use JOB_CALLBACK_SECRET to sign callbacks instead")
    return parts, port


def _punycode(host: str) -> str:
    import idna

    return idna.encode(host, uts46=True).decode()
