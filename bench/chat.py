"""How fast everyone in a room is told a message, beside a status; how long the first page of a long history takes."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.clients import LoadError
from bench.figures import Figure, Verdict
from bench.measure import GENERATOR_BOUND, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server, alone
from reconvene.load.cpu_usage import usage
from storage import open_store
from storage.chat import NewMessage
from storage.errors import StoreError

SHARES = {100: 0.7, 500: 0.9}
"""For each size of a room, the least of a status that a message makes. It is recorded, which the members share."""

MESSAGES = 5
"""As many as somebody may write at once."""

AUTHORS = 20
"""Of a round; in the next one others write."""

ROUNDS = min(SHARES) // AUTHORS

HISTORY = 10_000
AT_ONCE = 500
ASKED = 50
"""Milliseconds, from the question to the page."""

STATUS_NAME, CHAT_NAME = "status, a room of {}", "chat, a room of {}"
PAGE_NAME = f"first page of {HISTORY} messages"


class Member:
    """`told`: how many statuses or messages came."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.told = 0
        self.page = asyncio.Event()
        self._number = 1
        self._came = asyncio.Condition()

    async def join(self, room: str, name: str) -> None:
        join = {"type": "join", "id": 1, "meeting": room, "name": name, "create": True, "features": ["batch"]}
        await self.ws.send(json.dumps(join))
        if b'"joined"' not in await self.ws.recv(decode=False):
            raise LoadError("a member was not let in")

    async def send(self, kind: str, **fields: object) -> None:
        self._number += 1
        await self.ws.send(json.dumps({"type": kind, "id": self._number, **fields}))

    async def read(self) -> None:
        async for frame in self.ws:
            text = frame if isinstance(frame, str) else frame.decode()
            count = text.count('"type":"chat_message"') + text.count('"type":"participant_updated"')
            if '"type":"error"' in text:
                raise LoadError(text)
            if '"type":"chat_page"' in text:
                self.page.set()
            if count:
                async with self._came:
                    self.told += count
                    self._came.notify_all()

    async def until(self, told: int) -> None:
        async with asyncio.timeout(30), self._came:
            await self._came.wait_for(lambda: self.told >= told)


def chat(plan: Plan, say: Say) -> list[Figure]:
    return [figure for size in SHARES for figure in _fan_out(size, plan, say)] + [_history(plan, say)]


def _fan_out(size: int, plan: Plan, say: Say) -> list[Figure]:
    status, messages = (Figure(name.format(size), "/s", shows_both=True) for name in (STATUS_NAME, CHAT_NAME))
    say(f"{messages.name}: {AUTHORS * MESSAGES} messages a round, and as many statuses")

    async def rounds(server: Server) -> None:
        async with _room(server, size) as members:
            for number in range(min(plan.rounds, ROUNDS)):
                authors = members[number * AUTHORS : (number + 1) * AUTHORS]
                with alone((server.pid, os.getpid()), plan.realtime):
                    await _round(server, members, authors, "status", status, say)
                    await _round(server, members, authors, "chat", messages, say)

    attempt(status, lambda _: _served(rounds), say)
    messages.invalid = status.invalid
    return [status, messages]


def _history(plan: Plan, say: Say) -> Figure:
    say(PAGE_NAME)

    async def pages(server: Server, figure: Figure) -> None:
        async with _room(server, 1) as members:
            await _first_page(server, members[0], figure, plan, say)

    return attempt(Figure(PAGE_NAME, "ms"), lambda figure: _served(lambda server: pages(server, figure)), say)


def _served(measured: Callable[[Server], Coroutine[None, None, None]]) -> None:
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with Server(RECONVENE) as server, blaming(server), runner:
        try:
            runner.run(measured(server))
        except (StoreError, WebSocketException, TimeoutError) as error:
            raise LoadError(str(error) or repr(error)) from error


@asynccontextmanager
async def _room(server: Server, size: int) -> AsyncIterator[Sequence[Member]]:
    """So many have joined, and read what they are told."""
    url = f"ws://127.0.0.1:{server.port}/ws"
    members: list[Member] = []
    readers: list[asyncio.Task[None]] = []
    try:
        for number in range(size):
            member = Member(
                await connect(
                    url, ping_interval=None, compression=None, proxy=None, max_size=None, open_timeout=60
                )
            )
            await member.join("CHAT", f"Member {number}")
            members.append(member)
            readers.append(asyncio.create_task(member.read()))
        yield members
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for member in members:
            await member.ws.close()


async def _round(
    server: Server, members: Sequence[Member], authors: Sequence[Member], kind: str, figure: Figure, say: Say
) -> None:
    """All write at once, and again when everyone has been told."""
    for member in members:
        member.told = 0
    before, began = (server.usage(), usage(os.getpid())), time.perf_counter()
    for wave in range(MESSAGES):
        for number, author in enumerate(authors):
            if kind == "chat":
                await author.send("chat", key=f"{id(author)}-{wave}", text=f"Message {number} of wave {wave}")
            else:
                await author.send("status", media={"audio": wave % 2 == 0})
        for member in members:
            await member.until((wave + 1) * AUTHORS)
    took = time.perf_counter() - began
    used, spent = server.usage() - before[0], usage(os.getpid()) - before[1]
    told = sum(member.told for member in members)
    figure.values[RECONVENE.name].append(told / took)
    figure.by_cpu[RECONVENE.name].append(told / used.ran)
    figure.waited.append((used.waited + spent.waited) / took)
    figure.outrun.append(spent.ran / took > GENERATOR_BOUND)
    say(
        f"  {kind:6} {told / took:9,.0f} deliveries/s, {used.ran / told * 1e6:.1f} us of CPU each, "
        f"server {used.ran / took:4.0%}, generator {spent.ran / took:4.0%} of a core, held up {figure.waited[-1]:.0%}"
    )


async def _first_page(server: Server, member: Member, figure: Figure, plan: Plan, say: Say) -> None:
    store = open_store(f"sqlite:///{server.folder}/meetings.db")
    await store.open()
    began = time.time() - HISTORY
    for first in range(0, HISTORY, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        texts = [
            NewMessage(
                f"m_{each:020}",
                f"u_{each % 50}",
                f"k{each}",
                f"What was written as number {each}",
                began + each,
            )
            for each in numbers
        ]
        await store.write_messages("CHAT", texts)
    await store.close()
    for number in range(plan.rounds + 1):
        member.page.clear()
        before, asked = server.usage(), time.perf_counter()
        await member.send("chat_history")
        async with asyncio.timeout(30):
            await member.page.wait()
        took, used = time.perf_counter() - asked, server.usage() - before
        if number:  # the first one is nobody's measure
            figure.values[RECONVENE.name].append(took * 1000)
            say(f"  page {took * 1000:.1f} ms, held up {used.waited / took:.0%}")


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    by_name = {figure.name: figure for figure in figures}
    if PAGE_NAME not in by_name:
        return []
    found = []
    for size, share in SHARES.items():
        status, written = by_name[STATUS_NAME.format(size)], by_name[CHAT_NAME.format(size)]
        found.append(Verdict(f"{written.name} / a status", share, _share(written, status), "x"))
    page = by_name[PAGE_NAME].of(RECONVENE)
    return [*found, Verdict(PAGE_NAME, ASKED, page, "ms", at_most=True)]


def _share(written: Figure, status: Figure) -> float | None:
    by_cpu = written.judged_by_cpu or status.judged_by_cpu
    mine, its = (each.by(each.by_cpu if by_cpu else each.values, RECONVENE) for each in (written, status))
    return mine / its if mine and its else None
