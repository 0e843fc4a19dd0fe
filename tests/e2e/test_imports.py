"""Webinars from Zoom beside live meetings: who sees them, where they came from, how one is imported."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.e2e.attendance_pages import figure, row, see
from tests.e2e.conftest import Newcomer
from tests.e2e.office import KEY, Office, forgive
from tests.e2e.person import BERLIN, Person
from tests.e2e.test_access import assert_named, tab_to
from tests.server import webinars
from tests.server.webinars import WEEKLY
from tests.zoom.runs import ROWS, SECOND, instance, webinar
from tests.zoom.stand_in import faults

pytestmark = pytest.mark.one_browser

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
    weekly = row(ada, "Weekly questions")
    await expect(weekly).to_contain_text("Zoom webinar")
    await expect(weekly).to_contain_text("889 8887 2033")
    await expect(weekly).to_contain_text("2 Mar 2026, 10:00")
    await expect(weekly.get_by_role("cell").nth(1)).to_contain_text("4")
    await expect(weekly).to_contain_text("Complete")
    await expect(row(ada, "Cut short")).to_contain_text(webinars.TOLD_30)
    await expect(row(ada, "Onboarding")).to_contain_text("not known")
    await expect(row(ada, "Onboarding")).to_contain_text("Attendance unknown")
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
    await expect(row(host, "Stand-up")).to_contain_text("nobody is in it now")
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
    await expect(row(admin, "All hands")).to_contain_text("Complete")
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
    await expect(row(admin, "All hands").filter(has_text="889 8887 2034")).to_contain_text("Not read yet")
    await see(admin, f"ZOOM-{later.external_id}")
    await expect(admin.page.get_by_text("Being read", exact=True)).to_be_visible()
    office.zoom.faults.clear()
