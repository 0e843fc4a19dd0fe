"""The sockets the server listens on.

A module of its own, so that they are bound before the web framework is imported: hundreds of milliseconds sooner after
a crash.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

BACKLOG = 4096
"""Connections that may wait to be accepted; the kernel has its own limit (net.core.somaxconn)."""

EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound
"""The wildcard addresses, each with the loopback address of its family."""


def bind(host: str, port: int, *, listen: bool = True, shared: bool = False) -> list[socket.socket]:
    """Sockets that listen on every address of `host`, or are only bound (without `listen`). Raises `OSError`.

    `shared`: other processes listen there too, and the kernel gives each of them a part of the connections.

    A client that connects to one that listens waits until the server has started, instead of being refused and backing
    off. One that is only bound refuses, so that whoever can goes to another server.
    """
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in found:
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(where)
            if listen:
                listener.listen(BACKLOG)
            listener.setblocking(False)
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    return sockets


def own_url(sockets: Sequence[socket.socket]) -> str:
    """The URL by which a program on this machine reaches the server: loopback, if the server listens there."""
    places = [listener.getsockname()[:2] for listener in sockets]
    reached = [(EVERY.get(host, host), port) for host, port in places]
    return _url(*min(reached, key=lambda place: not ipaddress.ip_address(place[0]).is_loopback))


def address(listener: socket.socket) -> str:
    """The URL to open in a browser. Loopback is named localhost, for which browsers allow cameras."""
    host, port = listener.getsockname()[:2]
    if host in {*EVERY, *EVERY.values()}:
        host = "localhost"
    return _url(host, port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
