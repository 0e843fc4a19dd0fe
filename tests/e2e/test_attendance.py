"""The host looks at who was there: live, for a large meeting, by keyboard, on paper."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Locator, Route, expect

from storage.factory import open_store
from storage.records import JoinRequest, StayEnd, StayResume
from storage.store import Store
from tests.e2e.browsers import Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.person import BERLIN, OVERFLOW, Person, meet
from tests.e2e.test_access import assert_named, tab_to
from tests.process import ServerProcess

START = 1_772_442_000.0
"""2026-03-02 09:00:00 UTC, which is 10:00 in Berlin."""

GUESTS = 296
ROWS = GUESTS + 5
"""Of the crowd: its people and a bot."""


def row(host: Person, name: str) -> Locator:
    header = host.page.get_by_role("rowheader", name=name)
    return host.page.get_by_role("row").filter(has=header)


def column(host: Person, name: str) -> Locator:
    return host.page.get_by_role("columnheader", name=name)


async def names(host: Person) -> list[str]:
    return await host.page.locator('tbody [data-part="name"]').all_text_contents()


async def see(host: Person, meeting: str) -> None:
    await host.page.goto(f"{host.url}/m/{meeting}/attendance")


# Live


async def test_the_host_sees_who_is_there_and_who_was(newcomer: Newcomer, meeting: str) -> None:
    ada, bob, cleo = [await newcomer(name) for name in ("Ada", "Bob", "Cleo")]
    _, b = await meet(meeting, ada, bob)
    await bob.page.reload()
    assert await bob.seated() == b

    host = await newcomer("Ada", tab_of=ada)
    await host.page.goto(ada.url)
    yours = host.page.get_by_role("region", name="Your meetings")
    await expect(yours.get_by_role("listitem").filter(has_text=meeting)).to_contain_text("2 in it now")
    await expect(host.page.get_by_role("region", name="Recent meetings")).to_be_hidden()
    await yours.get_by_role("link", name=f"Attendance of {meeting}").click()
    await expect(row(host, "Ada")).to_contain_text("Host")
    await expect(row(host, "Bob")).to_contain_text("to now, 1 reconnect")
    await expect(host.page.get_by_text("Live", exact=True)).to_be_visible()
    await host.page.evaluate("globalThis.still = true")
    await host.page.get_by_label("Find by name").fill("b")
    await expect(row(host, "Ada")).to_have_count(0)

    await bob.press("Leave")
    await bob.at("left")
    await expect(bob.button("See attendance")).to_have_count(0)
    await cleo.come(meeting)
    await expect(row(host, "Bob")).not_to_contain_text("now")
    await expect(row(host, "Cleo")).to_have_count(0)
    await host.page.bring_to_front()
    await expect(host.page.get_by_label("Find by name")).to_be_focused()
    await host.page.get_by_label("Find by name").fill("")
    await expect(row(host, "Cleo")).to_contain_text("to now")
    assert await names(host) == ["Ada", "Bob", "Cleo"]
    assert await host.page.evaluate("still"), "the page was loaded anew"

    people = {person["name"]: person for person in await ada.attendance(meeting)}
    assert [person["session_count"] for person in people.values()] == [1, 1, 1]
    assert people["Bob"]["reconnects"] == 1


@pytest.mark.one_browser
async def test_deleting_sends_everyone_away_and_leaves_nothing(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    await meet(meeting, ada, bob)
    await ada.press("Leave")
    await ada.at("left")
    await ada.press("See attendance")
    await expect(row(ada, "Bob")).to_be_visible()
    await ada.press("Delete this record")
    question = ada.page.get_by_role("dialog", name="Delete this record?")
    await expect(question).to_contain_text("the names and times of 2 people")
    await expect(question).to_contain_text("1 person is in it now")
    await expect(ada.button("Cancel")).to_be_focused()
    await ada.press("Cancel")
    await expect(row(ada, "Bob")).to_be_visible()
    await ada.press("Delete this record")
    await ada.press("Delete for good")
    await expect(ada.heading).to_have_text("The record is deleted")
    await expect(bob.heading).to_have_text("This meeting has ended")
    await ada.press("Home")
    await ada.at("lobby")
    await expect(ada.page.get_by_text(meeting)).to_have_count(0)
    await see(ada, meeting)
    await expect(ada.heading).to_have_text("There is no record of this meeting")


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
    # The browser writes a line of its own for the refusal.
    eve.complaints = [text for text in eve.complaints if "status of 403" not in text]


# A large meeting


@dataclass(frozen=True, slots=True)
class Crowd:
    """A meeting that was: 300 people, one of whom came twice, one reconnected, one was cut off with the server; and
    a bot, which came first and stayed longest."""

    meeting: str
    token: str


@pytest.fixture(scope="module")
async def crowd(server: ServerProcess) -> Crowd:
    async with httpx.AsyncClient(base_url=server.url) as http:
        token = (await http.post("/api/identity")).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        wish = {"meeting": "ALL-HANDS", "title": "All hands"}
        (await http.post("/api/meetings", json=wish, headers=bearer)).raise_for_status()
        store = open_store(f"sqlite:///{server.database}")
        await store.open()
        try:
            await _fill(store, "ALL-HANDS")
        finally:
            await store.close()
        (await http.post("/api/meetings/ALL-HANDS/end", headers=bearer)).raise_for_status()
    return Crowd("ALL-HANDS", token)


async def _fill(store: Store, room: str) -> None:
    await store.heartbeat("n_gone", START + 2700)

    async def stay(name: str, begin: float, end: float | None, *returns: float) -> None:
        user = f"{'b_rec' if name == 'Scribe' else 'u'}_{name}"
        participant, session = f"p_{name}", f"s_{name}_{begin}"
        await store.join(JoinRequest(room, user, name, participant, session, "i_1", "n_gone", START + begin))
        for at in returns:
            await store.resume_stay(
                StayResume(room, user, participant, session, "n_gone", "i_1", START + at, returned=True)
            )
        if end is not None:
            await store.leave(StayEnd(room, user, participant, session, "n_gone", START + end, "left"))

    await stay("Scribe", -600, 4200)
    await stay("Ada Lovelace", 0, 3600)
    await stay("Hedy Lamarr", 10, 610)
    await stay("Hedy Lamarr", 1800, 3000)
    await asyncio.gather(
        stay("Zoë Ångström", 120, 2520, 600, 1200),
        stay("Cut Off", 300, None),
        *(stay(f"Guest {number}", 400 + number, 3000 + number) for number in range(1, GUESTS + 1)),
    )
    await store.close_dead_nodes(START + 2701)


@pytest.fixture
async def host(newcomer: Newcomer, crowd: Crowd) -> Person:
    return await arrive(newcomer, crowd)


async def arrive(newcomer: Newcomer, crowd: Crowd, **options: Any) -> Person:
    host = await newcomer("Ada", **BERLIN, **options)
    await host.before(f"localStorage.setItem('reconvene.token', '{crowd.token}')")
    await see(host, crowd.meeting)
    return host


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
async def test_what_is_shown_stays_while_the_server_is_away(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    host = await newcomer("Ada", tab_of=ada)
    await host.page.clock.install()
    await see(host, meeting)
    await expect(row(host, "Ada")).to_be_visible()
    await away(host.context)
    await host.page.evaluate("dispatchEvent(new Event('online'))")
    trouble = host.page.get_by_role("status").filter(has_text="Cannot refresh at the moment; trying again.")
    await expect(trouble).to_be_visible()
    await expect(row(host, "Ada")).to_contain_text("now")
    await host.context.unroute_all()
    await host.page.clock.run_for(5_000)
    await expect(trouble).to_have_count(0)
    host.forgive_lost_sockets()


async def away(context: BrowserContext) -> None:
    await context.route("**/api/**/attendance*", lambda route: route.abort("connectionrefused"))


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


@pytest.mark.only(browser="chromium", reason="Playwright cannot make Firefox show a page as on paper")
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


TOLD = """async () => {
  const { duration } = await import("/static/js/ui/times.js");
  const { Axis } = await import("/static/js/attendance/axis.js");
  const at = (text) => Date.parse(`${text}:00Z`);
  const told = (busy, most) => {
    const axis = new Axis(busy.map((stretch) => stretch.map(at)));
    const times = axis.stretches.map(({ from, x, width }) => axis.at(axis.x(from)) === from && Math.round(width));
    return [times, axis.ticks(most).map(({ label }) => label)];
  };
  return {
    durations: [0, 20, 89.9, 2520, 3599, 3900, 360_000].map(duration),
    whole: told([["2026-03-02T09:00", "2026-03-02T09:20"], ["2026-03-02T09:45", "2026-03-02T10:00"]], 6),
    weekly: told([["2026-03-02T09:00", "2026-03-02T10:00"], ["2026-03-09T09:00", "2026-03-09T10:00"]], 6),
    night: told([["2026-03-02T20:00", "2026-03-03T03:00"]], 4),
    begun: told([["2026-03-02T09:00", "2026-03-02T09:00"]], 4),
  };
}"""


@pytest.mark.one_browser
async def test_times_are_told_as_people_tell_them(newcomer: Newcomer) -> None:
    """A pause between two meetings takes little room on the axis; one within a meeting its own."""
    reader = await newcomer("Ada", **BERLIN)
    await reader.page.goto(reader.url)
    assert await reader.page.evaluate(TOLD) == {
        "durations": ["0 min", "under 1 min", "1 min", "42 min", "1 h 00 min", "1 h 05 min", "100 h 00 min"],
        "whole": [[100], ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:00"]],
        "weekly": [[49, 49], ["2 Mar", "9 Mar"]],
        "night": [[100], ["22:00", "3 Mar", "02:00", "04:00"]],
        "begun": [[100], ["10:00"]],
    }
