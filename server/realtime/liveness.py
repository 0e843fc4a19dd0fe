"""Finds dead connections: those that do not answer pings or do not join in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from server.realtime.connection import Connection
from signalling.protocol.errors import CloseCode

log = structlog.get_logger()

JOIN_TIMEOUT = 10.0
"""Seconds a socket may stay open without having joined."""

PONG_SHARE = 0.6
"""Heartbeats a ping may go unanswered. Half-open sockets are found in at most 1.6 heartbeats."""


def check(
    connections: Iterable[Connection],
    heartbeat: float,
    now: float,
    who: Callable[[Connection], dict[str, object]],
) -> None:
    """Ping connections not pinged for a heartbeat; close those that did not answer or never joined, unless they wait.

    `now` is the loop's time; `who` gives the log context of a connection."""
    for connection in tuple(connections):
        if connection.closing:
            continue
        if not (connection.joined or connection.waits) and now - connection.since >= JOIN_TIMEOUT:
            connection.close(CloseCode.JOIN_TIMED_OUT)
        elif connection.is_held:
            continue
        elif not connection.answered and now - connection.pinged_at >= heartbeat * PONG_SHARE:
            log.info("connection does not answer", **who(connection))
            connection.close(CloseCode.HEARTBEAT_MISSED)
        elif now - connection.pinged_at >= heartbeat:
            connection.ping(now)
