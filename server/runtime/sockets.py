"""The sockets the server listens on.

On its own, because it is done before the web framework is imported: after a crash, hundreds of milliseconds sooner.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

BACKLOG = 4096
"""Connections that may wait to be accepted; the kernel has a limit of its own (net.core.somaxconn)."""

EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound
"""The addresses that stand for all of a machine's, and its loopback address of the same kind."""


def bind(host: str, port: int, *, listen: bool = True) -> list[socket.socket]:
    """Sockets that listen on every address of `host`, or only could (without `listen`). Raises `OSError`.

    Whoever connects from now on waits until the server has started, instead of being refused and backing off.
    """
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in found:
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
    """By which a program on this machine reaches the server: on loopback, unless it listens elsewhere only."""
    places = [listener.getsockname()[:2] for listener in sockets]
    reached = [(EVERY.get(host, host), port) for host, port in places]
    return _url(*min(reached, key=lambda place: not ipaddress.ip_address(place[0]).is_loopback))


def address(listener: socket.socket) -> str:
    """The URL to open in a browser; loopback is called localhost, where browsers allow cameras."""
    host, port = listener.getsockname()[:2]
    if host in {*EVERY, *EVERY.values()}:
        host = "localhost"
    return _url(host, port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
