"""Someone at a browser, in the words of the page: what they click, and what they see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, Response, expect

PATIENCE = 30.0
"""Seconds. Generous, because CI's two cores also decode the video."""

EXPECTED = re.compile(
    r"status of (404|403|401)|ERR_CONNECTION_REFUSED|WebSocket connection to .* failed|net::ERR_"
)
"""Console lines by which Chromium reports what a test does on purpose."""

INBOUND = """async () => {
  const found = {};
  for (const [id, {pc}] of window.reconvene.mesh.peers) {
    const sum = {video: 0, audio: 0};
    for (const report of (await pc.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') sum.video += report.framesDecoded ?? 0;
      else sum.audio += report.packetsReceived ?? 0;
    }
    found[id] = sum;
  }
  return found;
}"""


class Person:
    """One tab. Several may share a context, as tabs of one browser do."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.statuses: list[tuple[int, str]] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        page.on("response", self._response)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("console", lambda line: self._console(line.type, line.text))

    @classmethod
    async def arrive(cls, browser: Browser, url: str, **context: Any) -> Self:
        made = await browser.new_context(**({"viewport": {"width": 900, "height": 640}} | context))
        return cls(made, await made.new_page(), url)

    async def another_tab(self) -> Person:
        return Person(self.context, await self.context.new_page(), self.url)

    def _response(self, response: Response) -> None:
        self.statuses.append((response.status, response.url))

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not EXPECTED.search(text):
            self.complaints.append(text)

    # What they do

    async def create(self, meeting: str, name: str, *, leads_to: str = "prejoin") -> None:
        """From the lobby, with an ID of their own, as far as the view this leads to."""
        await self.page.goto(self.url)
        await self.page.get_by_label("Your name").fill(name)
        await self.page.get_by_text("Choose an ID or a title").click()
        await self.page.locator("[data-part=own-id]").fill(meeting)
        await self.page.get_by_role("button", name="New meeting").click()
        await self.sees(leads_to)

    async def follow(self, meeting: str, name: str) -> None:
        """Open the link and fill in a name."""
        await self.page.goto(f"{self.url}/m/{meeting}")
        await self.sees("prejoin")
        await self.page.get_by_label("Your name").fill(name)

    async def join(self) -> None:
        await self.press("Join now")
        await self.sees("meeting")

    async def enter(self, meeting: str, name: str) -> Self:
        await self.follow(meeting, name)
        await self.join()
        return self

    async def press(self, button: str) -> None:
        await self.page.get_by_role("button", name=button, exact=True).first.click()

    # What they see

    async def sees(self, view: str) -> None:
        await expect(self.page.locator("body")).to_have_attribute("data-view", view, timeout=PATIENCE * 1000)

    async def reads(self, text: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE * 1000)

    @property
    def own_tile(self) -> Locator:
        return self.page.locator(".tile[data-kind=person][data-self=true]")

    @property
    def others(self) -> Locator:
        return self.page.locator(".tile[data-kind=person][data-self=false]")

    def tile_of(self, name: str) -> Locator:
        return self.page.locator(f'.tile[data-kind=person][aria-label="{name}"]')

    async def sees_others(self, count: int) -> None:
        await expect(self.others).to_have_count(count, timeout=PATIENCE * 1000)

    async def sees_tile(self, name: str, **data: str) -> None:
        for key, value in data.items():
            await expect(self.tile_of(name)).to_have_attribute(f"data-{key}", value, timeout=PATIENCE * 1000)

    async def participant_id(self) -> str:
        await expect(self.own_tile).to_have_attribute("data-participant-id", re.compile("^p_"))
        return await self.own_tile.get_attribute("data-participant-id") or ""

    async def inbound(self) -> dict[str, dict[str, int]]:
        """By participant: video frames decoded and audio packets received so far (W3C webrtc-stats)."""
        found: dict[str, dict[str, int]] = await self.page.evaluate(INBOUND)
        return found

    async def receives(self, count: int, *, video: bool = True, audio: bool = True) -> None:
        """From each of `count` others: media that goes on arriving, from now on."""
        first: dict[str, dict[str, int]] = {}

        async def flowing() -> bool:
            nonlocal first
            now = await self.inbound()
            if now.keys() != first.keys():
                first = now
            return len(now) == count and all(
                (not video or sums["video"] > first[peer]["video"] + 3)
                and (not audio or sums["audio"] > first[peer]["audio"] + 3)
                for peer, sums in now.items()
            )

        await until(flowing, f"media from {count} others", self.inbound)


async def until(
    true: Callable[[], Awaitable[bool]], what: str, evidence: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Ask again and again: for what the browser counts and tells nobody about."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await true():  # noqa: ASYNC110 - getStats() has no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        shown = await evidence() if evidence else ""
        raise AssertionError(f"waited in vain for {what} {shown}") from None
