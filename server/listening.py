"""The sockets the server listens on.

On its own, because it is done before the web framework is imported: after a crash, hundreds of milliseconds sooner.
"""

from __future__ import annotations

import socket

BACKLOG = 4096
"""Connections that may wait to be accepted; the kernel has a limit of its own (net.core.somaxconn)."""


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


def address(listener: socket.socket) -> str:
    """The URL to open in a browser; loopback is called localhost, where browsers allow cameras."""
    host, port = listener.getsockname()[:2]
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
