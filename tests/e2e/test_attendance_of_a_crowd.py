"""The host looks at who was in a large meeting: by keyboard, on a phone, on paper. Nobody else does."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.e2e.attendance_pages import away, column, names, row, see
from tests.e2e.browsers import Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.crowd import GUESTS, ROWS, Crowd, gathered
from tests.e2e.office import forgive
from tests.e2e.person import BERLIN, OVERFLOW, Person
from tests.e2e.test_access import assert_named, tab_to
from tests.process import ServerProcess


@pytest.fixture(scope="module")
async def crowd(server: ServerProcess) -> Crowd:
    return await gathered(server)


@pytest.fixture
async def host(newcomer: Newcomer, crowd: Crowd) -> Person:
    return await arrive(newcomer, crowd)


async def arrive(newcomer: Newcomer, crowd: Crowd, **options: Any) -> Person:
    host = await newcomer("Ada", **BERLIN, **options)
    await host.before(f"localStorage.setItem('reconvene.token', '{crowd.token}')")
    await see(host, crowd.meeting)
    return host


@pytest.mark.one_browser
async def test_only_the_host_may_look(newcomer: Newcomer, crowd: Crowd) -> None:
    """A stranger is told who may, and gets no identity by looking around."""
    eve = await newcomer("Eve")
    await eve.page.goto(eve.url)
    await eve.at("lobby")
    await see(eve, crowd.meeting)
    await expect(eve.heading).to_have_text("Only the host sees who came")
    assert await eve.page.evaluate("localStorage.getItem('reconvene.token')") is None
    assert not [url for url, _ in eve.statuses if url.endswith(("/api/meetings", "/api/identity"))]
    await see(eve, "NOBODY-STARTED-THIS")
    await expect(eve.heading).to_have_text("There is no record of this meeting")

    async with httpx.AsyncClient(base_url=eve.url) as http:
        token = (await http.post("/api/identity")).json()["token"]
    await eve.page.evaluate("token => localStorage.setItem('reconvene.token', token)", token)
    await see(eve, crowd.meeting)
    await expect(eve.heading).to_have_text("Only the host sees who came")
    forgive(eve, 403)


@pytest.mark.one_browser
async def test_three_hundred_people_are_found_and_sorted(host: Person) -> None:
    table = host.page.get_by_role("table", name="People and their times")
    await expect(table.get_by_role("rowheader")).to_have_count(ROWS)
    await expect(host.page.get_by_text("2 March 2026, 10:00 to 11:00")).to_be_visible()
    await expect(host.page.get_by_text("Central European Standard Time")).to_be_visible()
    await expect(host.page.get_by_role("region", name="Totals")).to_contain_text("300")
    await expect(host.page.get_by_role("img", name="People over time: at most 300, at 10:30")).to_be_visible()
    await expect(row(host, "Scribe")).to_contain_text("Bot")
    await expect(row(host, "Scribe")).to_contain_text("09:50 to 11:10")
    await expect(row(host, "Ada Lovelace")).not_to_contain_text("Bot")
    await expect(row(host, "Zoë Ångström")).to_contain_text("10:02 to 10:42, 2 reconnects")
    await expect(row(host, "Cut Off")).to_contain_text("10:05 to 10:45, end estimated")
    await expect(row(host, "Hedy Lamarr")).to_contain_text("10:00 to 10:10; 10:30 to 10:50")
    await expect(row(host, "Hedy Lamarr").get_by_role("cell", name="30 min")).to_be_visible()
    bars = row(host, "Hedy Lamarr").locator(".bar")
    await expect(bars).to_have_count(2)
    widths = [box["width"] for bar in await bars.all() if (box := await bar.bounding_box())]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)

    await expect(column(host, "Arrived")).to_have_attribute("aria-sort", "ascending")
    assert (await names(host))[:3] == ["Scribe", "Ada Lovelace", "Hedy Lamarr"]
    await host.press("Time")
    await expect(column(host, "Time")).to_have_attribute("aria-sort", "descending")
    assert (await names(host))[:2] == ["Scribe", "Ada Lovelace"]
    await host.press("Time")
    assert (await names(host))[0] == "Hedy Lamarr"
    await host.press("Sessions")
    assert (await names(host))[0] == "Hedy Lamarr"
    await host.press("Name")
    ordered = await names(host)
    guests = [f"Guest {number}" for number in range(1, GUESTS + 1)]
    assert ordered == ["Ada Lovelace", "Cut Off", *guests, "Hedy Lamarr", "Scribe", "Zoë Ångström"]
    await assert_named(host)


@pytest.mark.one_browser
async def test_the_keyboard_alone_finds_sorts_and_downloads(
    host: Person, browsers: Browsers, tmp_path: Path
) -> None:
    keyboard = host.page.keyboard
    await expect(host.heading).to_be_focused()
    await tab_to(host.page, "CSV")
    await keyboard.press("Enter")
    await tab_to(host.page, "One row per session")
    file = await browsers.downloaded(host.page, lambda: keyboard.press("Enter"), tmp_path)
    assert file.name == "ALL-HANDS-attendance.csv"
    stays = table(file)
    assert len(stays) == ROWS + 1
    assert [stay["name"] for stay in stays if "Hedy" in stay["name"]] == ["Hedy Lamarr"] * 2

    await tab_to(host.page, "Find by name")
    await keyboard.type("ANGSTROM")
    await expect(host.page.get_by_role("status").filter(has_text="1 of 301 people and bots")).to_be_visible()
    assert await names(host) == ["Zoë Ångström"]
    await keyboard.press("Escape")
    await expect(host.page.get_by_role("rowheader")).to_have_count(ROWS)
    await keyboard.type("nobody at all")
    await expect(host.page.get_by_text("Nobody here is called “nobody at all”.")).to_be_visible()
    await keyboard.press("Escape")
    await tab_to(host.page, "Sessions")
    await keyboard.press("Space")
    await expect(column(host, "Sessions")).to_have_attribute("aria-sort", "descending")
    await expect(host.button("Sessions")).to_be_focused()


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True))


@pytest.mark.one_browser
async def test_people_come_in_pages_and_a_server_that_is_away_is_waited_for(
    newcomer: Newcomer, crowd: Crowd
) -> None:
    host = await newcomer("Ada", **BERLIN)
    await host.before(f"localStorage.setItem('reconvene.token', '{crowd.token}')")
    await away(host.context)
    await see(host, crowd.meeting)
    await expect(host.heading).to_have_text("The server cannot be reached")
    await host.context.unroute_all()

    pages: list[int] = []

    async def small(route: Route) -> None:
        url = route.request.url
        answer = await route.fetch(url=f"{url}{'&' if '?' in url else '?'}limit=100")
        pages.append(answer.status)
        await route.fulfill(response=answer)

    await host.context.route("**/api/**/attendance*", small)
    await host.press("Try again")
    await expect(host.page.get_by_role("rowheader")).to_have_count(ROWS)
    assert pages == [200] * 4
    host.forgive_lost_sockets()


@pytest.mark.one_browser
async def test_a_phone_shows_it_too(newcomer: Newcomer, crowd: Crowd) -> None:
    host = await arrive(newcomer, crowd, viewport={"width": 360, "height": 640}, color_scheme="dark")
    zoe = row(host, "Zoë Ångström")
    await expect(zoe).to_be_visible()
    assert await host.page.evaluate(OVERFLOW) == 0
    name, line = [await zoe.locator(part).bounding_box() for part in (".who", ".timeline")]
    assert name is not None
    assert line is not None
    assert line["y"] >= name["y"] + name["height"] - 8, "the timeline goes under the name"


@pytest.mark.only(browser="shell", reason="Playwright cannot make Firefox show a page as on paper")
async def test_paper_shows_it_too(newcomer: Newcomer, crowd: Crowd) -> None:
    host = await arrive(newcomer, crowd, viewport={"width": 720, "height": 1000}, color_scheme="dark")
    zoe = row(host, "Zoë Ångström")
    await expect(zoe).to_be_visible()
    await host.page.emulate_media(media="print")
    await expect(host.heading).to_have_text("All hands")
    await expect(zoe).to_contain_text("40 min")
    for control in (
        host.button("CSV"),
        host.button("Delete this record"),
        host.page.get_by_label("Find by name"),
    ):
        await expect(control).to_be_hidden()
    ground, ink = await host.page.evaluate(
        "['backgroundColor', 'color'].map((name) => getComputedStyle(document.body)[name])"
    )
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    assert await host.page.evaluate(OVERFLOW) == 0
