"""One simulated client and its room."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field

CONNECTING, UPGRADING, JOINING, JOINED = range(4)


class LoadError(Exception):
    """The server did not do what the load needs; the run has no figures."""


@dataclass(eq=False, slots=True)
class Room:
    """``pending`` deliveries of the flip under way, whose frame, once checked, is ``expected``."""

    name: str
    clients: list[Client] = field(default_factory=list)
    flips: tuple[bytes, bytes] = (b"", b"")
    audio: bool = False
    sent: int = 0
    pending: int = 0
    expected: bytes = b""
    since: float = 0.0

    def flip(self) -> None:
        """The first member switches the microphone."""
        self.audio = not self.audio
        self.expected = b""
        self.pending = len(self.clients)
        self.sent += 1
        self.since = time.perf_counter()
        self.clients[0].send(self.flips[self.audio])


@dataclass(eq=False, slots=True)
class Client:
    """One connection. ``roster``: how many members of its room it knows of; ``count``: deliveries."""

    index: int
    room: Room
    socket: socket.socket
    state: int = CONNECTING
    rest: bytes = b""
    id: bytes = b""
    roster: int = 0
    count: int = 0
    message: bytes = b""

    def send(self, data: bytes) -> None:
        # A closed loop has so little under way that a full buffer means that the server stopped reading.
        if self.socket.send(data) != len(data):
            raise LoadError(f"the server does not read from client {self.index}")
