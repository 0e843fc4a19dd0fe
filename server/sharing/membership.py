"""This node among the others: it lives by beats, hears who has died, and reads its inbox.

Whoever was taken for dead never beats again under that name: the node gives up what it has, and goes on under another.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog

from server.cluster.engine import about, one_format, one_secret
from server.cluster.engine.bounds import LEASE
from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError, EngineUnavailable
from server.cluster.engine.one_format import Formats
from server.cluster.engine.records import Beaten, Buried, Message, SeenNode
from server.identity.ids import new_id
from server.runtime import clock
from server.runtime.background import endless
from server.sharing.deaths import Deaths
from signalling.nodes import wire
from signalling.state import parts

log = structlog.get_logger()

INTERVAL = 1.0
AGAIN = 0.25
"""Seconds to the next attempt while there is no connection."""


class Hears(Protocol):
    """What the rest of the node is told."""

    def entries(self, bodies: Sequence[bytes]) -> None: ...
    def gap(self) -> None:
        """Entries of the inbox are lost."""

    def unsent(self) -> None:
        """Entries for others may be lost; there is a connection again."""

    def gone(self, node: str) -> None:
        """It has died. Its rooms can be taken."""

    def orphans(self, node: str, rooms: Sequence[str]) -> None:
        """Rooms of a node that is dead, which nobody has taken yet."""

    def another_engine(self) -> None:
        """The engine came back as another one."""

    def was_buried(self) -> None:
        """Others have taken this node for dead. It has another id by now."""

    def owned(self) -> Sequence[str]:
        """The rooms that this node owns."""


class Membership:
    """`id`: this node's, among the others. `about`: what it says of itself, for JSON. `secrets`: fingerprints of those
    that it knows. `formats`: in which it writes. `is_leaving`: it stops, and takes no rooms."""

    def __init__(
        self, engine: Engine, node: str, hears: Hears, *, interval: float = INTERVAL, lease: float = LEASE
    ) -> None:
        self.id = node
        self.about: Callable[[], Mapping[str, Any]] = dict
        self.is_leaving = False
        self.secrets: Sequence[str] = ()
        self.formats = Formats(wire.VERSION, parts.VERSION)
        self.is_well = False
        """Whether the last beat was answered."""
        self._engine = engine
        self._hears = hears
        self._interval = interval
        self.lease = lease
        self._nodes: Mapping[str, SeenNode] = {}
        self._incarnation = ""
        self._beaten_at = clock.monotonic()
        self._ahead = 0.0
        self._trusts_at = -math.inf
        """Until when nobody is taken for dead: this node could not beat, and perhaps nobody could."""
        self._return_until = -math.inf
        """Until when those who have not beaten yet in an engine that came back as another are not taken for dead."""
        self._settled = asyncio.Event()
        self._beaten = asyncio.Event()
        self._empty: set[str] = set()
        self._deaths = Deaths()
        self._has_lost = False
        self._reads = ""  # the name under which the inbox is open
        self._doubted: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Raises `EngineRefused`, `EngineUnavailable`."""
        await self._engine.open()
        if self.secrets:
            self._check((await self._engine.look()).nodes)
        await self._beat()
        # Another may have started at the same moment.
        self._check(self._nodes.values())
        self._tasks = [endless(self._keep_beating()), endless(self._read())]

    def _check(self, nodes: Iterable[SeenNode]) -> None:
        one_format.check(self.formats, nodes, self.id)
        one_secret.check(self.secrets, nodes, self.id)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._engine.close()

    # What others ask.

    @property
    def seen_at(self) -> float | None:
        """When the engine has answered last (the monotonic clock). None: never."""
        return self._beaten_at if self._incarnation else None

    @property
    def others(self) -> Sequence[str]:
        """The nodes that live besides this one."""
        return [node.id for node in self._nodes.values() if node.about is not None and node.id != self.id]

    @property
    def takers(self) -> Sequence[str]:
        """Those of them that take rooms."""
        return [node for node in self.others if not self._said(node).leaving]

    def hears_reads(self, node: str) -> bool:
        """Whether it is surely of a release that knows `wire.Read`."""
        return node == self.id or self._said(node).reads

    def _said(self, node: str) -> about.About:
        """What it says of itself; nothing if it is not there."""
        seen = self._nodes.get(node)
        return about.decode(b"" if seen is None or seen.about is None else seen.about)

    @property
    def first(self) -> str:
        """The node that does what one has to do for all. For a moment two may take themselves for it."""
        return min([*([] if self.is_leaving else [self.id]), *self.takers], default=self.id)

    async def leaves(self) -> None:
        """Say that this node stops."""
        self.is_leaving = True
        with contextlib.suppress(EngineError):
            await self._beat()

    @property
    def is_settled(self) -> bool:
        """Whether rooms may be taken."""
        return self._settled.is_set()

    def at(self) -> float:
        """The engine's time of day (epoch seconds)."""
        return clock.monotonic() + self._ahead

    def last_beat(self, node: str, otherwise: float) -> float:
        """When the node has beaten last (the engine's time)."""
        found = self._nodes.get(node)
        return otherwise if found is None else found.beat_at

    def was_over(self, since: str) -> bool:
        """Whether this node may have been taken for dead at some time since it saw that incarnation."""
        return since in self._doubted

    async def seen(self, incarnation: str) -> None:
        """Wait until this node has beaten in it, or it is past."""
        while self._incarnation != incarnation and await self._engine.connected() == incarnation:
            await self._beaten.wait()

    async def settled(self, incarnation: str = "") -> str:
        """Wait until rooms may be taken. Returns the engine's incarnation."""
        if incarnation:
            await self.seen(incarnation)
        await self._settled.wait()
        return self._incarnation

    def post(self, to: Sequence[str], body: bytes, lost: Callable[[], None] = lambda: None) -> None:
        """Into the inboxes of these nodes, without a commit. `lost` is called if it may not have come there."""
        sent = asyncio.ensure_future(self._engine.send(Message(to, body)))
        sent.add_done_callback(partial(self._sent, lost))

    def _sent(self, lost: Callable[[], None], sent: asyncio.Future[object]) -> None:
        if not sent.cancelled() and sent.exception() is not None:
            self._has_lost = True
            lost()

    # Beats.

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._interval if self.is_well else AGAIN)
            try:
                await self._beat()
            except EngineError as error:
                if self.is_well:
                    log.warning("the engine is away", error=str(error))
                self.is_well = False
            except Exception:
                log.exception("a beat failed")

    async def _beat(self) -> None:
        if self._reads != self.id:
            await self._engine.open_inbox(self.id)
            self._reads = self.id
        asked = clock.monotonic()
        mine = {**self.formats._asdict(), "leaving": self.is_leaving, "reads": True}
        said = msgspec.json.encode({**self.about(), **mine})
        told = await self._engine.beat(self.id, said, self._hears.owned())
        if isinstance(told, Buried):
            await self._begin_anew()
            return
        if not self.is_well and self._incarnation:
            log.info("the engine is back", silent=round(asked - self._beaten_at, 3))
        self._heard(told, asked)
        beaten, self._beaten = self._beaten, asyncio.Event()
        beaten.set()
        await self._look_for_orphans()
        if self._has_lost:
            self._has_lost = False
            self._hears.unsent()

    def _heard(self, told: Beaten, asked: float) -> None:
        if self._incarnation and asked - self._beaten_at > self.lease:
            self._doubted.add(self._incarnation)
            # The engine was away, perhaps for all: others need time to say that they live.
            self._trusts_at = asked + self.lease
            # And the owners of other rooms may have given up the places of this node's people.
            self._has_lost = True
        unsure = max(told.settling, self._trusts_at - asked)
        # The engine told its time when half of the way was gone, as far as is known.
        self._beaten_at, self._ahead, self.is_well = asked, told.at - (asked + clock.monotonic()) / 2, True
        before, self._incarnation = self._incarnation, told.incarnation
        if unsure > 0:
            self._settled.clear()
            asyncio.get_running_loop().call_later(unsure, self._settles, told.incarnation)
        else:
            self._settles(told.incarnation)
        alive, known = set(self.others), self._nodes
        leaving = alive - set(self.takers)
        if before and before != told.incarnation:
            self._return_until = asked + self.lease
        nodes = {node.id: node for node in told.nodes}
        for node in alive:
            if node not in nodes and asked < self._return_until:
                nodes[node] = known[node]
            elif node in nodes and nodes[node].about is None and asked < self._trusts_at:
                nodes[node] = replace(nodes[node], about=b"{}")
        self._nodes = nodes
        if before and before != told.incarnation:
            log.warning("the engine came back as another one", incarnation=told.incarnation)
            self._hears.another_engine()
        others = set(self.others)
        for node in sorted(others - alive):
            self._deaths.came(self._nodes[node])
        for node in sorted(alive - others):
            silent = told.at - self.last_beat(node, told.at)
            self._deaths.died(known[node], silent, left=node in leaving)
            self._hears.gone(node)

    def _settles(self, incarnation: str) -> None:
        if incarnation == self._incarnation and clock.monotonic() >= self._trusts_at:
            self._settled.set()

    async def _look_for_orphans(self) -> None:
        if not self._settled.is_set():
            return
        dead = [node.id for node in self._nodes.values() if node.about is None]
        self._empty &= set(dead)
        for node in dead:
            if node not in self._empty:
                rooms = await self._engine.rooms_of(node)
                if rooms:
                    self._hears.orphans(node, rooms)
                else:
                    self._empty.add(node)
                    self._deaths.has_no_rooms(node, self.at() - self.last_beat(node, self.at()))

    async def _begin_anew(self) -> None:
        """Under another name."""
        before, self.id = self.id, new_id("n")
        log.warning("taken for dead by the others, sockets are closed", node=before, goes_on_as=self.id)
        # Nothing is taken under a name that has not beaten yet.
        self._settled.clear()
        self._hears.was_buried()
        await self._beat()

    # The inbox.

    async def _read(self) -> None:
        while True:
            try:
                received = await self._engine.receive()
                if received.has_gap:
                    log.warning("entries of the inbox are lost")
                    self._hears.gap()
                self._hears.entries(received.messages)
            except Exception as error:
                if not isinstance(error, EngineUnavailable):
                    log.exception("the inbox cannot be read")
                await asyncio.sleep(AGAIN)
