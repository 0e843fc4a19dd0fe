"""How fast everyone in a room is told a message, beside a status; how long the first page of a long history takes."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.clients import LoadError
from bench.figures import Figure, Verdict
from bench.measure import Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server
from reconvene.load.cpu_usage import usage
from storage import open_store
from storage.chat import NewMessage
from storage.errors import StoreError

MEMBERS = 500
MESSAGES = 5
"""As many as somebody may write at once."""

AUTHORS = 20
"""Of a round; in the next one others write."""

ROUNDS = 3

SHARE = 0.9
HISTORY = 10_000
AT_ONCE = 500
ASKED = 50
"""Milliseconds, from the question to the page."""

STATUS_NAME = f"status, a room of {MEMBERS}"
CHAT_NAME = f"chat, a room of {MEMBERS}"
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
    figures = [Figure(STATUS_NAME, "/s"), Figure(CHAT_NAME, "/s"), Figure(PAGE_NAME, "ms")]
    say(
        f"chat: a room of {MEMBERS}, {AUTHORS * MESSAGES} messages and statuses a round; a history of {HISTORY}"
    )

    def fill(_: Figure) -> None:
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with Server(RECONVENE) as server, blaming(server), runner:
            runner.run(_measured(server, figures, plan, say))

    attempt(figures[0], fill, say)
    for figure in figures[1:]:
        figure.invalid = figures[0].invalid
    return figures


async def _measured(server: Server, figures: Sequence[Figure], plan: Plan, say: Say) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws"
    status, messages, page = figures
    members: list[Member] = []
    readers: list[asyncio.Task[None]] = []
    try:
        for number in range(MEMBERS):
            member = Member(
                await connect(url, ping_interval=None, compression=None, proxy=None, max_size=None)
            )
            await member.join("CHAT", f"Member {number}")
            members.append(member)
            readers.append(asyncio.create_task(member.read()))
        for number in range(ROUNDS):
            authors = members[number * AUTHORS : (number + 1) * AUTHORS]
            await _round(server, members, authors, "status", status, say)
            await _round(server, members, authors, "chat", messages, say)
        await _first_page(server, members[0], page, plan, say)
    except (StoreError, WebSocketException, TimeoutError) as error:
        raise LoadError(str(error) or repr(error)) from error
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
    figure.by_cpu[RECONVENE.name].append(told / max(used.ran, 0.01))
    figure.waited.append((used.waited + spent.waited) / took)
    say(
        f"  {kind:6} {told / took:9,.0f} deliveries/s, {used.ran * 1000:.0f} ms of CPU, held up {figure.waited[-1]:.0%}"
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
    if CHAT_NAME not in by_name:
        return []
    status, messages = by_name[STATUS_NAME], by_name[CHAT_NAME]
    by_cpu = status.judged_by_cpu or messages.judged_by_cpu
    told, written = (
        (each.by(each.by_cpu if by_cpu else each.values, RECONVENE)) for each in (status, messages)
    )
    ratio = written / told if told and written else None
    return [
        Verdict(f"{CHAT_NAME} / a status", SHARE, ratio, "x"),
        Verdict(PAGE_NAME, ASKED, by_name[PAGE_NAME].of(RECONVENE), "ms", at_most=True),
    ]
