"""Decides whether a model server's address may be spoken to, and resolves it once.

A loopback address is not a proof that the model is local, only that the first step is: the name could resolve to
another address the second time, a proxy could take the traffic, and the server could pass it on. The first two are
ruled out here and in `http_backend`; the third only a model in process can rule out.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from extract.distil.errors import EndpointRefusedError
from govern.errors import UsageError

_ODD_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?")
_DOTTED = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_SPELLING = "write it as four decimal numbers, for instance 127.0.0.1"
#: Turns a host and a port into addresses: `socket.getaddrinfo`, cut down.
Resolver = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that may be spoken to.

    Attributes:
        scheme: http or https.
        host: As the user typed it, for the Host header and the certificate.
        address: The numeric address that is connected to.
        port: TCP port.
        path: Base path without a slash at its end.
        loopback: Whether the address is one of this machine.
    """

    scheme: str
    host: str
    address: str
    port: int
    path: str
    loopback: bool

    def authority(self, host: str) -> str:
        """Return host and port as they stand in a URL: an IPv6 address in brackets (RFC 3986 §3.2.2)."""
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """Return the numeric addresses of a host, in the order of the resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allow(url: str, allowed: Collection[str] = (), resolver: Resolver = resolve) -> Endpoint:
    """Return the endpoint behind a URL, if it is at a loopback address or one that the policy names.

    Args:
        url: Base URL, `http://127.0.0.1:8080` or with a path such as `/v1`.
        allowed: Hosts or addresses that the policy names, as `host` or `host:port`.
        resolver: How names become addresses.

    Raises:
        UsageError: If it is not a URL of a server.
        EndpointRefusedError: If the address is neither loopback nor allowed.
    """
    if not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        raise UsageError(
            "the endpoint has characters that no URL of a server has", "for instance http://127.0.0.1:8080"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the endpoint is not a URL", "for instance http://127.0.0.1:8080") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError("the endpoint is not an http URL", "for instance http://127.0.0.1:8080")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise EndpointRefusedError("an endpoint must not carry a user name or password")
    if parts.query or parts.fragment:
        raise UsageError("the endpoint must not have a query or a fragment")
    if port == 0:
        raise UsageError("the endpoint's port must not be 0")
    if _ODD_NUMBERS.fullmatch(host) and not _DOTTED.fullmatch(host):
        # 0177.0.0.1 is 127.0.0.1 to some programs and 177.0.0.1 to others.
        raise EndpointRefusedError("the endpoint's address is spelled in a way that is read differently", _SPELLING)
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolver(host, port)
    except OSError:
        raise EndpointRefusedError("the endpoint's host cannot be resolved") from None
    if not addresses:
        raise EndpointRefusedError("the endpoint's host cannot be resolved")
    numeric = [ipaddress.ip_address(a.partition("%")[0]) for a in addresses]
    plain = [a.ipv4_mapped or a if isinstance(a, ipaddress.IPv6Address) else a for a in numeric]
    if any(a.is_unspecified or a.is_multicast or a.is_link_local for a in plain):
        raise EndpointRefusedError("the endpoint's address stands for no single machine")
    # All of them: a name with one loopback and one other address would otherwise pass by luck.
    loopback = all(a.is_loopback for a in plain)
    named = {host, f"{host}:{port}"} | {n for a in plain for n in (str(a), f"{a}:{port}")}
    if not loopback and not named & {entry.casefold() for entry in allowed}:
        raise EndpointRefusedError(
            "the endpoint is neither on this machine nor named by the policy",
            "run the model server on 127.0.0.1, or have the policy name its address",
        )
    # A name for both families: servers listen on 127.0.0.1 unless they are told otherwise.
    address = str(min(plain, key=lambda a: a.version))
    path = parts.path.rstrip("/")
    return Endpoint(parts.scheme, host, address, port, path.removesuffix("/v1"), loopback)
