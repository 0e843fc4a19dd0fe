"""Real clients by the thousand: the state machine that pages run too, on raw sockets and one epoll.

They connect, back off and resume as in the field. When the server is killed, each raises its hand and signals to the
next in its room, which waits until there is a server again. What has to be true in the end is known beforehand, so an
event that is lost, doubled or uncalled for is found.
"""

from __future__ import annotations

import heapq
import itertools
import random
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from bench.clients import CONNECTING, JOINING, UPGRADING, LoadError
from bench.load import BATCH, IN_FLIGHT, READ, undisturbed
from reconvene.load.frames import CLOSE, PING, PONG, TEXT, frame, frames, upgrade
from signalling.client.actions import Action, Drop, Emit, Open, Send
from signalling.client.place import Place
from signalling.client.state_machine import SignallingClient

LOST = 1006
QUIET = 1.0
"""Seconds after the last event that is expected, in which one too many would show."""


@dataclass(frozen=True)
class Return:
    """How a storm went. In seconds since the kill: when the first connection was served again, when each client had
    resumed, when everyone had everything right. ``wrong``: events that are missing, doubled or uncalled for."""

    served: float
    resumed: list[float]
    right: float
    wrong: Counter[str]

    def quantile(self, share: float) -> float:
        return self.resumed[min(int(len(self.resumed) * share), len(self.resumed) - 1)]


class Peer:
    """One client. ``signals`` counts those from its neighbour, ``odd`` what nobody gave cause for."""

    __slots__ = (
        "buffer",
        "client",
        "due",
        "neighbour",
        "odd",
        "raised",
        "resumed_at",
        "signals",
        "socket",
        "stage",
    )

    def __init__(self, client: SignallingClient) -> None:
        self.client = client
        self.neighbour = self
        self.socket: socket.socket | None = None
        self.stage = CONNECTING
        self.buffer = b""
        self.due = float("inf")
        self.raised = False
        self.resumed_at = 0.0
        self.signals = 0
        self.odd = Counter[str]()


class Crowd:
    """``rooms`` times ``size`` clients of the server at ``port``."""

    def __init__(self, port: int, rooms: int, size: int) -> None:
        self._address = ("127.0.0.1", port)
        self._upgrade = upgrade(f"127.0.0.1:{port}")
        self._size = size
        self._epoll = select.epoll()
        self._peers: list[Peer] = []
        self._by_socket: dict[int, Peer] = {}
        self._alarms: list[tuple[float, int, Peer]] = []
        self._numbers = itertools.count()
        self._pending: set[Peer] = set()
        """Who has not yet got where the phase under way takes them."""
        self._is_there: Callable[[Peer], bool] = lambda peer: True
        self._first_served: Callable[[], None] | None = None
        self._is_storm = False
        for room in range(rooms):
            members = []
            for number in range(size):
                name = f"u{number}"
                media = {"audio": True, "video": False, "screen": False}
                place = Place(f"STORM-{room}", name, f"page-{room}-{number}", create=True, media=media)
                members.append(Peer(SignallingClient(place, random.random)))
            for peer, neighbour in zip(members, [*members[1:], members[0]], strict=True):
                peer.neighbour = neighbour
            self._peers += members

    def join(self, within: float = 120.0) -> None:
        """Everyone joins, some hundred at a time, until all know of all others in their room."""
        joining = iter(self._peers)
        under_way = set[Peer]()

        def step() -> None:
            under_way.difference_update([peer for peer in under_way if peer.client.membership.epoch])
            for peer in itertools.islice(joining, IN_FLIGHT - len(under_way)):
                under_way.add(peer)
                self._run(peer, peer.client.start(time.perf_counter()))

        with undisturbed():
            self._take(lambda peer: len(peer.client.membership.roster) == self._size, within, step)

    def storm(
        self, restart: Callable[[], None], milestone: Callable[[], None], within: float = 60.0
    ) -> Return:
        """``restart`` kills the server and starts it again; ``milestone`` is called when it answers again, and when
        everyone has everything right."""
        with undisturbed():
            served, self._is_storm = 0.0, True
            killed = time.perf_counter()
            restart()

            def note() -> None:
                nonlocal served
                served = time.perf_counter() - killed
                milestone()

            self._first_served = note
            self._take(self._is_right, within)
            right = time.perf_counter() - killed
            milestone()
            self._pump_until(time.perf_counter() + QUIET)
        wrong = sum((peer.odd for peer in self._peers), Counter[str]())
        wrong["signal doubled"] = sum(peer.signals - 1 for peer in self._peers)
        wrong["no longer right"] = sum(not self._is_right(peer) for peer in self._peers)
        return Return(served, sorted(peer.resumed_at - killed for peer in self._peers), right, +wrong)

    def close(self) -> None:
        for peer in self._peers:
            if peer.socket is not None:
                peer.socket.close()
        self._by_socket.clear()
        self._epoll.close()

    def _is_right(self, peer: Peer) -> bool:
        """It is back, has its signal, and knows of everyone that they are there with microphone and hand up."""
        roster = peer.client.membership.roster
        return (
            peer.resumed_at > 0
            and peer.signals > 0
            and len(roster) == self._size
            and all(
                person["hand"] and person["media"]["audio"] and person["state"] == "connected"
                for person in roster.values()
            )
        )

    # The loop.

    def _take(
        self, is_there: Callable[[Peer], bool], within: float, step: Callable[[], None] = lambda: None
    ) -> None:
        """Go on until it is true of everyone; it is looked at whenever something came for a peer."""
        self._pending, self._is_there = set(self._peers), is_there
        end = time.perf_counter() + within
        while self._pending:
            step()
            self._pump()
            if time.perf_counter() > end:
                phases = Counter(peer.client.phase for peer in self._pending)
                odd = sum((peer.odd for peer in self._peers), Counter[str]())
                unheard = sum(not peer.signals for peer in self._peers)
                raise LoadError(
                    f"{len(self._pending)} of {len(self._peers)} did not get there in {within:.0f} s: "
                    f"{dict(phases)}, odd: {dict(odd)}, without their signal: {unheard}"
                )

    def _pump_until(self, end: float) -> None:
        while time.perf_counter() < end:
            self._pump()

    def _pump(self) -> None:
        for fd, _ in self._epoll.poll(0.01, BATCH):
            # One that was dropped meanwhile is no longer listened to.
            if (peer := self._by_socket.get(fd)) is not None:
                self._advance(peer)
        now = time.perf_counter()
        while self._alarms and self._alarms[0][0] <= now:
            _, _, peer = heapq.heappop(self._alarms)
            peer.due = float("inf")
            self._run(peer, peer.client.tick(now))

    def _run(self, peer: Peer, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    self._write(peer, frame(orjson.dumps(action.message)))
                case Emit():
                    self._heard(peer, action)
                case Open():
                    self._open(peer)
                case Drop():
                    self._close(peer)
        if peer.client.wake_at < peer.due:
            peer.due = peer.client.wake_at
            heapq.heappush(self._alarms, (peer.due, next(self._numbers), peer))

    def _heard(self, peer: Peer, emit: Emit) -> None:
        if not self._is_storm:
            return
        if emit.name == "away" and not peer.raised:
            peer.raised = True
            self._run(peer, peer.client.status(hand=True))
            self._run(peer, peer.client.signal(peer.neighbour.client.membership.my_id, {"to": "the next"}))
        elif emit.name == "resumed" and not peer.resumed_at:
            peer.resumed_at = time.perf_counter()
        elif emit.name == "event" and emit.detail["type"] == "signal":
            peer.signals += 1
        elif emit.name == "event" and emit.detail["type"] != "participant_updated":
            peer.odd[emit.detail["type"]] += 1
        elif emit.name in {"joined", "refused", "error", "closed"}:
            peer.odd[emit.name] += 1

    # The sockets.

    def _open(self, peer: Peer) -> None:
        peer.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.stage, peer.buffer = CONNECTING, b""
        # How that went is told by epoll, a refusal too.
        peer.socket.connect_ex(self._address)
        self._by_socket[peer.socket.fileno()] = peer
        self._epoll.register(peer.socket, select.EPOLLOUT)

    def _close(self, peer: Peer) -> None:
        if peer.socket is not None:
            del self._by_socket[peer.socket.fileno()]
            peer.socket.close()
            peer.socket = None

    def _lost(self, peer: Peer, code: int = LOST) -> None:
        self._close(peer)
        self._run(peer, peer.client.closed(code, time.perf_counter()))

    def _write(self, peer: Peer, data: bytes) -> None:
        if peer.socket is None:
            return
        try:
            sent = peer.socket.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # which reading will tell
        if sent != len(data):
            raise LoadError("the server does not read")

    def _advance(self, peer: Peer) -> None:
        """Something happened to the socket."""
        assert peer.socket is not None
        if peer.stage == CONNECTING:
            if peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._lost(peer)
                return
            peer.stage = UPGRADING
            self._epoll.modify(peer.socket, select.EPOLLIN)
            self._write(peer, self._upgrade)
            return
        try:
            data = peer.socket.recv(READ)
        except ConnectionResetError:
            data = b""
        if not data:
            self._lost(peer)
            return
        peer.buffer += data
        if peer.stage == UPGRADING:
            head, end, rest = peer.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                raise LoadError(f"the upgrade was answered with {head[:200]!r}")
            peer.stage, peer.buffer = JOINING, rest
            if (told := self._first_served) is not None:
                self._first_served = None
                told()
            self._run(peer, peer.client.opened(time.perf_counter()))
        self._read(peer)

    def _read(self, peer: Peer) -> None:
        found, peer.buffer = frames(peer.buffer)
        for opcode, _, payload in found:
            if opcode == TEXT:
                self._run(peer, peer.client.received(payload, time.perf_counter()))
            elif opcode == PING:
                self._write(peer, frame(payload, PONG))
            elif opcode == CLOSE:
                self._lost(peer, int.from_bytes(payload[:2], "big"))
                return
        if peer in self._pending and self._is_there(peer):
            self._pending.discard(peer)
