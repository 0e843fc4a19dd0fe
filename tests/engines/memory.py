"""The engine in memory: for simulations in virtual time, with everything that can happen to an engine.

server = MemoryServer()
engine = MemoryEngine(server)              # one for each node
await engine.open()
server.away = True                         # nobody reaches it
server.latency = 0.5                       # slow, each way
server.swallows = True                     # carries out, and its answers are lost
server.holds = True                        # what is sent lies in a buffer, and arrives with release()
engine.break_connection()                  # whatever waits hears that it may have happened
server.restart(empty=True)                 # another incarnation
server.fail_over(lost=3)                   # another incarnation, without the last three writes
server.go_back(lost=3)                     # the same, and what was committed with the last three writes is lost
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from server.cluster.engine import bounds
from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import (
    Beaten,
    Buried,
    Commit,
    Committed,
    Entry,
    Fenced,
    Gone,
    Head,
    Held,
    Lost,
    Message,
    Ownership,
    Received,
    RoomState,
    Settling,
    Taken,
)
from tests.engines.memory_server import LOOK_EVERY, MemoryServer
from tests.engines.space import Space

TIMEOUT = 2.0

Result = TypeVar("Result")


class MemoryEngine(Engine):
    """`cut_off`: this node alone does not reach it."""

    def __init__(self, server: MemoryServer) -> None:
        self.cut_off = False
        self._server = server
        self._incarnation = ""
        self.is_dead = False
        """Its process was killed: what it has sent arrives, and nobody hears of it."""
        self._unanswered: dict[asyncio.Future[object], None] = {}
        self._arrives_at = 0.0
        self._inbox: tuple[str, int] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a call is on its way, or something is unread."""
        return bool(self._unanswered) or self._has_unread()

    def _has_unread(self) -> bool:
        node, place = self._inbox or ("", 0)
        box = self._server.space.boxes.get(node)
        return box is not None and box.entries[-1][0] > place

    async def open(self) -> None:
        self._connect()

    async def close(self) -> None:
        self.break_connection()

    def break_connection(self) -> None:
        unanswered, self._unanswered = self._unanswered, {}
        for future in unanswered:
            if not future.done() and not self.is_dead:
                future.set_exception(EngineUnavailable("the connection broke", may_have_happened=True))

    async def connected(self) -> str:
        while self.cut_off or self._server.away:
            await self._server.change(self)
        self._connect()
        return self._incarnation

    def commit(self, commit: Commit) -> Awaitable[Committed | Fenced | Lost]:
        def apply(space: Space, now: float) -> Committed | Fenced | Lost:
            return space.commit(commit, now)

        try:
            self._connect()
        except EngineUnavailable as away:
            return _done(away)
        if commit.incarnation != self._incarnation:
            return _done(Lost())
        return self._call(apply)

    def send(self, message: Message) -> Awaitable[object]:
        return self._call(lambda space, now: space.send(message, now))

    async def take(self, room: str, node: str) -> Taken | Held | Settling | Buried:
        return await self._call(lambda space, now: space.take(room, node, now, self._server.incarnation))

    async def give(self, own: Ownership, to: str, message: bytes) -> Taken | Fenced | Lost | Gone:
        return await self._call(
            lambda space, now: space.give(own, to, message, now, self._server.incarnation)
        )

    async def drop(self, own: Ownership) -> Committed | Fenced | Lost:
        return await self._call(lambda space, now: space.drop(own, now))

    async def confirm(self, own: Ownership) -> Committed | Fenced | Lost | Buried:
        return await self._call(lambda space, now: space.confirm(own, self._server.incarnation))

    async def establish(self, own: Ownership, state: RoomState) -> Committed | Fenced | Buried:
        return await self._call(lambda space, now: space.establish(own, state, now, self._server.incarnation))

    async def head(self, room: str) -> Head | None:
        return await self._call(lambda space, now: space.rooms[room].head if room in space.rooms else None)

    async def load(self, room: str) -> RoomState | None:
        return await self._call(lambda space, now: space.state(room))

    async def people(self, room: str) -> int:
        return await self._call(lambda space, now: space.people(room))

    async def log(self, room: str, after: int) -> Sequence[Entry]:
        state = await self.load(room)
        entries = state.entries if state else ()
        return [entry for entry in entries if entry.seq > after][: bounds.LOG_PAGE]

    async def beat(self, node: str, about: bytes, keep: Sequence[str] = ()) -> Beaten | Buried:
        return await self._call(
            lambda space, now: space.beat(node, about, keep, now, self._server.incarnation)
        )

    async def look(self) -> Beaten:
        return await self._call(lambda space, now: space.look(now, self._server.incarnation))

    async def rooms_of(self, node: str) -> Sequence[str]:
        return await self._call(lambda space, now: space.rooms_of(node))

    async def open_inbox(self, node: str) -> None:
        self._inbox = (node, await self._make_inbox(node))

    def _make_inbox(self, node: str) -> Awaitable[int]:
        return self._call(lambda space, now: space.open_inbox(node, now))

    async def receive(self) -> Received:
        while True:
            inbox = self._inbox
            assert inbox is not None
            node, place = inbox
            try:
                found, is_there = await self._read(node, place)
                if not is_there:
                    place = await self._make_inbox(node)
                elif found:
                    place = found[-1][0]
            except EngineUnavailable:
                await asyncio.sleep(LOOK_EVERY)
                continue
            if self._inbox is not inbox:
                # Another one was opened meanwhile, under another name.
                continue
            if found or not is_there:
                self._inbox = (node, place)
            messages = [body for _, body in found if body is not None]
            if messages or not is_there:
                return Received(messages, has_gap=not is_there)
            # What came while it was told that there is nothing, it looks for at once.
            if not self._has_unread():
                await self._server.change(self)

    def _read(self, node: str, place: int) -> Awaitable[tuple[list[tuple[int, bytes | None]], bool]]:
        return self._call(lambda space, now: space.read(node, place, bounds.RECEIVED_AT_ONCE))

    def _connect(self) -> None:
        server = self._server
        if self.cut_off or server.away:
            self.break_connection()
            raise EngineUnavailable("the engine is away")
        if self._incarnation != server.incarnation:
            self.break_connection()
            self._incarnation = server.incarnation

    def _call(self, script: Callable[[Space, float], Result]) -> asyncio.Future[Result]:
        try:
            self._connect()
        except EngineUnavailable as away:
            return _done(away)
        loop, sent_to = asyncio.get_running_loop(), self._server.incarnation
        future: asyncio.Future[Result] = loop.create_future()
        self._unanswered[future] = None  # type: ignore[index]
        future.add_done_callback(lambda done: self._unanswered.pop(done, None))  # type: ignore[arg-type]

        def arrive() -> None:
            if self._server.incarnation != sent_to or self._server.away:
                self.break_connection()
            elif self._server.holds:
                self._server.held.append(lambda: self._server.carry_out(script))
            else:
                result, at = self._server.carry_out(script), loop.time() + self._server.latency
                if not self._server.swallows:
                    loop.call_at(at, answer, result, context=context)
                    if at < given_up_at:
                        return
            loop.call_at(given_up_at, give_up, context=context)

        def answer(result: Result) -> None:
            if not (future.done() or self.is_dead):
                future.set_result(result)

        def give_up() -> None:
            if not future.done():
                self.break_connection()

        # In order, also when the engine has become faster. A loop's timers of one moment are in no order.
        self._arrives_at = max(self._arrives_at + 1e-6, loop.time() + self._server.latency)
        context, given_up_at = self._server.context, loop.time() + TIMEOUT
        loop.call_at(self._arrives_at, arrive, context=context)
        return future


def _done(outcome: Result | EngineUnavailable) -> asyncio.Future[Result]:
    future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    if isinstance(outcome, EngineUnavailable):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
    return future
