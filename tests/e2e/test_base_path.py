"""A whole visit below a path of the host, behind nginx as docs/operations.md has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Response, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person
from tests.e2e.waiting import WITHIN
from tests.process import ServerProcess
from tests.server.http.test_base_path import BASE, documented
from tests.server.nginx import Nginx

HERE = f"https://example.org{BASE}"
MEANT = {
    "/m/ABC123": "ABC123",
    f"{BASE}/m/ABC123": "ABC123",
    f"{HERE}/m/abc123": "ABC123",
    f"http://example.org{BASE}/m/ABC123/attendance": "ABC123",
    f"<example.org{BASE}/m/ABC123>": "ABC123",
    "https://t.example/?u=https%3A%2F%2Fexample.org%2Fmeet%2Fm%2FABC123&x=1": "ABC123",
    f"https://t.example/r/{HERE}/m/ABC123": "ABC123",
    "https://example.org/m/ABC123": "https://example.org/m/ABC123",
    "example.org/x/y.z/m/abc123,": "https://example.org/x/y.z/m/ABC123",
    f"{HERE}2/m/ABC123": f"{HERE}2/m/ABC123",
    f"{HERE}/2/m/ABC123": f"{HERE}/2/m/ABC123",
    f"https://other.example{BASE}/m/ABC123": f"https://other.example{BASE}/m/ABC123",
    f"{'a/' * 5_000}@/m/ABC123": None,
    HERE: None,
}


@pytest.mark.one_browser
async def test_links_are_told_apart_by_what_is_before_them(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    found = await ada.page.evaluate(
        """async ([texts, here]) => {
          const { readMeeting } = await import("/static/js/ui/links.js");
          return texts.map((text) => {
            const meant = readMeeting(text, here);
            return meant && (meant.meeting ?? meant.elsewhere.href);
          });
        }""",
        [list(MEANT), HERE],
    )
    assert dict(zip(MEANT, found, strict=True)) == MEANT


@pytest.fixture
async def below(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path, RECONVENE_BASE_PATH=BASE) as server:
        yield server


@pytest.fixture
async def nginx(below: ServerProcess) -> AsyncIterator[Nginx]:
    async with Nginx(below.port, documented()) as nginx:
        yield nginx


def answers_to(person: Person) -> set[tuple[str, int]]:
    """Paths of all that the page asks for from now on, with what they are answered with."""
    answers: set[tuple[str, int]] = set()

    def note(response: Response) -> None:
        if response.url.startswith("http"):
            answers.add((urlsplit(response.url).path, response.status))

    person.page.on("response", note)
    return answers


@pytest.mark.one_browser
async def test_a_whole_visit_below_a_path(
    newcomer: Newcomer, meeting: str, nginx: Nginx, below: ServerProcess
) -> None:
    url = nginx.url + BASE
    ada, bob = await newcomer("Ada", url=url, calls=False), await newcomer("Bob", url=url, calls=False)
    answers = [answers_to(person) for person in (ada, bob)]
    await ada.start(meeting)
    a = await ada.join()
    await expect(ada.page).to_have_url(f"{url}/m/{meeting}")
    host = urlsplit(url).netloc
    await expect(ada.page.locator(".invite code")).to_have_text(f"{host}{BASE}/m/{meeting}")

    # A link that is pasted leads here; one below another path of the same host does not.
    await bob.page.goto(url)
    await bob.page.get_by_label("Meeting ID").last.fill(f"Join: {nginx.url}/other/m/{meeting}.")
    await bob.press("Join")
    elsewhere = bob.page.get_by_role("link", name=f"Go to {host}")
    await expect(elsewhere).to_have_attribute("href", f"{nginx.url}/other/m/{meeting}")
    await bob.page.get_by_label("Meeting ID").last.fill(f"Join: {url}/m/{meeting}.")
    await bob.press("Join")
    b = await bob.join()
    await expect(bob.page).to_have_url(f"{url}/m/{meeting}")
    await ada.sees(b, state="connected")
    await bob.sees(a, state="connected")

    # Whoever reloads has the same place; whoever goes says so.
    await bob.page.reload()
    assert await bob.seated() == b
    await bob.page.goto(url)
    if bob.browser_name == "chromium":
        # Firefox may lose it (docs/browsers.md).
        await below.logged("page said goodbye", meeting=meeting, within=WITHIN)
    await bob.at("lobby")
    await bob.page.get_by_role("link", name=meeting).click()
    await bob.at("prejoin")

    await ada.leave()
    await expect(ada.button("Home")).to_be_visible()
    await ada.press("See attendance")
    await expect(ada.page.get_by_role("rowheader", name="Bob")).to_be_visible()
    await expect(ada.page).to_have_url(f"{url}/m/{meeting}/attendance")
    await ada.page.get_by_role("link", name="All meetings").click()
    await ada.page.wait_for_url(f"{url}/attendance")
    keys = await ada.page.evaluate("Object.keys(localStorage)")
    assert keys
    assert [key for key in keys if not key.endswith(BASE)] == []

    for each in answers:
        assert each
        assert {one for one in each if one[1] >= 400 or not f"{one[0]}/".startswith(f"{BASE}/")} == set()

    # Home is here, too, when the page does not start.
    await ada.page.route("**/js/records/main.js", lambda route: route.abort())
    await ada.page.goto(f"{url}/attendance")
    await expect(ada.page.get_by_text("/static/js/records/main.js")).to_be_visible()
    await ada.press("Home")
    await ada.at("lobby")
    await expect(ada.page).to_have_url(f"{url}/")
    ada.complaints.clear()

    # Past the proxy the address has no prefix yet.
    await bob.page.goto(f"http://127.0.0.1:{below.port}/m/{meeting}")
    await bob.at("prejoin")
    await expect(bob.page).to_have_url(f"http://127.0.0.1:{below.port}{BASE}/m/{meeting}")
