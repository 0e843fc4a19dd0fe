"""The client library beside our page: how large each is on the wire, and how long it takes from its script to joined.

Both are loaded again in one browser, by turns, with what it keeps of them. Our page goes straight back into its call; a
page of another site joins as soon as it has the library.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
from playwright.async_api import Browser, Error, Page, async_playwright

from bench.figures import Figure, Verdict
from bench.measure import Plan, Say, attempt
from bench.servers import RECONVENE, Server, ServerError, Spec
from tests.e2e.browsers import Browsers
from tests.e2e.outside import SERVER, Outside

MEETING, OTHER = "OF-THE-PAGE", "OF-ANOTHER-SITE"
MOST = 40
"""KB, compressed."""
ROUNDS = 3
"""Times as many rounds as planned: each is short."""

PAGE = f"""<!doctype html>
<script type="module">
  const {{ Reconvene }} = await import("{SERVER}/sdk/v1/reconvene.js");
  await new Reconvene({{ storage: localStorage }}).join("{OTHER}", {{ name: "Ann", create: true }});
</script>"""
# After the client has done what it does at the answer.
NOTE = """
  globalThis.joined = new Promise((resolve) => {
    globalThis.WebSocket = class extends WebSocket {
      constructor(...rest) {
        super(...rest);
        this.addEventListener("message", ({ data }) => {
          if (data.startsWith('{"type":"joined"')) setTimeout(() => resolve(performance.now()));
        });
      }
    };
  });
"""
TOOK = """async (script) => {
  const at = await joined;
  return at - performance.getEntriesByType("resource").find(({ name }) => name.endsWith(script)).startTime;
}"""


def library(plan: Plan, say: Say) -> list[Figure]:
    took = Figure("client library, from its script to joined", "ms")
    page_took = Figure("… our page, loaded again", "ms")
    size = Figure("… the library, compressed", "KB")
    page_size = Figure("… our page's script", "KB")
    figures = [took, page_took, size, page_size]
    say(f"{took.name}: a page of another site and our page are loaded again, by turns")

    def fill(_: Figure) -> None:
        try:
            asyncio.run(_measured(plan, say, figures))
        except (Error, httpx.HTTPError) as error:
            raise ServerError(str(error) or repr(error)) from error

    attempt(took, fill, say)
    for figure in figures:
        figure.invalid = took.invalid
    return figures


async def _measured(plan: Plan, say: Say, figures: Sequence[Figure]) -> None:
    took, page_took, size, page_size = figures
    async with Outside() as outside, async_playwright() as playwright, Browsers(playwright) as browsers:
        browser = await browsers.open("chromium")
        with Server(_letting_in(outside.origin)) as server:
            outside.server = f"http://127.0.0.1:{server.port}"
            outside.answers["/call.html"] = lambda: PAGE.replace(SERVER, outside.server)
            main = await _sizes(outside.server, size, page_size)
            theirs = await _there(browser, f"{outside.origin}/call.html")
            ours = await _in_our_page(browser, outside.server)
            for number in range(-1, ROUNDS * plan.rounds):
                pairs = [(took, theirs, "/reconvene.js"), (page_took, ours, main)]
                for figure, page, script in pairs if number % 2 else reversed(pairs):
                    await page.reload()
                    milliseconds = await _joined(page, script)
                    # The first one pays for what the server does once.
                    if number >= 0:
                        figure.values[RECONVENE.name].append(milliseconds)
                        say(f"  round {number + 1} {figure.name:45} {milliseconds:6.0f} ms")


def _letting_in(origin: str) -> Spec:
    def environ(port: int, folder: Path) -> dict[str, str]:
        return RECONVENE.environ(port, folder) | {"RECONVENE_ALLOWED_ORIGINS": origin}

    return Spec(RECONVENE.name, RECONVENE.command, environ)


async def _sizes(server: str, size: Figure, page_size: Figure) -> str:
    """Answers the address of our page's script."""
    async with httpx.AsyncClient(base_url=server, timeout=30, trust_env=False) as http:
        html = (await http.get("/")).text
        found = re.search(r'<script type="module" src="([^"]+)"', html)
        if not found:
            raise ServerError("the page has no script")
        for figure, path in ((size, "/sdk/v1/reconvene.js"), (page_size, found[1])):
            content = (await http.get(path)).content
            figure.values[RECONVENE.name].append(len(gzip.compress(content)) / 1000)
        return found[1]


async def _there(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.add_init_script(NOTE)
    await page.goto(url)
    await _joined(page, "/reconvene.js")
    return page


async def _in_our_page(browser: Browser, server: str) -> Page:
    """In a call without microphone and camera, as the other page is."""
    async with httpx.AsyncClient(base_url=server, timeout=30, trust_env=False) as http:
        token = (await http.post("/api/identity")).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        (await http.post("/api/meetings", json={"meeting": MEETING}, headers=bearer)).raise_for_status()
    page = await (await browser.new_context()).new_page()
    await page.add_init_script(NOTE)
    await page.goto(f"{server}/m/{MEETING}")
    await page.get_by_label("Your name").fill("Ann")
    for device in ("microphone", "camera"):
        await page.get_by_role("button", name=f"Turn off {device}").click()
    await page.get_by_role("button", name="Join now").click()
    await page.evaluate("joined")
    return page


async def _joined(page: Page, script: str) -> float:
    """Milliseconds from the request for the script to the answer to the join."""
    return float(await page.evaluate(TOOK, script))


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    named = {figure.name: figure.of(RECONVENE) for figure in figures}
    found = []
    for name, took in named.items():
        if name.startswith("client library"):
            page_took = named["… our page, loaded again"]
            ratio = took / page_took if took and page_took else None
            found.append(
                Verdict(
                    "… the library, compressed", MOST, named["… the library, compressed"], "KB", at_most=True
                )
            )
            found.append(Verdict(f"{name} / our page", 1, ratio, "x", at_most=True))
    return found
