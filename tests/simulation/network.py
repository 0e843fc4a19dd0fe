"""Connections between pages and a server, in memory: bytes that take their time, stall, vanish, or are cut in the
middle of a frame.

    page's end ──► Pipe ──► server's end
               ◄── Pipe ◄──
"""

from __future__ import annotations

import contextvars
import math
import random
from collections import deque
from typing import Protocol

from tests.simulation.clock import VirtualLoop

Item = bytearray | None
"""Bytes; or the end, by a FIN or (`Pipe.broken`) by a reset."""


class End(Protocol):
    """Who reads from a pipe."""

    def arrived(self, data: bytes) -> None: ...
    def ended(self) -> None: ...
    def reset(self) -> None: ...


class Network:
    """How fast it is, and where chance and time come from."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self.loop = loop
        self.chance = chance
        # What is on its way goes on when the process that sent it is killed.
        self.context = contextvars.Context()
        self.delay = chance.choice((0.002, 0.01, 0.03, 0.08))
        self.jitter = chance.choice((0.0, 0.5, 3.0))
        self.splits = chance.choice((0.0, 0.1, 0.4))

    def takes(self) -> float:
        """Seconds from one end to the other, this time."""
        return self.delay * (1 + self.chance.random() * self.jitter)


class Pipe:
    """One direction of a connection: in order, each byte once."""

    def __init__(self, network: Network, reader: End) -> None:
        self._network = network
        self._loop = network.loop
        self._reader = reader
        self._queue: deque[tuple[float, bytearray | None]] = deque()
        self._sent_at = -1.0
        self._due = 0.0
        self._stalled_until = 0.0
        self._waiting = False
        self._closed = False
        self._broken = False

    @property
    def is_empty(self) -> bool:
        return not self._queue

    @property
    def unread(self) -> int:
        """Bytes that wait in a kernel's buffers because nothing arrives."""
        stalled = self._stalled_until > self._loop.time()
        return sum(len(data or b"") for _, data in self._queue) if stalled else 0

    def send(self, data: bytes) -> None:
        if self._closed:
            return
        now = self._loop.time()
        if self._queue and self._sent_at == now and (last := self._queue[-1][1]) is not None:
            last += data
            return
        self._sent_at = now
        self._put(bytearray(data))

    def end(self, *, reset: bool = False) -> None:
        """After what was sent before."""
        if not self._closed:
            self._closed = True
            self._broken = reset
            self._put(None)

    def stall(self, seconds: float) -> None:
        self._stalled_until = max(self._stalled_until, self._loop.time() + seconds)

    def vanish(self) -> None:
        """Nothing arrives any more, and nobody is told."""
        self._closed = True
        self._queue.clear()

    def cut(self, *, heard: bool) -> None:
        """Some of what is on its way still arrives; then the reader is told, or never hears of it again."""
        chance = self._network.chance
        kept = chance.randrange(len(self._queue) + 1)
        while len(self._queue) > kept:
            due, data = self._queue.pop()
            if len(self._queue) == kept and data is not None and len(data) > 1:
                self._queue.append((due, data[: chance.randrange(1, len(data))]))
                break
        if self._queue and self._queue[-1][1] is None:
            return
        self._closed = True
        if heard:
            self._broken = True
            self._put(None)

    def _put(self, item: Item) -> None:
        due = self._due = max(self._due, self._loop.time() + self._network.takes())
        self._queue.append((due, item))
        self._wait()

    def _wait(self) -> None:
        if not self._waiting and self._queue:
            self._waiting = True
            at = max(self._queue[0][0], self._stalled_until)
            self._loop.call_at(at, self._arrive, context=self._network.context)

    def _arrive(self) -> None:
        self._waiting = False
        now = self._loop.time() + 1e-9
        chance, splits = self._network.chance, self._network.splits
        if now >= self._stalled_until:
            while self._queue and self._queue[0][0] <= now:
                due, data = self._queue.popleft()
                if data is None:
                    (self._reader.reset if self._broken else self._reader.ended)()
                    return
                if len(data) > 2 and splits and chance.random() < splits:
                    cut = chance.randrange(1, len(data))
                    self._queue.appendleft((due + 0.001, data[cut:]))
                    self._due = max(self._due, due + 0.001)
                    data = data[:cut]
                self._reader.arrived(bytes(data))
        self._wait()


class Link:
    """One connection. `faulty_at`: since when it did not always do what it should; `dead_at`: since when nothing that
    is said arrives; `closed_at`: when the server said that it closes it."""

    def __init__(self, network: Network, page: End, server: End) -> None:
        self._network = network
        self.up = Pipe(network, server)
        self.down = Pipe(network, page)
        self.faulty_at = self.dead_at = self.closed_at = math.inf
        self.late_until = 0.0
        """When the last of what was held up has arrived."""

    @property
    def is_dead(self) -> bool:
        return self.dead_at < math.inf

    @property
    def is_quiet(self) -> bool:
        return self.up.is_empty and self.down.is_empty

    def fault(self, *, deadly: bool = False) -> None:
        now = self._network.loop.time()
        self.faulty_at = min(self.faulty_at, now)
        if deadly:
            self.dead_at = min(self.dead_at, now)

    def closes(self) -> None:
        self.closed_at = min(self.closed_at, self._network.loop.time())

    def cut(self, *, page_hears: bool = True, server_hears: bool = True) -> None:
        self.fault(deadly=True)
        self.up.cut(heard=server_hears)
        self.down.cut(heard=page_hears)

    def stall(self, seconds: float, *, up: bool = True, down: bool = True) -> None:
        """Nothing arrives for so long; then all of it does."""
        self.fault()
        self.late_until = max(self.late_until, self._network.loop.time() + seconds)
        if up:
            self.up.stall(seconds)
        if down:
            self.down.stall(seconds)

    def vanish(self) -> None:
        """Half-open: both ends believe in it, and nothing arrives."""
        self.fault(deadly=True)
        self.up.vanish()
        self.down.vanish()

    def server_died(self) -> None:
        """Its kernel closes what the process had open; what it had written still arrives, or some of it."""
        self.fault(deadly=True)
        self.up.vanish()
        if self._network.chance.random() < 0.5:
            self.down.cut(heard=True)
        else:
            self.down.end()
