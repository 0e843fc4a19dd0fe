"""The server is killed, or stopped, while two hundred are in: all stay, and the record shows nothing of it."""

from __future__ import annotations

import asyncio
import itertools
import signal
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import NamedTuple

from signalling.client.actions import Emit
from signalling.rooms.member import rfc3339
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.pages import TIMEOUT, Page, together
from tests.server.proxy import HOST

ROOMS, SIZE = 20, 10


class Member(Page):
    """A page that wants its microphone and hand up."""

    def __init__(self, url: str, meeting: str, name: str, token: str | None = None) -> None:
        self.next = ""
        """The participant who gets a signal whenever the connection is lost."""
        super().__init__(url, meeting, name, token=token)

    def hear(self, emit: Emit) -> None:
        super().hear(emit)
        if emit.name == "away" and self.next:
            self.signal(self.next, self.count("away"))

    async def is_seen(self, room: Sequence[Page]) -> None:
        """All say that everyone is there with microphone and hand up."""
        self.status(media={"audio": True}, hand=True)
        await asyncio.gather(
            *(page.settles(lambda person: person["media"]["audio"] and person["hand"]) for page in room)
        )

    async def is_signalled(self, number: int) -> None:
        await self.sees(lambda: number in self.signals())


class Recorded(NamedTuple):
    joined_at: float
    left_at: float | None
    reason: str | None
    estimated: int


def record(server: ServerProcess) -> dict[str, list[Recorded]]:
    """Everyone's stays, by participant."""
    stays: dict[str, list[Recorded]] = {}
    with closing(sqlite3.connect(server.database)) as database:
        for participant, *stay in database.execute(
            "SELECT participant_id, joined_at, left_at, reason, estimated FROM participant_sessions ORDER BY joined_at"
        ):
            stays.setdefault(participant, []).append(Recorded(*stay))
    return stays


def url_of(server: ServerProcess) -> str:
    return f"ws://{HOST}:{server.port}/ws"


async def start_again(server: ServerProcess) -> None:
    await server.start(RECONVENE_PORT=str(server.port))


def hurry(pages: Iterable[Page]) -> None:
    """As when the network comes back: nobody sits out a wait that has grown over several attempts."""
    for page in pages:
        page.hurry()


def leave(pages: Sequence[Page]) -> None:
    for page in pages:
        page.leave()


async def stops_with_one_stay_each(server: ServerProcess, pages: Sequence[Page]) -> None:
    """When everyone has left: the record has one stay of each, from the first join to the leave."""
    assert await server.stop() == 0
    stays = record(server)
    assert stays.keys() == {page.id for page in pages}
    for page in pages:
        (stay,) = stays[page.id]
        (joined,) = [emit.detail for emit in page.heard if emit.name == "joined"]
        assert (stay.reason, stay.estimated) == ("left", 0)
        assert rfc3339(stay.joined_at) == joined["you"]["joined_at"]
    assert not server.loud


def nobody_came_or_went(room: Sequence[Page]) -> None:
    """What was told of people is that they came, once each; and all agree on who is there."""
    ids = [page.id for page in room]
    for position, page in enumerate(room):
        assert page.roster == room[0].roster
        assert page.others_came() == ids[position + 1 :]
        assert page.unsettling() == []


async def test_two_hundred_outlive_two_kills(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    try:
        pages = [
            Member(url_of(server), f"ROOM-{number % ROOMS}", f"P{number}") for number in range(ROOMS * SIZE)
        ]
        async with together(pages, SIZE) as rooms:
            before = {name: dict(room[0].roster) for name, room in rooms.items()}
            for room in rooms.values():
                for page, after in zip(room, [*room[1:], room[0]], strict=True):
                    page.next = after.id
            await asyncio.gather(
                *(page.is_seen(rooms[page.client.membership.meeting["id"]]) for page in pages)
            )

            await server.kill()
            await start_again(server)
            # The next kill comes while they resume.
            await some_resumed(pages, len(pages) // 2)
            await server.kill()
            await start_again(server)
            hurry(pages)

            await asyncio.gather(
                *(page.is_seen(rooms[page.client.membership.meeting["id"]]) for page in pages)
            )
            for name, room in rooms.items():
                nobody_came_or_went(room)
                for page, after in zip(room, [*room[1:], room[0]], strict=True):
                    came_back_as_they_were(page, before[name])
                    # One who was away sends when they are back. A kill takes what was under way, and doubles nothing.
                    await after.is_signalled(page.count("away"))
                    assert after.signals() in ([1], [2], [1, 2])
            leave(pages)
        await stops_with_one_stay_each(server, pages)
    finally:
        await server.stop()


async def some_resumed(pages: Sequence[Page], number: int) -> None:
    waiting = [asyncio.create_task(page.hears("resumed")) for page in pages]
    for done in asyncio.as_completed(waiting):
        await done
        number -= 1
        if not number:
            break
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


def came_back_as_they_were(page: Page, before: dict[str, dict[str, object]]) -> None:
    resumed = [emit.detail for emit in page.heard if emit.name == "resumed"]
    assert resumed
    for detail in resumed:
        assert (detail["restarted"], detail["replayed"]) == (True, 0)
        assert detail["snapshot"]["meeting"]["id"] == page.client.membership.meeting["id"]
    for kept in ("role", "instance", "joined_at", "name"):
        assert page.roster[page.id][kept] == before[page.id][kept]


class Flipper(Page):
    """Lowers and raises the hand, again and again."""

    def __init__(self, url: str, meeting: str, name: str, token: str) -> None:
        super().__init__(url, meeting, name, token=token)
        self.hand = False

    async def flip(self, done: asyncio.Queue[None]) -> None:
        await self.joined()
        while True:
            self.hand = not self.hand
            self.status(hand=self.hand)
            await self.sees(self.is_shown)
            done.put_nowait(None)

    def is_shown(self) -> bool:
        return (
            self.is_joined
            and self.client.membership.unanswered == 0
            and self.roster[self.id]["hand"] is self.hand
        )

    async def sees_all(self, room: Sequence[Flipper]) -> None:
        await self.sees(lambda: {page.id: page.hand for page in room} == self.hands())

    def hands(self) -> dict[str, bool]:
        """Of those who are connected."""
        return {
            person["id"]: person["hand"] for person in self.roster.values() if person["state"] == "connected"
        }


async def many(done: asyncio.Queue[None], number: int) -> None:
    async with asyncio.timeout(TIMEOUT):
        for _ in range(number):
            await done.get()


async def test_a_stop_under_load_is_a_pause(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    try:
        async with playing(server) as play:
            tokens = await asyncio.gather(*(play.identity() for _ in range(ROOMS * SIZE)))
        pages = [
            Flipper(url_of(server), f"ROOM-{number % ROOMS}", f"P{number}", token)
            for number, token in enumerate(tokens)
        ]
        rooms = [pages[number::ROOMS] for number in range(ROOMS)]
        done: asyncio.Queue[None] = asyncio.Queue()
        flips: list[asyncio.Task[None]] = []
        settled, coming = pages[: ROOMS * 7], iter(pages[ROOMS * 7 :])
        async with AsyncExitStack() as stack:
            for page in settled:
                await stack.enter_async_context(page)
                flips.append(asyncio.create_task(page.flip(done)))
            await many(done, 3 * len(settled))
            for page in itertools.islice(coming, ROOMS):
                await stack.enter_async_context(page)
                flips.append(asyncio.create_task(page.flip(done)))
                await many(done, 1)
            # From here on joins meet a server that stops, none at all, and the next one.
            server.signal(signal.SIGTERM)
            for page in coming:
                await stack.enter_async_context(page)
                flips.append(asyncio.create_task(page.flip(done)))
                await asyncio.sleep(0)
            assert await server.wait() == 0
            await start_again(server)
            hurry(pages)
            await many(done, 5 * len(pages))
            for flip in flips:
                flip.cancel()
            ends = await asyncio.gather(*flips, return_exceptions=True)
            assert {type(end) for end in ends} == {asyncio.CancelledError}
            await asyncio.gather(*(page.joined() for page in pages))
            for room in rooms:
                await asyncio.gather(*(page.sees_all(room) for page in room))
                assert all(page.unsettling() == [] for page in room)
            leave(pages)
        await stops_with_one_stay_each(server, pages)
    finally:
        await server.stop()
