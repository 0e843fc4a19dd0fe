"""One import from Zoom as its page shows it: where it came from, who came, its dates, what is not known."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.e2e.attendance_pages import figure, row, see
from tests.e2e.browsers import Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.office import CROWD, Office, with_key
from tests.e2e.person import BERLIN, OVERFLOW, Person
from tests.e2e.test_access import assert_named
from tests.server import webinars
from tests.server.webinars import CROWDED, ON_AIR, SHORT, UNTOLD, WEEKLY
from tests.storage.import_script import APPROVED, PENDING, heard
from tests.storage.import_script import row as import_row

pytestmark = pytest.mark.one_browser


async def test_an_import_says_where_it_came_from_and_who_did_not_come(admin: Person) -> None:
    await see(admin, WEEKLY)
    for name, value in {"Registered": "4", "Came": "4", "Did not come": "1", "Guests": "2"}.items():
        await expect(figure(admin, name).locator("strong")).to_have_text(value)
    about = admin.page.get_by_role("region", name="Where this comes from")
    await expect(about).to_contain_text("From Zoom: webinar 889 8887 2033.")
    await expect(about).to_contain_text("2 instances, complete: 6 of 6 rows, last read on 1 January 1970")
    await expect(about).to_contain_text("1 of the rows is of the waiting room")
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


async def test_one_date_is_not_shown_as_another_while_it_is_read(
    admin: Person, browsers: Browsers, tmp_path: Path
) -> None:
    await admin.page.goto(f"{admin.url}/m/{WEEKLY}/attendance?instance=2026-03-09")
    shown = admin.page.get_by_label("Shown")
    await expect(shown).to_have_value("4AAA==")
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await admin.page.route(re.compile(r"/attendance\?instance=%2F"), hold)
    await shown.select_option(index=1)
    busy = admin.page.locator("[aria-busy=true]")
    await expect(busy).to_contain_text("Reading…")
    await expect(figure(admin, "Came").locator("strong")).to_have_text("1")
    await admin.press("CSV")
    file = await browsers.downloaded(admin.page, lambda: admin.press("One row per person"), tmp_path)
    assert len(file.read_text("utf-8-sig").splitlines()) == 1 + 1
    go_on.set()
    await expect(figure(admin, "Came").locator("strong")).to_have_text("4")
    await expect(busy).to_have_count(0)


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
    await expect(row(admin, "Town hall")).to_contain_text("Over, not read yet")


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
    await expect(row(admin, "Weekly questions")).to_be_visible()
    await expect(row(admin, "Old one")).to_have_count(0)
