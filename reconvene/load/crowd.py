"""All clients of one process: they join, send changes and signals for a while, then wait for deliveries to finish.

    crowd = Crowd(plan, target, meetings)
    await crowd.join()
    await crowd.load()
    crowd.tally
    await crowd.close()

Each step takes as long as the plan says and little more, whatever the server does. `stop` cuts short the current step
and the later ones.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from reconvene.load.client_socket import ClientSocket
from reconvene.load.cpu_usage import own_usage
from reconvene.load.member import Member
from reconvene.load.plan import Plan
from reconvene.load.room import Room
from reconvene.load.statistics import Delays, Progress, Tally
from reconvene.load.target import Target

IN_FLIGHT = 256
"""Most concurrent joins: where the server is the limit, more would only wait there."""

DRAIN = 10.0
"""Seconds at the end for outstanding deliveries, and for disconnected clients to come back."""

DRAIN_STOPPED = 2.0
"""The same after an interruption."""

GOODBYE = 3.0

PATIENCE = 0.05
"""Seconds between two checks that everything has arrived."""

TIDY = 1.0
"""Seconds between two removals of frames that everybody has seen."""

LEAST_SLEEP = 0.001


class Crowd:
    """`tokens`: of the clients in each meeting; without them the server makes identities."""

    def __init__(
        self, plan: Plan, target: Target, meetings: Sequence[str], tokens: Sequence[str] = ()
    ) -> None:
        self.target = target
        self.tally = Tally(clients=plan.clients)
        self.delays: list[int] = []
        self.sockets: set[ClientSocket] = set()
        self._plan = plan
        self._rooms = [_room(meeting, plan.size, self, tokens) for meeting in meetings]
        self._members = [member for room in self._rooms for member in room.members]
        self._joining = 0
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()
        self._began = self._last_joined = 0.0

    def stop(self) -> None:
        self._stopped.set()
        self._news.set()

    # The steps.

    async def join(self) -> None:
        """All clients join, room by room, until each is in or refused, or the plan's time is over."""
        before, rate = own_usage(), self._plan.join_rate
        self._began = began = self._last_joined = time.monotonic()
        until = began + self._plan.join_within
        for number, member in enumerate(self._members):
            if rate is not None:
                await self._sleep(began + number / rate)
            while self._joining >= IN_FLIGHT and not self._is_over(until):
                await self._news_until(until)
            if self._is_over(until):
                break
            self._joining += 1
            member.start()
            if rate is None and number % 64 == 63:
                # Otherwise sockets would be opened faster than they are read.
                await asyncio.sleep(0)
        while self._joining and not self._is_over(until):
            await self._news_until(until)
        now = time.monotonic()
        self.tally.joined = sum(member.was_in for member in self._members)
        # Clients not tried because of an interruption did not fail.
        missing = self._plan.clients - self.tally.joined
        self.tally.failed = self._failed() if self._stopped.is_set() else missing
        self.tally.joining = (began, self._last_joined)
        self.tally.busy_joining = (own_usage() - before).ran / max(now - began, 0.001)

    async def load(self) -> None:
        """Send changes and signals at the plan's rates for the plan's time; then wait for outstanding deliveries."""
        plan, tally = self._plan, self.tally
        padding = "x" * max(0, plan.payload - 48)
        with _undisturbed():
            before, began = own_usage(), time.monotonic()
            until = began + plan.seconds
            streams = [
                stream
                for stream in (
                    _Stream(plan.rate, self._rooms, began, Member.change),
                    _Stream(plan.signals, self._rooms, began, lambda member: member.signal(padding)),
                )
                if stream.rate
            ]
            tidy_at = began + TIDY
            while (now := time.monotonic()) < until and not self._stopped.is_set():
                for stream in streams:
                    stream.send(min(now, until))
                if now >= tidy_at:
                    tidy_at = now + TIDY
                    for room in self._rooms:
                        room.forget()
                await self._sleep(min([until, tidy_at, *(stream.due for stream in streams)]))
            if not self._stopped.is_set():
                # Send what became due during the last sleep.
                for stream in streams:
                    stream.send(until - LEAST_SLEEP)
            ended = time.monotonic()
            self._count()
            used = own_usage() - before
            tally.seconds = max(ended - began, 0.001)
            tally.busy, tally.waited = used.ran / tally.seconds, used.waited / tally.seconds
            tally.delivered = tally.events + len(tally.delays)
            for stream in streams:
                tally.skipped += stream.skipped
                tally.behind = max(tally.behind, stream.behind)
                tally.unsent += stream.left(min(ended, until) - LEAST_SLEEP)
            await self._drain()
            self._count()
            tally.events += len(tally.delays)
        self._account()

    async def close(self) -> None:
        """All clients stop, as closed pages do."""
        for member in self._members:
            member.stop()
        await _looked_at(lambda: not self.sockets, time.monotonic() + GOODBYE)
        for socket in list(self.sockets):
            socket.abort()
        for member in self._members:
            member.abort()
        # Transports report their end in the next round of the loop.
        await _looked_at(lambda: not self.sockets, time.monotonic() + GOODBYE)

    def progress(self) -> Progress:
        """The progress so far; the quantile covers the time since the last call."""
        before, self.tally.delays = self.tally.delays, Delays()
        self._count()
        recent, self.tally.delays = self.tally.delays, before
        self.tally.delays += recent
        lost = sum(member.stretch.lost() for member in self._members if member.stretch is not None)
        return Progress(
            joined=sum(member.was_in for member in self._members),
            failed=self._failed(),
            changes=sum(member.changes.made for member in self._members),
            signals=sum(member.signals.sent for member in self._members),
            events=self.tally.events + len(self.tally.delays),
            reconnects=self.tally.reconnects,
            away=sum(member.was_in and not member.is_connected for member in self._members),
            lost=lost + sum(member.signals.lost for member in self._members),
            doubled=self.tally.doubled,
            p99=recent.quantile(0.99) or 0.0,
        )

    # Called by clients.

    def settled(self, member: Member) -> None:
        if self._joining:
            self._joining -= 1
        if member.was_in:
            self._last_joined = time.monotonic()
        self._news.set()

    def _failed(self) -> int:
        return sum(member.is_over and not member.was_in for member in self._members)

    def _count(self) -> None:
        self.tally.delays.add(self.delays)
        self.delays.clear()

    def _is_over(self, until: float) -> bool:
        return self._stopped.is_set() or time.monotonic() >= until

    async def _news_until(self, until: float) -> None:
        self._news.clear()
        await _until(self._news, until)

    async def _sleep(self, until: float) -> None:
        """Sleep until then or until stopped. If that time is past, only yield to the loop."""
        await asyncio.sleep(0)
        if until > time.monotonic():
            await _until(self._stopped, until)

    async def _drain(self) -> None:
        until = time.monotonic() + (DRAIN_STOPPED if self._stopped.is_set() else DRAIN)
        await _looked_at(lambda: all(room.has_all() for room in self._rooms), until)

    def _account(self) -> None:
        """Count what every client should have by now, and what it has."""
        tally = self.tally
        for room in self._rooms:
            here = [member for member in room.members if member.machine.phase == "joined"]
            tally.present += len(here)
            tally.unconfirmed += sum(member.was_in for member in room.members) - len(here)
            for member in room.members:
                tally.changes += member.changes.made
                tally.signals += member.signals.sent
                tally.lost += sum(stretch.lost() for stretch in (*member.ended, member.stretch) if stretch)
                tally.lost += member.signals.lost
            passed_over = sum(
                len(shown.missing) for log in room.logs.values() for shown in log.shown.values()
            )
            tally.lost += passed_over * len(here)
            tally.overdue += sum(self._overdue(room, member, len(here)) for member in here)
            tally.dropped += sum(member.signals.dropped for member in room.members)
        tally.lost += tally.overdue

    def _overdue(self, room: Room, member: Member, present: int) -> int:
        """Count a client's changes that nobody saw, the events it missed, and the signals sent to it."""
        log, stretch, inbox = room.latest, member.stretch, member.inbox
        if log is None or stretch is None:
            return 0
        untold = log.outstanding(member.machine.membership.my_id, member.changes) * present
        unseen = stretch.lost(log.head) - stretch.lost() if stretch.log is log else 0
        before = inbox.lost
        inbox.close()
        return untold + unseen + inbox.lost - before


class _Stream:
    """Sends at `rate` a second in each room, evenly spaced, the rooms in turn."""

    def __init__(
        self, rate: float, rooms: Sequence[Room], began: float, send: Callable[[Member], bool]
    ) -> None:
        self.rate = rate * len(rooms)
        self.due = began
        self.skipped = 0
        self.behind = 0.0
        self._rooms = rooms
        self._began = began
        self._send = send
        self._number = 0

    def send(self, now: float) -> None:
        """Send what is due."""
        while self.due <= now:
            self.behind = max(self.behind, now - self.due)
            speaker = self._rooms[self._number % len(self._rooms)].speaker()
            if speaker is None or not self._send(speaker):
                self.skipped += 1
            self._number += 1
            self.due = self._began + self._number / self.rate
            if time.monotonic() - now > 0.1:
                # More is due than can be sent: let other tasks run.
                return

    def left(self, now: float) -> int:
        """How many are overdue."""
        return max(0, int((now - self._began) * self.rate) - self._number)


def _room(meeting: str, size: int, crowd: Crowd, tokens: Sequence[str]) -> Room:
    room = Room(meeting)
    room.members = [
        Member(crowd, room, number, tokens[number - 1] if tokens else None) for number in range(1, size + 1)
    ]
    for member, following in zip(room.members, [*room.members[1:], room.members[0]], strict=True):
        member.following = following
        following.inbox = member.signals
    return room


async def _until(event: asyncio.Event, until: float) -> None:
    try:
        async with asyncio.timeout(max(LEAST_SLEEP, until - time.monotonic())):
            await event.wait()
    except TimeoutError:
        pass


async def _looked_at(condition: Callable[[], bool], until: float) -> None:
    """Wait until the condition holds, by polling: its inputs change thousands of times a second."""
    while not condition():
        if time.monotonic() >= until:
            break
        await asyncio.sleep(PATIENCE)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector away from the clients: it would walk them while deliveries wait."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
