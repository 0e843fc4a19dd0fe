"""The people in the meetings, who send numbered commands; and what each of them saw.

Most are clients of `reconvene load`, who know of each event whether it was lost or came twice. In each meeting one is a
page, which tells whether anybody was seen to leave.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from reconvene.load import crowd
from reconvene.load.meetings import Meetings
from reconvene.load.plan import Plan
from reconvene.load.room import Room
from reconvene.load.target import Target
from reconvene.server_address import Address
from tests.server.pages import Page

BACK_WITHIN = 60.0
"""Seconds after the last blow."""
FOR_EVER = 3600.0


async def until(condition: Callable[[], bool], within: float = BACK_WITHIN) -> None:
    """Look until it holds, for so long."""
    end = time.monotonic() + within
    while not condition() and time.monotonic() < end:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)


class Crowd(crowd.Crowd):
    behind: Sequence[str] = ()
    """The rooms in which not everybody heard everything."""

    async def _drain(self) -> None:
        await until(lambda: all(room.has_all() for room in self._rooms))
        self.behind = [_told(room) for room in self._rooms if not room.has_all()]

    @property
    def away(self) -> int:
        return sum(not member.is_connected for member in self._members)

    def leave(self) -> None:
        for member in self._members:
            member.run(member.machine.leave())


class People:
    """`at`: when the first was about to come, when the last was there, when the first left (epoch seconds)."""

    def __init__(self, url: str, rooms: int, size: int, rate: float) -> None:
        self._url = url
        self._size = size
        self._plan = Plan(rooms, size - 1, rate, FOR_EVER, signals=rate, payload=100)
        self.meetings: Sequence[str] = ()
        self.at: list[float] = []
        self._crowd: Crowd
        self._pages: list[Page] = []
        self._load: asyncio.Task[None]

    async def come(self) -> None:
        target = Target.of(Address.parse(self._url), ("127.0.0.1",))
        made = Meetings(target)
        await made.make(self._plan.rooms, 60.0)
        self.meetings = made.ids
        self._crowd = Crowd(self._plan, target, self.meetings)
        self.at = [time.time()]
        ws = f"ws{self._url.removeprefix('http')}/ws"
        self._pages = [Page(ws, meeting, "Onlooker") for meeting in self.meetings]
        for page in self._pages:
            await page.__aenter__()
        await asyncio.gather(self._crowd.join(), *(page.joined() for page in self._pages))
        await asyncio.gather(*(page.knows(self._size) for page in self._pages))
        self.at.append(time.time())
        self._load = asyncio.create_task(self._crowd.load())

    def told(self) -> str:
        """How it goes."""
        now = self._crowd.progress()
        return (
            f"{now.joined - now.away} there, {now.away} away, {now.changes + now.signals} commands, "
            f"{now.events} heard, {now.reconnects} came back, {now.lost} lost, {now.doubled} doubled"
        )

    async def all_back(self) -> bool:
        """Wait until nobody is away any more, with an end."""
        await until(lambda: not self._away())
        return not self._away()

    def _away(self) -> int:
        return self._crowd.away + sum(not page.is_joined for page in self._pages)

    async def stop_talking(self) -> None:
        """Return when all have heard everything, or after a while."""
        self._crowd.stop()
        await self._load

    async def leave(self) -> None:
        self.at.append(time.time())
        self._crowd.leave()
        for page in self._pages:
            page.leave()
        await asyncio.sleep(0.5)

    async def close(self) -> None:
        if self._pages:
            self._crowd.stop()
            await self._crowd.close()
            for page in self._pages:
                await page.__aexit__(None, None, None)

    def complaints(self, *, is_whole: bool) -> list[str]:
        """`is_whole`: everybody came back to the same log."""
        tally = self._crowd.tally
        counts = {
            "not in": tally.failed,
            "lost": tally.lost,
            "doubled": tally.doubled,
            "refused": tally.refused.total(),
            "joined anew": tally.anew,
            "not there at the end": tally.unconfirmed,
        }
        if is_whole:
            counts |= {"came back to a snapshot": tally.snapshots, "signals under way dropped": tally.dropped}
        found = [f"{name}: {count}" for name, count in counts.items() if count]
        found += [f"not everybody heard everything: {each}" for each in self._crowd.behind]
        if tally.refused:
            found.append(f"refused: {dict(tally.refused)}")
        for page in self._pages:
            found += [f"an onlooker was told {each.name} {each.detail}" for each in page.unsettling()]
        return found

    def story(self) -> str:
        tally = self._crowd.tally
        return (
            f"{tally.changes} changes and {tally.signals} signals, heard {tally.events} times, "
            f"{tally.lost} lost, {tally.doubled} doubled; {tally.replayed} came back with a replay, "
            f"{tally.snapshots} with a snapshot, {tally.anew} anew; longest delay {tally.delays.longest / 1e6:.1f} s; "
            f"closed with {dict(tally.closed)}, refused for a while {dict(tally.errors)}, {dict(tally.unconnected)}"
        )


def _told(room: Room) -> str:
    """What it lacks."""
    log = room.latest
    assert log is not None
    members = [
        {
            "phase": member.machine.phase,
            "epoch": member.machine.membership.epoch == log.epoch,
            "seq": member.stretch and member.stretch.last - log.head,
            "unseen": log.outstanding(member.machine.membership.my_id, member.changes),
            "unanswered": member.machine.membership.unanswered,
            "signals": member.signals,
        }
        for member in room.members
    ]
    return f"{room.meeting}: {members}"
