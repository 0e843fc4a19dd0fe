"""The page in a status storm: with twenty tiles and a hundred changes of status a second, how many frames a second it
has, how many tasks take longer than 50 ms, and how much of a processor its main thread takes: for each change, in
milliseconds, what that is above the quiet page's.

    .venv/bin/python -m bench.page_storm

Frames are those of a machine that serves the guests as well, and draws without a graphics card; the processor's time
is the page's alone. The page has nothing of the tests in it.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from playwright.async_api import CDPSession

from bench.browser import at_a_server
from tests.e2e.person import Person
from tests.server.client import Client, playing

TILES, RATE, SECONDS = 20, 100, 8

MEASURE = """(seconds) => new Promise((done) => {
  let long = 0;
  let longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      long += 1;
      longest = Math.max(longest, duration);
    }
  }).observe({ type: "longtask" });
  const began = performance.now();
  let frames = 0;
  const frame = (now) => {
    frames += 1;
    if (now - began < seconds * 1000) requestAnimationFrame(frame);
    else done({ frames: Math.round(frames / (now - began) * 1000), long, longest: Math.round(longest) });
  };
  requestAnimationFrame(frame);
})"""


class Storm:
    """Guests who turn their microphones on and off."""

    def __init__(self, guests: list[Client]) -> None:
        self.sent = 0
        self._guests = guests

    async def rage(self) -> None:
        began = time.monotonic()
        while True:
            while self.sent < (time.monotonic() - began) * RATE:
                guest = self._guests[self.sent % len(self._guests)]
                await guest.send("status", media={"audio": bool(self.sent // len(self._guests) % 2)})
                self.sent += 1
            await asyncio.sleep(0.005)


async def measured() -> None:
    async with at_a_server() as (server, browser), playing(server) as play:
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        ada = Person(await context.new_page(), "Ada", server.url)
        await ada.start("STORM")
        await ada.join()
        guests = [await play.joined("STORM", f"Guest {number}") for number in range(2, TILES + 1)]
        tiles = ada.page.locator('.tile[data-kind="person"]')
        await tiles.nth(TILES - 1).wait_for(state="attached")
        tools = await context.new_cdp_session(ada.page)
        await tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        quiet = await _look(ada, tools, SECONDS / 2)
        print("quiet:", json.dumps(quiet))
        storm = Storm(guests)
        raging = asyncio.create_task(storm.rage())
        seen = await _look(ada, tools, SECONDS)
        raging.cancel()
        each = (seen["busy"] - quiet["busy"]) * SECONDS * 1000 / storm.sent
        print("storm:", json.dumps(seen | {"events": round(storm.sent / SECONDS), "each": round(each, 2)}))


async def _look(ada: Person, tools: CDPSession, seconds: float) -> dict[str, Any]:
    before = await _taken(tools)
    frames: dict[str, Any] = await ada.page.evaluate(MEASURE, seconds)
    return frames | {"busy": round((await _taken(tools) - before) / seconds, 3)}


async def _taken(tools: CDPSession) -> float:
    """Seconds of a processor that the page's main thread has taken."""
    answer = await tools.send("Performance.getMetrics")
    return float(next(metric["value"] for metric in answer["metrics"] if metric["name"] == "TaskDuration"))


if __name__ == "__main__":
    asyncio.run(measured())
