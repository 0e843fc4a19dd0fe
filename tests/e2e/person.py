"""A person with a browser tab: what they do on the page, and what they see there."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    expect,
)

from tests.e2e.reception import RECEIVED, WATCH_TILE, Received
from tests.e2e.spies import ANSWERS, LISTEN, REMEMBER
from tests.e2e.waiting import until
from tests.signalling.frames import check_client_frame, check_server_frame

BERLIN = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
"""Where somebody's browser is, and how it writes."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""How many pixels of a page are beside its window."""

COMING_AND_GOING = ("participant_joined", "participant_rejoined", "participant_left")
"""Messages that tell of it."""


class Person:
    """One tab of one browser context."""

    def __init__(self, page: Page, name: str, url: str) -> None:
        self.page = page
        self.name = name
        self.url = url
        self.complaints: list[str] = []
        """Errors of the page and of the console, malformed frames, and what should not have been answered."""
        self.statuses: list[tuple[str, int]] = []
        """What its scripts asked for, such as `GET http://…`, and what it was answered with."""
        self.heard: list[dict[str, Any]] = []
        """Every message that the server sent to the page, of those in one frame each,"""
        self.said: list[dict[str, Any]] = []
        """and every one the other way."""
        page.on("pageerror", self._error)
        page.on("console", self._console)

    @classmethod
    async def arrive(cls, context: BrowserContext, name: str, url: str) -> Person:
        page = await context.new_page()
        person = cls(page, name, url)
        await page.expose_binding("socketCarried", person._socket_carried)
        await page.expose_binding("answered", person._answered)
        await page.add_init_script(REMEMBER + LISTEN + ANSWERS)
        return person

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    @property
    def browser_name(self) -> str:
        browser = self.context.browser
        return browser.browser_type.name if browser else "chromium"

    # What they do

    async def start(self, meeting: str) -> None:
        """Start a meeting of this ID in the lobby, wherever that leads."""
        await self.page.goto(self.url)
        await self.at("lobby")
        await self.page.get_by_label("Your name").fill(self.name)
        await self.page.get_by_text("Choose an ID or a title").click()
        await self.page.get_by_label("Own ID").fill(meeting)
        await self.button("New meeting").click()

    async def open(self, meeting: str) -> None:
        """Follow the meeting's link."""
        await self.page.goto(f"{self.url}/m/{meeting}")

    async def knock(self) -> None:
        """Give the name and join, wherever that leads."""
        await self.at("prejoin")
        await self.page.get_by_label("Your name").fill(self.name)
        await self.button("Join now").click()

    async def join(self) -> str:
        """Join, and be in. Answers the participant's id."""
        await self.knock()
        return await self.seated()

    async def come(self, meeting: str) -> str:
        await self.open(meeting)
        return await self.join()

    async def before(self, script: str) -> None:
        """Let every page that is loaded in this tab begin with this script."""
        # Not the blank one, which has no storage.
        await self.page.add_init_script(f'if (location.protocol.startsWith("http")) {{ {script} }}')

    async def press(self, control: str) -> None:
        if self.browser_name == "firefox":
            # Whoever presses something looks at it; there, several windows do not all have the focus.
            await self.page.bring_to_front()
        await self.button(control).click()

    async def leave(self) -> None:
        """Leave the meeting. A host is asked how, if others are there."""
        await self.press("Leave")
        just = self.button("Just leave")
        await expect(just.or_(self.page.locator('body:not([data-view="meeting"])')).first).to_be_visible()
        if await just.is_visible():
            await just.click()

    # What they see

    def button(self, name: str) -> Locator:
        # After a comma there may be a number, of what the button leads to.
        return self.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}(, \d+)?$"))

    @property
    def own(self) -> Locator:
        return self.page.locator('.tile[data-kind="person"][data-self="true"]')

    @property
    def others(self) -> Locator:
        return self.page.locator('.tile[data-kind="person"][data-self="false"]')

    def tile(self, other: str) -> Locator:
        return self.page.locator(f'.tile[data-kind="person"][data-participant-id="{other}"]')

    def banner(self, text: str) -> Locator:
        """What the page says of its connection, to those who see it and to those who hear it."""
        return self.page.get_by_role("status").filter(has_text=text)

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    async def at(self, view: str) -> None:
        await expect(self.page.locator("body")).to_have_attribute("data-view", view)

    async def seated(self) -> str:
        """In the meeting, and known to the server. Answers the participant's id."""
        await self.at("meeting")
        await expect(self.own).to_have_attribute("data-participant-id", re.compile("^p_"))
        return await self.own.get_attribute("data-participant-id") or ""

    async def sees(self, other: str, /, **data: str) -> None:
        """The other's tile has these `data-` attributes."""
        for name, value in data.items():
            await expect(self.tile(other)).to_have_attribute(f"data-{name}", value)

    async def told(self, text: str) -> None:
        async def seen() -> list[str]:
            return await self.toasts()

        await until(
            seen, lambda texts: any(text in shown for shown in texts), f"{self.name} is told {text!r}"
        )

    async def toasts(self) -> list[str]:
        """Every toast since the page was loaded."""
        return list(await self.page.evaluate("toastsSeen"))

    def events(self, *types: str) -> list[str]:
        """The types of the messages heard that are among these, in order."""
        return [message["type"] for message in self.heard if message["type"] in types]

    async def hears(self, type: str, **fields: Any) -> None:  # noqa: A002 - the protocol's name
        """Such a message has come, or comes."""
        await self._passes(self.heard, {"type": type, **fields})

    async def says(self, type: str, **fields: Any) -> None:  # noqa: A002 - the protocol's name
        """Such a message has been written to a socket, or is."""
        await self._passes(self.said, {"type": type, **fields})

    async def _passes(self, messages: list[dict[str, Any]], fields: dict[str, Any]) -> None:
        async def last() -> list[dict[str, Any]]:
            return [message for message in messages if message["type"] == fields["type"]][-3:]

        await until(
            last,
            lambda _: any(fields.items() <= message.items() for message in messages),
            f"{self.name}'s socket carries {fields}",
        )

    async def peer_connections(self) -> int:
        """How many the page has made."""
        return int(await self.page.evaluate("peerConnections.length"))

    async def watch_tile(self, other: str) -> None:
        await self.page.evaluate(WATCH_TILE, other)

    async def flickers(self) -> list[str]:
        """What became of the tile that is watched."""
        return list(await self.page.evaluate("flickers"))

    async def watches_on(self, other: str) -> None:
        """The other's picture and sound go on from here."""
        before = await self.received(other)
        await until(
            lambda: self.received(other),
            lambda now: now.frames > before.frames and now.packets > before.packets,
            f"{self.name} gets more from {other} than {before}",
        )

    async def received(self, other: str) -> Received:
        return Received(**await self.page.evaluate(RECEIVED, other))

    async def hears_and_watches(self, other: str) -> None:
        """The other's picture and sound arrive, are decoded and played, and go on."""
        await self.sees(other, connection="connected", state="connected", picture="")
        first = await until(
            lambda: self.received(other),
            lambda now: now.frames > 0 and now.packets > 0,
            f"{self.name} gets something from {other}",
        )
        await until(
            lambda: self.received(other),
            lambda now: (
                now.frames > first.frames
                and now.packets > first.packets
                and now.energy > first.energy
                and now.time > first.time
            ),
            f"{self.name} gets more from {other} than {first}",
        )

    async def settled(self) -> None:
        """Back after a lost connection, and told so."""
        await expect(self.banner("You’re back")).to_be_visible()
        self.forgive_lost_sockets()

    async def token(self) -> str:
        return str(await self.page.evaluate("localStorage.getItem('reconvene.token')"))

    async def attendance(self, meeting: str) -> list[dict[str, Any]]:
        response = await self.context.request.get(
            f"{self.url}/api/meetings/{meeting}/attendance",
            headers={"Authorization": f"Bearer {await self.token()}"},
        )
        assert response.status == 200, await response.text()
        return list(json.loads(await response.text())["participants"])

    async def photograph(self, path: str) -> None:
        if not self.page.is_closed():
            try:
                await self.page.screenshot(path=path, timeout=5000)
            except Error as error:
                self.complaints.append(f"no screenshot: {error}")

    def forgive_lost_sockets(self) -> None:
        """While there is no server, or no network, the browser complains of every attempt to reach it."""
        # Refused, reset, closed: which, depends on the moment, and the words on the browser.
        lost = ("WebSocket connection to", "net::ERR_", "can’t establish a connection", "was interrupted")
        self.complaints = [text for text in self.complaints if not any(word in text for word in lost)]

    def _socket_carried(self, _: object, way: str, frame: str) -> None:
        try:
            (check_server_frame if way == "heard" else check_client_frame)(frame)
        except AssertionError as error:
            self.complaints.append(f"{way} a malformed frame: {error}")
        message = json.loads(frame)
        told = message["events"] if message["type"] == "batch" else [message]
        (self.heard if way == "heard" else self.said).extend(told)

    def _error(self, error: Error) -> None:
        # Of the style that Playwright makes its screenshots with. Firefox alone speaks of that.
        if "blocked an inline style" not in str(error):
            self.complaints.append(f"error: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        # The browser writes a line of its own for every 404, and a page may ask for a meeting that is not.
        if "status of 404" in message.text:
            return
        if message.type == "error" or message.text.startswith("negotiation with"):
            self.complaints.append(f"console: {message.text}")

    def _answered(self, _: object, method: str, url: str, status: int) -> None:
        self.statuses.append((f"{method} {url}", status))
        if status == 409 or status >= 500:
            self.complaints.append(f"answered {status}: {url}")


async def meet(meeting: str, host: Person, *guests: Person) -> list[str]:
    """The host starts the meeting, the guests come by its link. Answers their participants' ids in this order."""
    # At its link, where nothing is: by way of the home page it costs a tenth of a second more.
    await host.open(meeting)
    await host.button("Start it now").click()
    ids = [await host.join()]
    ids += [await guest.come(meeting) for guest in guests]
    return ids


async def all_hear_and_watch(people: dict[str, Person]) -> None:
    """Everyone gets everyone's picture and sound. `people` by their participants' ids."""
    await asyncio.gather(
        *(person.hears_and_watches(other) for me, person in people.items() for other in people if other != me)
    )
