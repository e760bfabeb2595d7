"""Where a callback may go: the URL is read once, its host resolved once, and every address looked at.

Only public addresses are fit, unless the operator allowed the host. What is public is written out here (IANA's
special-purpose registries of IPv4 and IPv6) rather than asked of ``ipaddress``, whose opinion changed between
Python 3.11 and 3.13.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from dub_assets.core.errors import InputError, PermanentError, TransientError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""From a host and a port to its addresses, as text; OSError where it has none."""

_LOCAL_NAMES = {"localhost", "127.0.0.1"}
_PORTS = {"http": 80, "https": 443}
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
    """A callback URL, taken apart. ``host`` is lower-case ASCII; IPv6 without brackets, IPv4 with four numbers."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, put together anew, so that nobody reads the original a second time and otherwise."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read_target(url: str, *, localhost_host: str | None) -> Target:
    """The target of a callback URL; ``localhost`` and ``127.0.0.1`` become ``localhost_host`` where there is one.

    Raises InputError, which does not repeat the URL, where it is no plain http(s) URL.
    """
    parts, port = _split(url)
    named = parts.hostname or ""
    try:
        host = canonical_host(localhost_host if localhost_host and named in _LOCAL_NAMES else named)
    except ValueError as error:
        raise InputError("the callback URL's host is no name and no address") from error
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        scheme=parts.scheme,
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        path=f"{parts.path or '/'}{query}",
    )


def fit_addresses(target: Target, resolve: Resolver, *, allowed_hosts: frozenset[str]) -> list[Address]:
    """The addresses of a target, all of them fit to be connected to.

    Raises PermanentError where one of them is not and the host is not allowed, TransientError where none is found.
    """
    try:
        addresses = [ipaddress.ip_address(text) for text in resolve(target.host, target.port)]
    except OSError as error:
        raise TransientError(f"the callback host {target.host} was not found: {_said(error)}") from error
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
    """A host as ``Target`` spells it: every spelling of an IPv4 becomes its four numbers. ValueError for no host."""
    name = host.lower() if host.isascii() else _punycode(host)
    if "%" in name or " " in name:
        raise ValueError("neither a zone nor a space belongs into a host")
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        if not _NAME.fullmatch(name):
            raise ValueError("neither a name nor an address") from None
        return name


def not_public(address: Address) -> str | None:
    """What an address is instead of public; None where it is public. Addresses that carry an IPv4 are as that one."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _NOT_PUBLIC_V4.items() if address in network), None)
    if address.ipv4_mapped is not None:
        return not_public(address.ipv4_mapped)
    if address in _NAT64:
        return not_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    named = next((kind for network, kind in _NOT_PUBLIC_V6.items() if address in network), None)
    return named or (None if address in _PUBLIC_V6 else "a reserved address")


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a host, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not url.isprintable():
        raise InputError("the callback URL has a character in it that cannot be printed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError("the callback URL cannot be read: its host or port is malformed") from error
    if parts.scheme not in _PORTS:
        raise InputError("the callback URL is neither http nor https")
    if "@" in parts.netloc:
        raise InputError("the callback URL has credentials in it: sign callbacks with JOB_CALLBACK_SECRET instead")
    if not parts.hostname or port == 0:
        raise InputError("the callback URL has no host or a port of 0")
    return parts, port


def _punycode(host: str) -> str:
    import idna

    return idna.encode(host, uts46=True).decode()


def _said(error: OSError) -> str:
    return error.strerror or type(error).__name__
