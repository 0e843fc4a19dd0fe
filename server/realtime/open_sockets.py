"""The sockets that are open, and which of them make room for others: never those who have joined a meeting.

A stranger costs nothing to open many and say nothing. Of those who have not joined, whoever has kept us waiting longest
goes first: a client that means it has joined, or asked, long before.
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
"""One address may have this part of all connections that have not joined."""

RESERVE = 64
"""File descriptors that are kept for what is no socket of a client: the store, files, processes."""

LEAST = 16
"""Sockets there is room for, however few descriptors there are."""

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
    """`most`: connections that may be open without having joined; 0 for any number. `room`: how many may be in all."""

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
        self._waiting: dict[asyncio.Transport, None] = {}  # for their clients, the longest first
        self._joined: set[asyncio.Transport] = set()
        self._seldom = Seldom(SAYS_EVERY, clock)
        metrics.unjoined = lambda: len(self._unjoined)

    def opened(self, transport: asyncio.Transport, network: str | None) -> None:
        """`network`: what counts as one address; None when it is a proxy's."""
        self._unjoined[transport] = None
        self.waits(transport)
        if self._most and len(self._unjoined) > self._most:
            self._make_room(ALL, self._waiting, transport)
        if len(self._unjoined) + len(self._joined) > self._room():
            self._make_room(DESCRIPTORS, self._waiting, transport)
        self.comes_from(transport, network)

    def comes_from(self, transport: asyncio.Transport, network: str | None) -> None:
        """Its address, as it is known by now."""
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
        """The client has to do something next."""
        if transport in self._unjoined:
            self._waiting.setdefault(transport)

    def works(self, transport: asyncio.Transport) -> None:
        """We have."""
        self._waiting.pop(transport, None)

    def joined(self, transport: asyncio.Transport) -> None:
        if transport in self._unjoined:
            self._forget(transport)
            self._joined.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        self._joined.discard(transport)
        self._forget(transport)

    def _make_room(
        self, reason: str, waiting: Iterable[asyncio.Transport], newcomer: asyncio.Transport
    ) -> None:
        oldest = list(itertools.islice(waiting, _LOOKED_AT))
        # Who is reading an answer does not keep us waiting.
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
    """How many sockets of clients the process may have, by what it may have open and what is open now besides."""
    try:
        others = len(list(Path("/proc/self/fd").iterdir()))
    except OSError:  # not Linux
        others = 0

    def room() -> int:
        # Asked each time: it can be changed from outside (prlimit).
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most == resource.RLIM_INFINITY:
            return 2**31
        return max(LEAST, most - others - RESERVE)

    return room
