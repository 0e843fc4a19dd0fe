"""Somebody in front of a browser: tabs, a network that comes and goes, and the wish to be in the meeting."""

from __future__ import annotations

import math
import random
from asyncio import sleep
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from websockets.frames import CloseCode

from signalling.client.actions import Emit, Goodbye
from signalling.client.place import Place
from signalling.client.roster import FLAGS
from tests.simulation import hearing
from tests.simulation.browser_socket import Socket
from tests.simulation.clock import BOOTED, EPOCH, VirtualLoop
from tests.simulation.network import Link
from tests.simulation.notes import ROOM, Sent, Waited, Whole
from tests.simulation.page import Page

if TYPE_CHECKING:
    from tests.simulation.world import World

Deed = Callable[["Person"], Awaitable[None]]


@dataclass(eq=False)
class Tab:
    """What outlives a reload: `session` and `knock`, as in the browser's sessionStorage."""

    page: Page
    session: str | None = None
    knock: str | None = None
    waited: Waited | None = None


class Person:
    def __init__(self, world: World, name: str, user_id: str, *, is_host: bool) -> None:
        self.world = world
        self.loop: VirtualLoop = world.loop
        self.name = name
        self.user_id = user_id
        self.is_host = is_host
        self._token = world.tokens.identity(user_id, EPOCH)
        self._token_at = -math.inf
        self.tabs: list[Tab] = []
        self.pages: list[Page] = []
        self.online = True
        self._fails_fast = False
        self.asleep = False
        """Its machine is."""
        self._clock_stands_at = 0.0
        self._slept = 0.0
        self._set_ahead = 0.0
        """How far its clock shows another time than it is."""

    # What its pages see of the world.

    def now(self) -> float:
        return self._clock_stands_at if self.asleep else BOOTED + self.loop.time() - self._slept

    def wall(self) -> float:
        return EPOCH + self.loop.time() + self._set_ahead

    def say(self, text: str) -> None:
        self.world.say(text)

    @property
    def token(self) -> str:
        """What a page begins with: with an application a new one now and then, which may have expired."""
        now = self.loop.time()
        if self.world.application.is_there and now - self._token_at > 8:
            self._token, self._token_at = self.world.application.token(self.name), now
        return self._token

    def connect(self, socket: Socket) -> None:
        network = self.world.network
        if self.online and not self.asleep:
            self.loop.call_later(network.takes(), self._reach, socket)
        elif self._fails_fast:
            self.loop.call_later(network.takes(), socket.refused)

    def _reach(self, socket: Socket) -> None:
        if not self.online or self.asleep or socket.given_up:
            return
        link = self.world.accept(socket)
        if link is None:
            self.loop.call_later(self.world.network.takes(), socket.refused)
        else:
            self.loop.call_later(self.world.network.takes(), self._connected, socket, link)

    def _connected(self, socket: Socket, link: Link) -> None:
        if socket.given_up:
            link.up.end(reset=True)
        else:
            socket.connected(link)

    def told(self, page: Page, emitted: Emit) -> None:
        name, detail = emitted.name, emitted.detail
        for tab in self.tabs:
            if tab.page is page:
                tab.session, tab.knock = page.client.membership.session, page.place.knock
                tab.waited = page.waited
        hearing.listen(self.world, page, emitted)
        if name == "joined":
            self.say(f"{page.name} is in{', again' if detail['rejoined'] else ''} (seq {detail['seq']})")
        elif name == "resumed":
            how = "a snapshot" if "snapshot" in detail else f"{detail['replayed']} events"
            restarted = " of a new process" if detail["restarted"] else ""
            self.say(f"{page.name} is back with {how}{restarted}")
        elif name == "waiting":
            self.say(f"{page.name} waits to be let in, at position {detail['position']}")
        elif name == "answered":
            answer = (
                detail["error"]["code"] if "error" in detail else "again" if detail.get("again") else "done"
            )
            self.say(f"{page.name}'s {detail['order']['type']} is answered: {answer}")
        elif name == "muted":
            self.say(f"{page.name} is muted: {detail['media']}")
        elif name == "away":
            self.say(f"{page.name} has lost its connection")
        elif name in {"refused", "error"}:
            self.say(f"{page.name} hears: {detail['code']}")
        elif name == "closed":
            self.say(f"{page.name} is closed for good ({detail['code']})")

    def get_token(self, page: Page) -> None:
        self.say(f"{page.name} asks for a newer token")
        self.world.application.asked(page, self.name)

    def goodbye(self, page: Page, said: Goodbye) -> None:
        chance = self.world.manners
        fate = chance.choice(("soon", "soon", "soon", "late", "lost"))
        if not self.online or fate == "lost":
            self.say(f"{page.name}'s goodbye is lost")
            return
        takes = self.world.network.takes() + (chance.choice((0.5, 2, 6)) if fate == "late" else 0)
        at = self.loop.time()
        self.loop.call_later(takes, self.world.goodbye, page, said.session, said.attempt, at)

    # What they do.

    async def live(self) -> None:
        chance = self.world.chance
        await sleep(chance.random() * 3)
        self.open_tab()
        while True:
            await sleep(chance.expovariate(self.world.pace))
            if self.page is None and self.online and chance.random() < 0.3:
                self.open_tab(again=True)
                continue
            await self.world.pick_deed()(self)

    @property
    def page(self) -> Page | None:
        """The page they look at: the last one that is in, or on its way there."""
        return next((tab.page for tab in reversed(self.tabs) if tab.page.is_live), None)

    @property
    def participant(self) -> str:
        """Empty before they were in for the first time."""
        return next((page.participant for page in self.pages if page.participant), "")

    @property
    def first_asked(self) -> float:
        """When they asked for a seat, the first time since they were in."""
        heard = [each.at for page in self.pages for each in page.heard if isinstance(each, Whole)]
        was_in = max(heard, default=0.0)
        asked = [asked for page in self.pages for asked, _ in page._asked if asked > was_in]
        # Another page had asked before they came in. It was answered later, or has had the knock ever since.
        waits = [(page.waited, page.place.knock) for page in self.pages if page.waited]
        asked += [waited.asked for waited, has_knock in waits if waited.heard > was_in or has_knock]
        return min(asked, default=-math.inf)

    @property
    def waiting_since(self) -> float | None:
        """When they heard that they have to wait, if they do."""
        # By the page that asked last: others may not have heard yet that they are not waited for any more.
        last = max((page for page in self.pages if page._asked), key=lambda page: page.asked_at, default=None)
        return last.waited.heard if last and last.is_knocking and last.waited else None

    @property
    def chance(self) -> random.Random:
        return self.world.chance

    def open_tab(
        self, *, again: bool = False, duplicate: Tab | None = None, on_duplicate: str = "reject"
    ) -> Tab:
        """A tab of its own, or a copy of one, which takes its session along."""
        tab = Tab(self._new_page(duplicate, on_duplicate))
        tab.session, tab.knock, tab.waited = tab.page.place.session, tab.page.place.knock, tab.page.waited
        self.tabs.append(tab)
        what = f"a copy of {duplicate.page.name}" if duplicate else f"a tab ({on_duplicate})"
        self.say(f"{self.name} opens {what}{' again' if again else ''}: {tab.page.name}")
        tab.page.load()
        return tab

    def _new_page(self, tab: Tab | None, on_duplicate: str) -> Page:
        """With what the tab has kept."""
        session = tab.session if tab else None
        kind: Literal["replace", "reject"] = "replace" if on_duplicate == "replace" else "reject"
        media = {flag: self.chance.random() < 0.5 for flag in FLAGS}
        name = f"{self.name}{len(self.pages) + 1}"
        place = Place(ROOM, self.name, name, self.token, session, on_duplicate=kind, media=media)
        place.renewable, place.create = self.world.application.is_there, self.world.application.names_host
        manners = self.world.manners
        closes_with = manners.choice((CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY))
        back_in = manners.choice((0.0, 3.0, 6.0, 15.0))
        page = Page(
            self,
            self.user_id,
            name,
            place,
            self.world.backoff.random,
            closes_with=closes_with,
            back_in=back_in,
            batches=manners.choice((True, True, False)),
        )
        if tab is not None:
            place.knock, page.waited = tab.knock, tab.waited if tab.knock else None
        self.pages.append(page)
        return page

    async def reload(self, tab: Tab, *, on_duplicate: str = "reject") -> None:
        tab.page.acted_at.append(self.loop.time())
        self.say(f"{self.name} reloads {tab.page.name}")
        tab.page.unload()
        await sleep(self.chance.choice((0.05, 0.3, 1.0, 2.0, 5.0)) * (0.5 + self.chance.random()))
        tab.page = self._new_page(tab, on_duplicate)
        self.say(f"{self.name}'s reloaded page is {tab.page.name}")
        tab.page.load()

    def close(self, tab: Tab) -> None:
        tab.page.acted_at.append(self.loop.time())
        self.say(f"{self.name} closes {tab.page.name}")
        tab.page.unload()
        self.tabs.remove(tab)

    def leave(self, tab: Tab) -> None:
        tab.page.acted_at.append(self.loop.time())
        self.say(f"{self.name} leaves by {tab.page.name}")
        tab.page.run(tab.page.client.leave())
        self.tabs.remove(tab)

    def go_offline(self) -> None:
        self.say(f"{self.name} goes offline")
        self.online = False
        self._fails_fast = self.chance.random() < 0.5
        how = self.chance.randrange(4)
        for page in self.pages:
            if (link := page.link) is not None:
                if how == 0:
                    link.vanish()
                elif how == 1:
                    link.cut(server_hears=False)
                elif how == 2:
                    # It can still be heard, and hears nothing.
                    link.stall(30, up=False)
                else:
                    link.stall(self.chance.choice((2, 6, 15)))

    def go_online(self) -> None:
        if self.online:
            return
        self.say(f"{self.name} is online again")
        self.online = True
        for page in self.pages:
            if page.is_live:
                page.run(page.client.hurry(self.now()))

    def set_clock(self, seconds: float) -> None:
        self.say(f"{self.name}'s clock is set {'forward' if seconds > 0 else 'back'} by {abs(seconds)} s")
        self._set_ahead += seconds

    def fall_asleep(self, seconds: float) -> None:
        """The machine does, for so long: nothing arrives and no timer fires. The sockets may have outlived it."""
        self.say(f"{self.name}'s machine sleeps for {seconds} s")
        survives = self.chance.random() < 0.5
        self._clock_stands_at = self.now()
        self.asleep = True
        for page in self.pages:
            if (link := page.link) is not None:
                if survives:
                    link.stall(seconds)
                else:
                    link.vanish()

    def wake_up(self) -> None:
        """Nobody tells the pages."""
        if not self.asleep:
            return
        self.say(f"{self.name}'s machine wakes up")
        self.asleep = False
        self._slept = BOOTED + self.loop.time() - self._clock_stands_at
        for page in self.pages:
            page.wake()

    def status(self, page: Page, change: dict[str, Any]) -> None:
        self.say(f"{page.name} says {change}")
        if "hand" in change:
            page.hand = change["hand"]
            page.raised_at += [self.loop.time()] if page.hand else []
        page.media |= (media := change.get("media", {}))
        page.turned_on += [(self.loop.time(), flag, 0.0) for flag, on in media.items() if on]
        page.run(page.client.status(**change))

    def signal(self, page: Page) -> None:
        others = [who for who in page.client.membership.roster if who != page.participant]
        if not others or not page.client.membership.epoch:
            return
        to = self.chance.choice(others)
        number = self.world.next_number()
        self.say(f"{page.name} sends signal {number} to {self.world.name_of(to)}")
        # Some are large, so that a small one fits into a budget that has no room for the one before it.
        actions = page.client.signal(to, {"n": number} if number % 3 else {"n": number, "long": "x" * 60})
        page.sent[number] = Sent(page.client.membership.last_id, self.loop.time())
        page.run(actions)
