"""Counts open sockets, and closes some when there are too many: never those that have joined a meeting.

Opening many sockets and saying nothing costs an attacker nothing. Of the sockets that have not joined, the one that has
kept the server waiting longest is closed first: a genuine client joins, or asks to, long before.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from server.runtime.seldom import Seldom

if TYPE_CHECKING:
    from server.runtime.metrics import Metrics

log = structlog.get_logger()

SHARE_OF_ONE = 4
"""One address may have one in this many of the connections allowed without having joined."""

RESERVE = 64
"""File descriptors reserved for uses other than client sockets: the store, files, processes."""

LEAST = 16
"""Client sockets that are allowed however few descriptors there are."""

SAYS_EVERY = 10.0
"""Seconds between two log lines for the same reason."""

_LOOKED_AT = 16

ADDRESS, ALL, DESCRIPTORS = "address", "all", "descriptors"

LINES = {
    ADDRESS: "too many connections from one address have not joined, the oldest are closed",
    ALL: "too many connections have not joined, the oldest are closed",
    DESCRIPTORS: "file descriptors run out, connections that have not joined are closed",
}


class OpenSockets:
    """`most`: connections allowed without having joined; 0 for any number. `room`: connections allowed in all."""

    def __init__(
        self,
        most: int,
        metrics: Metrics,
        room: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._most_of_one = -(-most // SHARE_OF_ONE)
        self._metrics = metrics
        self._room = room
        self._unjoined: dict[asyncio.Transport, str | None] = {}
        self._of: dict[str, dict[asyncio.Transport, None]] = {}
        self._waiting: dict[asyncio.Transport, None] = {}  # the client is to act next; longest wait first
        self._joined: dict[asyncio.Transport, str | None] = {}
        self._seldom = Seldom(SAYS_EVERY, clock)
        metrics.unjoined = lambda: len(self._unjoined)

    def opened(self, transport: asyncio.Transport, network: str | None) -> None:
        """`network`: what counts as one address; None if it is a proxy's."""
        self._unjoined[transport] = None
        self.waits(transport)
        if self._most and len(self._unjoined) > self._most:
            self._make_room(ALL, self._waiting, transport)
        if len(self._unjoined) + len(self._joined) > self._room():
            self._make_room(DESCRIPTORS, self._waiting, transport)
        self.comes_from(transport, network)

    def comes_from(self, transport: asyncio.Transport, network: str | None) -> None:
        """Set the socket's address, once it is known."""
        if transport not in self._unjoined or self._unjoined[transport] == network:
            return
        self._leave_network(transport)
        self._unjoined[transport] = network
        if network is None:
            return
        of_one = self._of.setdefault(network, {})
        of_one[transport] = None
        if self._most and len(of_one) > self._most_of_one:
            self._make_room(ADDRESS, (each for each in of_one if each in self._waiting), transport)

    def waits(self, transport: asyncio.Transport) -> None:
        """The server waits for the client."""
        if transport in self._unjoined:
            self._waiting.setdefault(transport)

    def works(self, transport: asyncio.Transport) -> None:
        """The client waits for the server."""
        self._waiting.pop(transport, None)

    def joined(self, transport: asyncio.Transport) -> None:
        if transport in self._unjoined:
            network = self._unjoined[transport]
            self._forget(transport)
            self._joined[transport] = network

    def parted(self, transport: asyncio.Transport) -> None:
        """It has not joined after all."""
        if transport in self._joined:
            self.opened(transport, self._joined.pop(transport))

    def closed(self, transport: asyncio.Transport) -> None:
        self._joined.pop(transport, None)
        self._forget(transport)

    def _make_room(
        self, reason: str, waiting: Iterable[asyncio.Transport], newcomer: asyncio.Transport
    ) -> None:
        oldest = list(itertools.islice(waiting, _LOOKED_AT))
        # Skip sockets whose client is still reading an answer.
        silent = (each for each in oldest if not each.get_write_buffer_size())
        transport = next(silent, oldest[0] if oldest else newcomer)
        network = self._unjoined.get(transport)
        self._forget(transport)
        transport.abort()
        self._metrics.sockets_closed_for_room[reason] += 1
        self._say(reason, network)

    def _say(self, reason: str, network: str | None) -> None:
        closed = self._seldom.count(reason)
        if not closed:
            return
        log.warning(
            LINES[reason],
            closed=closed,
            unjoined=len(self._unjoined),
            joined=len(self._joined),
            **({"remote": network} if reason == ADDRESS else {}),
            **({"advice": "raise LimitNOFILE (ulimit -n)"} if reason == DESCRIPTORS else {}),
        )

    def _forget(self, transport: asyncio.Transport) -> None:
        self._leave_network(transport)
        self._unjoined.pop(transport, None)
        self._waiting.pop(transport, None)

    def _leave_network(self, transport: asyncio.Transport) -> None:
        network = self._unjoined.get(transport)
        if network is not None:
            of_one = self._of[network]
            del of_one[transport]
            if not of_one:
                del self._of[network]


def room_for_sockets() -> Callable[[], int]:
    """Returns a function: client sockets the process may have, by its descriptor limit and those in use now."""
    try:
        others = len(list(Path("/proc/self/fd").iterdir()))
    except OSError:  # not Linux
        others = 0

    def room() -> int:
        # Read each time: the limit can be changed from outside (prlimit).
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most == resource.RLIM_INFINITY:
            return 2**31
        return max(LEAST, most - others - RESERVE)

    return room
