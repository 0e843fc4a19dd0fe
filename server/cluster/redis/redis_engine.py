"""The engine on Redis or Valkey, as one node has it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from server.cluster.engine import bounds
from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError, EngineUnavailable
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
from server.cluster.redis import answers, commands, keys
from server.cluster.redis.address import parse_address
from server.cluster.redis.connecting import Links, connect
from server.cluster.redis.inbox import Inbox
from server.cluster.redis.link import NoScript, Reply, Result
from server.cluster.redis.scripts import load_scripts
from server.runtime.background import endless

log = structlog.get_logger()

TIMEOUT = 2.0
"""Seconds until an answer is due. An engine that is slower than this is away: a node must beat within its lease."""
FIRST_WAIT = 0.05
LONGEST_WAIT = 1.0


class RedisEngine(Engine):
    """`url`: see `address`. `lease` and `settling` are the same for all nodes. Raises `EngineRefused` for a bad URL.

    Three connections to one engine, which end together. A lost one is replaced after 0 to 1 s, by way of the Sentinels
    where there are any.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT,
        lease: float = bounds.LEASE,
        settling: float = bounds.SETTLING,
    ) -> None:
        self._address = parse_address(url)
        self._scripts = load_scripts(lease=lease, settling=settling)
        self._commit_sha = self._scripts["commit"].sha
        self._timeout = timeout
        self._links: Links | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._inbox: Inbox | None = None

    async def open(self) -> None:
        await self._connect()
        self._keeper = endless(self._keep_connected())

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        if self._links is not None:
            self._links.lose("closed")

    async def connected(self) -> str:
        while self._links is None:
            await self._up.wait()
        return self._links.incarnation

    def commit(self, commit: Commit) -> Awaitable[Committed | Fenced | Lost]:
        links = self._links
        if links is None:
            return _away()
        if links.incarnation != commit.incarnation:
            lost: asyncio.Future[Lost] = asyncio.get_running_loop().create_future()
            lost.set_result(Lost())
            return lost
        return links.commits.call(*commands.commit(self._commit_sha, commit), into=answers.committed)

    def send(self, message: Message) -> Awaitable[object]:
        if self._links is None:
            return _away()
        call = self._links.commits.call
        calls = [call(*commands.send(node, message.body)) for node in message.to]
        return calls[0] if len(calls) == 1 else asyncio.gather(*calls)

    async def take(self, room: str, node: str) -> Taken | Held | Settling | Buried:
        return await self._run("take", keys.of_room(room), room, node, into=answers.taken)

    async def give(self, own: Ownership, to: str, message: bytes) -> Taken | Fenced | Lost | Gone:
        return await self._run(
            *("give", keys.of_room(own.room)),
            *(own.room, own.term, own.revision, to, message),
            into=answers.given,
        )

    async def drop(self, own: Ownership) -> Committed | Fenced | Lost:
        return await self._run(
            "drop", keys.of_room(own.room), own.room, own.term, own.revision, into=answers.committed
        )

    async def confirm(self, own: Ownership) -> Committed | Fenced | Lost | Buried:
        return await self._run(
            *("confirm", (keys.own(own.room),)),
            *(own.room, own.node, own.term, own.epoch, own.revision),
            into=answers.confirmed,
        )

    async def establish(self, own: Ownership, state: RoomState) -> Committed | Fenced | Buried:
        return await self._run(
            "establish", keys.of_room(own.room), *commands.establish(own, state), into=answers.established
        )

    async def head(self, room: str) -> Head | None:
        call = self._connected().calls.call
        return await call("HMGET", keys.own(room), "n", "t", "e", "s", "r", into=answers.head)

    async def load(self, room: str) -> RoomState | None:
        return await self._run("load", keys.of_room(room), into=answers.state)

    async def people(self, room: str) -> int:
        call = self._connected().calls.call
        return await call("HLEN", keys.members(room), into=int)

    async def log(self, room: str, after: int) -> Sequence[Entry]:
        call = self._connected().calls.call
        return await call(
            *("XRANGE", keys.log(room), f"{after + 1}-0", "+", "COUNT", bounds.LOG_PAGE),
            into=answers.entries,
        )

    async def beat(self, node: str, about: bytes, keep: Sequence[str] = ()) -> Beaten | Buried:
        own = (keys.node(node), keys.dead(node), keys.inbox(node), keys.rooms(node))
        return await self._run("beat", own, node, about, *keep, into=answers.beaten)

    async def look(self) -> Beaten:
        return await self._run("look", (), into=answers.looked)

    async def rooms_of(self, node: str) -> Sequence[str]:
        return await self._connected().calls.call("SMEMBERS", keys.rooms(node), into=answers.names)

    async def open_inbox(self, node: str) -> None:
        inbox = Inbox(node)
        await inbox.open(self._connected().calls)
        self._inbox = inbox

    async def receive(self) -> Received:
        while True:
            await self.connected()
            links, inbox = self._connected(), self._inbox
            if inbox is None:
                raise RuntimeError("no inbox was opened")
            try:
                received = await inbox.read(links.inbox)
            except EngineUnavailable:
                if links is self._links:
                    # It is connected, and not able to: nobody tells when it is again.
                    await asyncio.sleep(FIRST_WAIT)
                continue
            if received.messages or received.has_gap:
                return received

    def _connected(self) -> Links:
        if self._links is None:
            raise EngineUnavailable("the engine is away")
        return self._links

    async def _run(
        self,
        name: str,
        own_keys: Sequence[str],
        *arguments: commands.Argument,
        into: Callable[[Reply], Result],
    ) -> Result:
        link = self._connected().calls
        script = self._scripts[name]
        command = ("EVALSHA", script.sha, len(own_keys), *own_keys, *arguments)
        try:
            return await link.call(*command, into=into)
        except NoScript:
            await link.call("SCRIPT", "LOAD", script.source)
            return await link.call(*command, into=into)

    async def _connect(self) -> None:
        self._links = await connect(self._address, self._scripts.values(), self._timeout, self._lost)
        self._down.clear()
        self._up.set()

    def _lost(self, reason: str) -> None:
        links, self._links = self._links, None
        if links is None:
            return
        if self._keeper is not None:
            log.warning("the engine is away", reason=reason)
        links.lose(reason)
        self._up.clear()
        self._down.set()

    async def _keep_connected(self) -> None:
        while True:
            incarnation = self._links.incarnation if self._links is not None else ""
            await self._down.wait()
            await self._connect_again()
            log.info("the engine is back", is_the_same=self._connected().incarnation == incarnation)

    async def _connect_again(self) -> None:
        wait, told = FIRST_WAIT, ""
        while True:
            try:
                return await self._connect()
            except EngineError as error:
                if str(error) != told:
                    told = str(error)
                    log.warning("no connection to the engine", reason=told)
            # Not all nodes at once.
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - nothing to guess here
            wait = min(2 * wait, LONGEST_WAIT)


def _away() -> asyncio.Future[Any]:
    refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    refused.set_exception(EngineUnavailable("the engine is away"))
    return refused
