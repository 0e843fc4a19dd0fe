"""The load generator: a fleet of WebSocket clients on non-blocking sockets and one epoll.

It has to take in more than the fastest server sends, in Python. So frames that go out are built once (with
a masking key of zero, which leaves the payload as it is), and of the frames that come in only one per event
is parsed and checked: the other members of the room must be sent the very same bytes, and one comparison
of bytes counts and verifies a delivery. Whatever does not match takes the slow way, frame by frame.
Every delivery is accounted for, per client; a lost or surplus one is a `LoadError`, not a figure.
"""

from __future__ import annotations

import gc
import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from bench.clients import CONNECTING, JOINED, JOINING, UPGRADING, Client, LoadError, Room
from reconvene.load.frames import CLOSE, PING, PONG, TEXT, frame, frames, upgrade

IN_FLIGHT = 512
READ = 16 * 1024
BATCH = 1024
DRAIN = 10.0  # seconds for what is under way at the end of a run
# The size of a small session description or a candidate with its context.
SIGNAL_DATA = {
    "type": "offer",
    "sdp": "v=0 o=- 4611731400430051336 2 IN IP4 127.0.0.1 s=- t=0 0 " + "a" * 400,
}


@dataclass(frozen=True)
class Run:
    """What one timed run delivered. ``median`` and ``most``: milliseconds from a message to its last delivery, half of
    the times and 99 of 100 times; 0 where that was not measured."""

    seconds: float
    deliveries: int
    median: float = 0.0
    most: float = 0.0

    @property
    def rate(self) -> float:
        return self.deliveries / self.seconds


Event = Callable[[Client, bytes, bytes], None]
"""Takes what came for a client: the whole frame, and its payload."""


class Fleet:
    """``rooms`` times ``size`` clients of one server, which say that they have these ``features``. With several ports
    the clients of each room take turns with them."""

    def __init__(
        self,
        port: int | Sequence[int],
        rooms: int,
        size: int,
        name: str = "BENCH",
        roster: bool = True,
        features: Sequence[str] = (),
    ) -> None:
        self._features = features
        self._ports = [port] if isinstance(port, int) else port
        self._size, self._has_roster = size, roster
        self._rooms = [Room(f"{name}-{number}") for number in range(rooms)]
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._joined = 0
        self.count = rooms * size
        self.pid = os.getpid()

    def join(self, timeout: float = 60.0) -> float:
        """Connect, upgrade and join everyone, and return the seconds until the last `joined`."""
        places = ((room, index) for room in self._rooms for index in range(self._size))
        with undisturbed():
            start = time.perf_counter()
            while self._joined < self.count:
                while len(self._clients) - self._joined < IN_FLIGHT and (place := next(places, None)):
                    self._connect(*place)
                for fd, _ in self._epoll.poll(0.1, BATCH):
                    self._advance(self._clients[fd])
                if time.perf_counter() - start > timeout:
                    raise LoadError(f"{self._joined} of {self.count} joined in {timeout:.0f} s")
            seconds = time.perf_counter() - start
        if self._has_roster and not self._drain(self._complete, self._announced):
            rosters = sorted(client.roster for client in self._clients.values())
            raise LoadError(f"clients know of {rosters[0]} to {rosters[-1]} members, not {self._size}")
        return seconds

    def tend(self, seconds: float = 0.0) -> None:
        """Answer the server's pings, so that a fleet that waits for its turn stays connected."""
        end = time.monotonic() + seconds
        self._pump(0.0)
        while time.monotonic() < end:
            self._pump(0.1)

    def fanout(self, seconds: float) -> Run:
        """The first of each room flips `audio` again as soon as everyone has the last flip."""
        clients, poll, read, laps = self._clients, self._epoll.poll, os.read, list[float]()
        for client in clients.values():
            client.count = 0
        for room in self._rooms:
            room.sent = 0
        with undisturbed():
            start = time.perf_counter()
            for room in self._rooms:
                room.flip()
            while (now := time.perf_counter()) < start + seconds:
                for fd, _ in poll(0.1, BATCH):
                    client = clients[fd]
                    room = client.room
                    data = read(fd, READ)
                    if data == room.expected and not client.rest:
                        client.count += 1
                        room.pending -= 1
                    else:
                        self._receive(client, data, self._updated)
                    if not room.pending:
                        laps.append(time.perf_counter() - room.since)
                        room.flip()
            delivered = self._received()
        self._drain(lambda: not any(room.pending for room in self._rooms), self._updated)
        wrong = sum(abs(client.room.sent - client.count) for client in clients.values())
        return self._run(now - start, delivered, laps, wrong)

    def signals(self, seconds: float) -> Run:
        """In rooms of two a signal goes to and fro: each sends its own when it gets the other's."""
        clients, poll, read = self._clients, self._epoll.poll, os.read
        for client in clients.values():
            client.count = 0
        with undisturbed():
            start = time.perf_counter()
            sent = [len(self._rooms)]
            for room in self._rooms:
                room.clients[0].send(room.clients[0].message)

            def answered(client: Client, raw: bytes, payload: bytes) -> None:
                self._signalled(client, raw, payload)
                client.send(client.message)
                sent[0] += 1

            while (now := time.perf_counter()) < start + seconds:
                for fd, _ in poll(0.1, BATCH):
                    self._receive(clients[fd], read(fd, READ), answered)
            delivered = self._received()
        self._drain(lambda: self._received() == sent[0], self._signalled)
        return self._run(now - start, delivered, [], abs(sent[0] - self._received()))

    def close(self) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._clients.clear()
        self._epoll.close()

    def _complete(self) -> bool:
        return all(client.roster == self._size for client in self._clients.values())

    def _received(self) -> int:
        return sum(client.count for client in self._clients.values())

    def _run(self, seconds: float, delivered: int, laps: list[float], wrong: int) -> Run:
        if wrong:
            raise LoadError(f"{wrong} deliveries were lost or surplus")
        if not laps:
            return Run(seconds, delivered)
        laps.sort()
        return Run(seconds, delivered, 1000 * laps[len(laps) // 2], 1000 * laps[len(laps) * 99 // 100])

    def _connect(self, room: Room, index: int) -> None:
        client = Client(index, room, socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.socket.connect_ex(("127.0.0.1", self._port_of(client)))
        self._clients[client.socket.fileno()] = client
        room.clients.append(client)
        self._epoll.register(client.socket, select.EPOLLOUT)

    def _port_of(self, client: Client) -> int:
        return self._ports[client.index % len(self._ports)]

    def _advance(self, client: Client) -> None:
        """One step on the way to `joined`; from there on, count who else comes."""
        if client.state == CONNECTING:
            if error := client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise LoadError(f"connect: {os.strerror(error)}")
            client.state = UPGRADING
            self._epoll.modify(client.socket, select.EPOLLIN)
            client.send(upgrade(f"127.0.0.1:{self._port_of(client)}"))
        elif client.state == UPGRADING:
            head, end, rest = (client.rest + client.socket.recv(READ)).partition(b"\r\n\r\n")
            if not end and head:
                client.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                raise LoadError(f"the upgrade was answered with {head[:200]!r}")
            client.state, client.rest = JOINING, rest
            client.send(frame(orjson.dumps(self._join_of(client))))
        else:
            self._receive(client, client.socket.recv(READ), self._announced)

    def _join_of(self, client: Client) -> dict[str, object]:
        join = {"type": "join", "id": 1, "meeting": client.room.name, "create": True}
        return join | {"name": f"u{client.index}", "features": self._features}

    def _receive(self, client: Client, data: bytes, event: Event) -> None:
        """Walk the frames that are complete; keep the rest."""
        if not data:
            raise LoadError(f"the server closed the connection of client {client.index}")
        if client.rest:
            data = client.rest + data
        found, client.rest = frames(data)
        for opcode, raw, payload in found:
            if opcode == TEXT:
                event(client, raw, payload)
            elif opcode == PING:
                client.send(frame(payload, PONG))
            elif opcode == CLOSE:
                code, reason = int.from_bytes(payload[:2], "big"), payload[2:].decode()
                raise LoadError(f"the server closed client {client.index}: {code} {reason}")

    def _announced(self, client: Client, raw: bytes, payload: bytes) -> None:
        """Before a run: `joined`, and whoever joined after."""
        if client.state == JOINED:
            # Whether the joiner is told of its own coming is the server's choice.
            if b'"participant_joined"' in payload and client.id not in payload:
                client.roster += 1
            return
        answer = orjson.loads(payload)
        if answer["type"] != "joined":
            raise LoadError(f"the join was answered with {payload[:200]!r}")
        client.state, client.roster, client.id = (
            JOINED,
            len(answer["participants"]),
            answer["you"]["id"].encode(),
        )
        self._joined += 1
        room = client.room
        if client is room.clients[0]:
            flip = b'{"type":"status","media":{"audio":%s}}'
            room.flips = (frame(flip % b"false"), frame(flip % b"true"))
        if self._size == 2 and all(one.id for one in room.clients) and len(room.clients) == 2:
            for one, other in zip(room.clients, reversed(room.clients), strict=True):
                message = {"type": "signal", "to": other.id.decode(), "data": SIGNAL_DATA}
                one.message = frame(orjson.dumps(message))

    def _updated(self, client: Client, raw: bytes, payload: bytes) -> None:
        """The first delivery of a flip is parsed; its bytes are then what everyone else must get."""
        room = client.room
        if raw != room.expected:
            update = orjson.loads(payload)
            if update["type"] != "participant_updated":
                raise LoadError(f"instead of an update came {payload[:200]!r}")
            change = update["participant"]
            if change["id"].encode() != room.clients[0].id or change["media"]["audio"] is not room.audio:
                raise LoadError(f"a wrong update came: {payload[:200]!r}")
            room.expected = raw
        client.count += 1
        room.pending -= 1

    def _signalled(self, client: Client, raw: bytes, payload: bytes) -> None:
        if not client.count:
            signal = orjson.loads(payload)
            sender = next(one for one in client.room.clients if one is not client)
            if signal.get("from", "").encode() != sender.id or signal["data"] != SIGNAL_DATA:
                raise LoadError(f"instead of the signal came {payload[:200]!r}")
        elif b'"signal"' not in payload:
            raise LoadError(f"instead of a signal came {payload[:200]!r}")
        client.count += 1

    def _pump(self, timeout: float, event: Event | None = None) -> None:
        for fd, _ in self._epoll.poll(timeout, BATCH):
            client = self._clients[fd]
            self._receive(client, client.socket.recv(READ), event or self._announced)

    def _drain(self, done: Callable[[], bool], event: Event) -> bool:
        """Take in what is under way. Returns whether it all came in time."""
        end = time.monotonic() + DRAIN
        while not (finished := done()) and time.monotonic() < end:
            self._pump(0.1, event)
        return finished


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the garbage collector, which would walk thousands of clients while the server waits."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
