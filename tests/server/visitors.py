"""People who come and go all the time, and remember when they were there.

visitor = Visitor(url, room, name, token, random.Random(7))
task = asyncio.create_task(visitor.visit())
…
visitor.leave_for_good()            # as soon as they are in the meeting; one who is not there stays away
await task
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple

import jwt

from signalling.client.actions import Action, Emit
from tests.server.pages import Page
from tests.simulation.notes import Interval

SHORT, LONG = 0.8, 3.0
"""Seconds at most, of being there and of being away."""


class Acknowledged(NamedTuple):
    """A join as the server answered it."""

    participant: str
    session: str
    role: str
    created: bool


class Visit(Page):
    """One page. `surely`: when it was in the meeting, as far as it knows; `maybe`: when the server may have thought so,
    which is while there was a socket. `left_at`: when it said that it leaves."""

    def __init__(self, url: str, meeting: str, name: str, **place: Any) -> None:
        self.surely: list[Interval] = []
        self.maybe: list[Interval] = []
        self.left_at: float | None = None
        self.joins: list[Acknowledged] = []
        self._in_since: float | None = None
        self._open_since: float | None = None
        super().__init__(url, meeting, name, **place)

    def hear(self, emit: Emit) -> None:
        super().hear(emit)
        if emit.name == "joined":
            you, session = emit.detail["you"], emit.detail["session"]
            stay = jwt.decode(session, options={"verify_signature": False})["sid"]
            created = emit.detail["meeting"]["created"]
            self.joins.append(Acknowledged(you["id"], stay, you["role"], created))

    def leave(self) -> None:
        if self.is_joined:
            self.left_at = time.time()
        super().leave()

    def cut(self) -> None:
        """The connection breaks, without a word."""
        if self._link is not None and self._link._ws is not None:
            self._link._ws.transport.abort()

    @property
    def is_over(self) -> bool:
        return self.client.phase == "over"

    def _run(self, actions: Iterable[Action]) -> None:
        super()._run(actions)
        now = time.time()
        if self._in_since is None and self.is_joined:
            self._in_since = now
        elif self._in_since is not None and not self.is_joined:
            self.surely.append(Interval(self._in_since, now))
            self._in_since = None
        if self._open_since is None and self.local_port is not None:
            self._open_since = now
        elif self._open_since is not None and self.local_port is None:
            self.maybe.append(Interval(self._open_since, now))
            self._open_since = None


class Visitor:
    """Someone with an identity of their own, who has one page at a time. `chance` decides what they do and when."""

    def __init__(self, url: str, meeting: str, name: str, token: str, chance: Random) -> None:
        self.meeting = meeting
        self.name = name
        self.visits: list[Visit] = []
        self.actions: list[str] = []
        self._url = url
        self._token = token
        self._chance = chance
        self._ending = asyncio.Event()
        self._here: Visit | None = None
        self._gone = asyncio.Event()
        """The page that is here, or was last, is closed."""

    async def visit(self) -> None:
        session: str | None = None
        while not self._ending.is_set():
            async with self._page(session) as page:
                self._here, self._gone = page, asyncio.Event()
                action = await self._be_there(page)
                self.actions.append(action)
                if action == "leave":
                    page.leave()
                    await page.sees(lambda page=page: page.is_over)  # type: ignore[misc]
                # A page that is closed would come back if it were hurried.
                self._here = None
            self._gone.set()
            session = page.client.membership.session if action in {"reload", "reopen"} else None
            if action != "reload":
                await self._pause(LONG)

    def leave_for_good(self) -> None:
        self._ending.set()
        self.hurry()

    def hurry(self) -> None:
        """There is a server again: do not sit out a wait that has grown over several attempts."""
        if self._here is not None:
            self._here.hurry()

    async def comes_in(self) -> None:
        """Until the page that is here is in, or closed."""
        if self._here is None:
            return
        waits = [asyncio.create_task(self._here.joined()), asyncio.create_task(self._gone.wait())]
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in pending:
            each.cancel()
        for each in done:
            each.result()

    def _page(self, session: str | None) -> Visit:
        page = Visit(
            self._url,
            self.meeting,
            self.name,
            token=self._token,
            session=session,
            # A page opened in a new tab gets in as well, while the place of the old one is kept.
            on_duplicate="replace",
        )
        self.visits.append(page)
        return page

    async def _be_there(self, page: Visit) -> str:
        """Stay until it is time for something else; returns what."""
        if self._chance.random() < 0.1:
            # Not even waiting to be let in.
            await self._pause(SHORT / 4)
            if not self._ending.is_set():
                return self._chance.choice(["close", "reload"])
        await page.joined()
        while not self._ending.is_set():
            await self._pause(SHORT)
            action = self._chance.choice(["hand", "cut", "leave", "leave", "close", "reload", "reopen"])
            if self._ending.is_set():
                break
            if action == "hand":
                page.status(hand=not page.client.membership.me or not page.client.membership.me["hand"])
            elif action == "cut":
                page.cut()
                # What it says before it has noticed nobody hears.
                await page.sees(lambda: not page.is_joined)
            else:
                return action
        # The last one is to be heard.
        await page.joined()
        return "leave"

    async def _pause(self, most: float) -> None:
        """Wait for a while, or until it is time to leave for good."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._chance.uniform(0, most))
