"""The page in a status storm: with twenty tiles and a hundred changes of status a second, how many frames a second it
has, and how many tasks take longer than 50 ms.

    .venv/bin/python -m bench.page_storm
"""

from __future__ import annotations

import asyncio
import json
import time

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


async def measured() -> None:
    async with at_a_server() as (server, browser), playing(server) as play:
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        ada = await Person.arrive(context, "Ada", server.url)
        await ada.start("STORM")
        await ada.join()
        guests = [await play.joined("STORM", f"Guest {number}") for number in range(2, TILES + 1)]
        tiles = ada.page.locator('.tile[data-kind="person"]')
        await tiles.nth(TILES - 1).wait_for(state="attached")
        print("quiet:", json.dumps(await ada.page.evaluate(MEASURE, SECONDS / 2)))
        storm = asyncio.create_task(_storm(guests))
        print("storm:", json.dumps(await ada.page.evaluate(MEASURE, SECONDS)))
        storm.cancel()


async def _storm(guests: list[Client]) -> None:
    began, sent = time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - began) * RATE:
            await guests[sent % len(guests)].send("status", media={"audio": bool(sent // len(guests) % 2)})
            sent += 1
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    asyncio.run(measured())
