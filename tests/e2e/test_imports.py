"""Webinars from Zoom beside live meetings: who sees them, where they came from, how one is imported."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, expect

from storage.open import open_store
from storage.store import Store
from tests.e2e.browsers import BrowserName, Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person
from tests.e2e.test_access import assert_named, tab_to
from tests.process import ServerProcess
from tests.server import webinars
from tests.server.webinars import CROWDED, ON_AIR, SHORT, UNTOLD, WEEKLY
from tests.storage.import_script import APPROVED, PENDING, heard
from tests.storage.import_script import row as import_row
from tests.zoom.runs import ROWS, SECOND, instance, webinar
from tests.zoom.stand_in import ZoomStandIn, faults

pytestmark = pytest.mark.one_browser

KEY = "an admin key of some length"
BERLIN = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
CROWD = 2000
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Office:
    """A server with imports of every kind, a live meeting, and a Zoom to ask; `token` is its host's."""

    server: ServerProcess
    store: Store
    zoom: ZoomStandIn
    token: str


@pytest.fixture(scope="module")
async def office(
    tmp_path_factory: pytest.TempPathFactory, browser_name: BrowserName
) -> AsyncIterator[Office]:
    """One for each browser, since tests leave something behind."""
    directory = tmp_path_factory.mktemp("office")
    async with ZoomStandIn() as zoom:
        settings = {"RECONVENE_ADMIN_KEY": KEY, **zoom.environ}
        async with (
            ServerProcess(directory, **settings) as server,
            httpx.AsyncClient(base_url=server.url) as http,
        ):
            token = (await http.post("/api/identity")).json()["token"]
            wish = {"meeting": "STAND-UP", "title": "Stand-up"}
            bearer = {"Authorization": f"Bearer {token}"}
            (await http.post("/api/meetings", json=wish, headers=bearer)).raise_for_status()
            store = open_store(f"sqlite:///{server.database}")
            await store.open()
            await webinars.weekly(store)
            await webinars.cut_short(store)
            await webinars.untold(store)
            await webinars.crowded(store, CROWD)
            yield Office(server, store, zoom, token)
            await store.close()


@pytest.fixture
async def admin(newcomer: Newcomer, office: Office) -> Person:
    """With the admin key in the tab."""
    admin = await newcomer("Ada", url=office.server.url, **BERLIN)
    await with_key(admin)
    return admin


async def with_key(person: Person) -> None:
    await person.before(f"sessionStorage.setItem('reconvene.admin-key', '{KEY}')")


async def see(person: Person, room: str) -> None:
    await person.page.goto(f"{person.url}/m/{room}/attendance")


def record(person: Person, title: str) -> Locator:
    return person.page.get_by_role("row").filter(has=person.page.get_by_role("rowheader", name=title))


def figure(person: Person, name: str) -> Locator:
    totals = person.page.get_by_role("region", name="Totals")
    return totals.locator("dl > div").filter(has=person.page.get_by_text(name, exact=True))


def row(person: Person, name: str) -> Locator:
    header = person.page.get_by_role("rowheader", name=name)
    return person.page.get_by_role("row").filter(has=header)


def forgive(person: Person, status: int) -> None:
    """The browser writes a line of its own for every refusal."""
    person.complaints = [text for text in person.complaints if f"status of {status}" not in text]


# All meetings


async def test_the_admin_key_opens_all_meetings_until_it_is_forgotten(
    newcomer: Newcomer, office: Office
) -> None:
    ada = await newcomer("Ada", url=office.server.url, **BERLIN)
    await ada.page.goto(f"{ada.url}/attendance")
    await expect(ada.page.get_by_text("This browser has started no meeting here.")).to_be_visible()
    await assert_named(ada)
    await tab_to(ada.page, "Admin key")
    await ada.page.keyboard.type("not the key")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("alert")).to_contain_text("does not know this key")
    field = ada.page.get_by_label("Admin key")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("type", "password")
    await field.fill(KEY)
    await ada.page.keyboard.press("Enter")

    await expect(ada.heading).to_be_focused()
    weekly = record(ada, "Weekly questions")
    await expect(weekly).to_contain_text("Zoom webinar")
    await expect(weekly).to_contain_text("889 8887 2033")
    await expect(weekly).to_contain_text("2 Mar 2026, 10:00")
    await expect(weekly.get_by_role("cell").nth(1)).to_contain_text("4")
    await expect(weekly).to_contain_text("Complete")
    await expect(record(ada, "Cut short")).to_contain_text(webinars.TOLD_30)
    await expect(record(ada, "Onboarding")).to_contain_text("not known")
    await expect(record(ada, "Onboarding")).to_contain_text("Attendance unknown")
    headers = await ada.page.get_by_role("rowheader").all_text_contents()
    assert "Stand-up" in headers[0], "the newest is not the first"
    await assert_named(ada)
    stored = "JSON.stringify(localStorage)"
    assert KEY not in await ada.page.evaluate(stored)

    await weekly.get_by_role("link").click()
    await expect(ada.heading).to_have_text("Weekly questions")
    await ada.page.get_by_role("link", name="All meetings").click()
    await ada.press("Forget the key")
    await expect(field).to_be_focused()
    await expect(ada.page.get_by_role("rowheader")).to_have_count(0)
    await see(ada, WEEKLY)
    await expect(ada.heading).to_have_text("Only the admin key opens this")
    forgive(ada, 401)
    forgive(ada, 404)


async def test_without_the_key_one_sees_ones_own(newcomer: Newcomer, office: Office) -> None:
    host = await newcomer("Hal", url=office.server.url)
    await host.before(f"localStorage.setItem('reconvene.token', '{office.token}')")
    await host.page.goto(f"{host.url}/attendance")
    await expect(host.page.get_by_role("rowheader")).to_have_count(1)
    await expect(record(host, "Stand-up")).to_contain_text("nobody is in it now")
    await expect(host.page.get_by_role("region", name="Import from Zoom")).to_be_hidden()


async def test_whoever_follows_the_link_of_an_import_is_told_what_it_is(
    newcomer: Newcomer, office: Office
) -> None:
    eve = await newcomer("Eve", url=office.server.url)
    await eve.page.goto(f"{eve.url}/m/{WEEKLY}")
    await expect(eve.heading).to_have_text("Nobody can join this here")
    await eve.press("See attendance")
    await expect(eve.heading).to_have_text("Only the admin key opens this")
    # An id that nobody used looks the same.
    await eve.page.goto(f"{eve.url}/m/ZOOM-99999999999")
    await expect(eve.heading).to_have_text("Nobody can join this here")
    forgive(eve, 404)


async def test_a_key_opens_a_record_where_it_is_refused(newcomer: Newcomer, office: Office) -> None:
    eve = await newcomer("Eve", url=office.server.url)
    await see(eve, "STAND-UP")
    await expect(eve.heading).to_have_text("Only the host sees who came")
    await eve.page.get_by_label("Admin key").fill(KEY)
    await eve.press("Use the key")
    await expect(eve.heading).to_have_text("Stand-up")
    await eve.page.evaluate("sessionStorage.setItem('reconvene.admin-key', 'an older key')")
    await eve.page.reload()
    await expect(eve.heading).to_have_text("Only the host sees who came")
    assert await eve.page.evaluate("sessionStorage.getItem('reconvene.admin-key')") is None
    forgive(eve, 401)
    forgive(eve, 403)


# One import


async def test_an_import_says_where_it_came_from_and_who_did_not_come(admin: Person) -> None:
    await see(admin, WEEKLY)
    for name, value in {"Registered": "4", "Came": "4", "Did not come": "1", "Guests": "2"}.items():
        await expect(figure(admin, name).locator("strong")).to_have_text(value)
    about = admin.page.get_by_role("region", name="Where this comes from")
    await expect(about).to_contain_text("From Zoom: webinar 889 8887 2033.")
    await expect(about).to_contain_text("2 instances, complete: 6 of 6 rows, last read on 1 January 1970")
    await expect(about).to_contain_text("1 of the rows are of the waiting room")
    await about.get_by_text("Each list that was read").click()
    first = about.get_by_role("listitem").filter(has_text="Instance of 2 Mar 2026, 10:00")
    await expect(first).to_contain_text("Zoom’s basic list of participants · 5 of 5 rows")
    await expect(first).to_contain_text("Report refused: the app lacks the scope report:read:")
    await expect(admin.page.get_by_role("link", name="Open meeting")).to_be_hidden()
    await assert_named(admin)

    table = admin.page.get_by_role("table", name="People and their times")
    await expect(table.get_by_role("rowheader")).to_have_count(4)
    await expect(row(admin, "Ada Lovelace")).to_contain_text("ada@example.org")
    await expect(row(admin, "Ada Lovelace")).to_contain_text("2 Mar, 10:00 to 10:30; 9 Mar, 10:00 to 11:00")
    await expect(row(admin, "iPhone")).to_contain_text("a guess")
    search = admin.page.get_by_label("Find by name or e-mail")
    await search.fill("ADA@")
    await expect(table.get_by_role("rowheader")).to_have_count(1)
    await search.fill("")
    await admin.press("Guests 2")
    await expect(table.get_by_role("rowheader")).to_have_count(2)
    await expect(row(admin, "bob")).to_contain_text("Perhaps the same person as bob@example.org")
    await admin.press("Registered, did not come 1")
    await expect(table).to_be_hidden()
    absent = admin.page.get_by_role("table", name="Registered, did not come")
    await expect(absent.get_by_role("rowheader")).to_have_text(
        [re.compile("Cléo"), re.compile(r"Dora\s+Pending")]
    )
    await search.fill("cleo")
    await expect(absent.get_by_role("rowheader")).to_have_count(1)


async def test_who_registered_is_downloaded(admin: Person, browsers: Browsers, tmp_path: Path) -> None:
    await see(admin, WEEKLY)
    await admin.press("CSV")
    file = await browsers.downloaded(admin.page, lambda: admin.press("One row per registrant"), tmp_path)
    assert file.name == f"{WEEKLY}-registrants.csv"
    text = file.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [(each["name"], each["came"]) for each in rows][-2:] == [("Cléo", "no"), ("Dora", "no")]


async def test_a_series_is_seen_side_by_side_and_one_date_alone(admin: Person) -> None:
    await see(admin, WEEKLY)
    await admin.press("By date 2")
    side_by_side = admin.page.get_by_role("region", name="Attendance by date")
    bob = side_by_side.get_by_role("row", name="Bob bob@example.org")
    assert await bob.locator("td").all_text_contents() == ["10 min", "–", "1", "10 min"]
    await admin.page.get_by_label("Find by name or e-mail").fill("bob@")
    await expect(side_by_side).to_have_text(re.compile(r"4 people(?![\s\S]*Ada)"))
    await side_by_side.get_by_role("button", name="9 Mar").click()
    await expect(figure(admin, "Came").locator("strong")).to_have_text("1")
    await expect(figure(admin, "Did not come").locator("strong")).to_have_text("2")
    await admin.page.reload()
    await expect(admin.page.get_by_label("Shown")).to_have_value("4AAA==")
    await expect(admin.page.get_by_role("rowheader")).to_have_count(1)
    await admin.page.get_by_label("Shown").select_option("All 2 dates")
    await expect(figure(admin, "Came").locator("strong")).to_have_text("4")


async def test_what_is_missing_or_not_known_is_said(admin: Person) -> None:
    await see(admin, SHORT)
    note = admin.page.get_by_role("note")
    await expect(note).to_contain_text("Some rows are missing")
    await expect(note).to_contain_text("Zoom gave 30 of the 41 rows it has.")
    await expect(figure(admin, "Came")).to_contain_text("30so far as is known")
    await expect(admin.page.get_by_text("Partial", exact=True).first).to_be_visible()

    await see(admin, UNTOLD)
    await expect(note).to_contain_text("Who attended is not known")
    await expect(note).to_contain_text("The app lacks all scopes.")
    await expect(figure(admin, "Came")).to_contain_text("not known")
    await expect(figure(admin, "Registered").locator("strong")).to_have_text("2")
    await expect(admin.page.get_by_role("rowheader", name="Ada Lovelace")).to_be_visible()


async def test_where_one_list_of_registrants_is_missing_nobody_is_said_to_have_stayed_away(
    admin: Person, office: Office
) -> None:
    made = webinars.script(office.store, "ZOOM-87234567890", "Open house")
    await made.read(APPROVED, state="unknown", reason="not read: refused", source="registrants")
    await made.read(PENDING, *webinars.registrants("Dora", status="pending"), source="registrants", total=1)
    ann = import_row("s1", "p_Ann", at=webinars.START, until=webinars.START + 600, name="Ann")
    await made.read(webinars.FIRST, ann, starts=webinars.START, total=1)
    await see(admin, "ZOOM-87234567890")
    await expect(figure(admin, "Came").locator("strong")).to_have_text("1")
    await expect(figure(admin, "Did not come")).to_contain_text("not known")
    await expect(figure(admin, "Registered")).to_contain_text("so far as is known")
    await expect(row(admin, "Ann")).to_be_visible()
    await expect(row(admin, "Ann")).not_to_contain_text("Not registered")
    await admin.press("Registered, did not come")
    await expect(admin.page.get_by_text("1 person registered and had no approval.")).to_be_visible()


async def test_a_webinar_that_goes_on_is_followed(admin: Person, office: Office) -> None:
    now = time.time()
    live = await webinars.on_air(office.store, now)
    await see(admin, ON_AIR)
    await expect(admin.page.get_by_text("Live", exact=True).first).to_be_visible()
    await expect(row(admin, "Ada")).to_contain_text("to now")
    await expect(row(admin, "Bob")).not_to_contain_text("now")
    await live.hear(heard("s3", "p_cleo", joined=now - 5, name="Cleo", at=now))
    await admin.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(row(admin, "Cleo")).to_contain_text("to now")
    await live.end(ended=now, due=now + 1800)
    await admin.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(row(admin, "Ada")).not_to_contain_text("now")
    await expect(admin.page.get_by_text("It is read again on")).to_be_visible()
    await expect(admin.page.get_by_text("Over, not read yet", exact=True)).to_be_visible()
    await admin.page.goto(f"{admin.url}/attendance")
    await expect(record(admin, "Town hall")).to_contain_text("Over, not read yet")


async def test_two_thousand_people_and_a_phone(newcomer: Newcomer, office: Office) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark"}
    admin = await newcomer("Ada", url=office.server.url, **BERLIN, **phone)
    await with_key(admin)
    await see(admin, CROWDED)
    # Roles of so many are slow to ask for.
    rows = admin.page.locator("tbody:visible > tr")
    await expect(rows).to_have_count(CROWD)
    await admin.press("Guests 200")
    await expect(rows).to_have_count(CROWD // 10)
    absent = CROWD * 3 // 2 - CROWD * 9 // 10
    await admin.press(f"Registered, did not come {absent:,}")
    await expect(rows).to_have_count(absent)
    assert await admin.page.evaluate(OVERFLOW) == 0
    for place in (f"/m/{SHORT}/attendance", f"/m/{UNTOLD}/attendance", "/attendance"):
        await admin.page.goto(admin.url + place)
        await expect(admin.page.get_by_role("rowheader").first).to_be_visible()
        assert await admin.page.evaluate(OVERFLOW) == 0


async def test_deleting_an_import_asks_in_words_of_its_own(admin: Person, office: Office) -> None:
    room = "ZOOM-86234567890"
    await webinars.script(office.store, room, "Old one").read(webinars.FIRST, starts=webinars.START)
    await see(admin, room)
    await admin.press("Delete this import")
    question = admin.page.get_by_role("dialog", name="Delete this import?")
    await expect(question).to_contain_text("Zoom keeps what it has")
    await admin.press("Delete for good")
    await expect(admin.heading).to_have_text("The import is deleted")
    await admin.press("All meetings")
    await expect(record(admin, "Weekly questions")).to_be_visible()
    await expect(record(admin, "Old one")).to_have_count(0)


# From Zoom


async def test_a_webinar_is_imported_and_leads_to_its_attendance(admin: Person, office: Office) -> None:
    shown = webinar(instance(), instance(SECOND, rows=20))
    shown.external_id = "88988872035"
    office.zoom.webinars[shown.external_id] = shown
    await admin.page.goto(f"{admin.url}/attendance")
    form = admin.page.get_by_role("region", name="Import from Zoom")
    await tab_to(admin.page, "Webinar ID or link")
    await admin.page.keyboard.type("12 34")
    await admin.page.keyboard.press("Enter")
    await expect(form.get_by_role("alert")).to_contain_text("is no Zoom id")
    field = admin.page.get_by_label("Webinar ID or link")
    await expect(field).to_be_focused()
    await field.fill("889 8887 2035")
    await admin.button("Import").press("Enter")
    await expect(form.get_by_role("status")).to_contain_text("All hands: Imported, and complete.")
    await expect(field).to_have_value("")
    await expect(admin.button("Import")).to_be_focused()
    await expect(record(admin, "All hands")).to_contain_text("Complete")
    await assert_named(admin)
    await form.get_by_role("link", name="Attendance of All hands").click()
    await expect(admin.heading).to_have_text("All hands")
    await expect(figure(admin, "Came").locator("strong")).to_have_text(str(ROWS))
    forgive(admin, 400)


async def test_how_far_an_import_is_can_be_watched(admin: Person, office: Office) -> None:
    later = webinar(instance("5555AAAiAAAAAiAiAiiAii=="))
    later.external_id = "88988872034"
    office.zoom.webinars[later.external_id] = later
    office.zoom.faults.on(
        lambda asked: asked.endpoint == "report participants" and "next_page_token" in asked.params,
        faults.stall(),
        None,
    )
    await admin.page.goto(f"{admin.url}/attendance")
    form = admin.page.get_by_role("region", name="Import from Zoom")
    await admin.page.get_by_label("Webinar ID or link").fill(f"https://zoom.us/w/{later.external_id}")
    await admin.press("Import")
    bar = form.get_by_role("progressbar", name=re.compile("Instance of"))
    await expect(bar).to_have_attribute("value", re.compile(r"0\.3"))
    await expect(form.get_by_text("30 of 95")).to_be_visible()
    await admin.page.reload()
    await expect(bar).to_have_attribute("value", re.compile(r"0\.3"))
    await expect(record(admin, "All hands").filter(has_text="889 8887 2034")).to_contain_text("Not read yet")
    await see(admin, f"ZOOM-{later.external_id}")
    await expect(admin.page.get_by_text("Being read", exact=True)).to_be_visible()
    office.zoom.faults.clear()
