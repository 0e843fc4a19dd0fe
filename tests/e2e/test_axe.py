"""axe finds nothing to complain of in any view, light or dark."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from tests.e2e.attendance_pages import see
from tests.e2e.conftest import Newcomer
from tests.e2e.office import Office
from tests.e2e.person import Person, meet
from tests.process import ROOT
from tests.server.webinars import WEEKLY

pytestmark = pytest.mark.one_browser


AXE = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# In dark nothing but colours is another. What is behind a dialog was looked at before.
RUN = """async (dark) => {
  const where = document.querySelector("dialog[open]") ?? document;
  const runOnly = dark ? { runOnly: ["color-contrast", "link-in-text-block"] } : {};
  const { violations } = await axe.run(where, { resultTypes: ["violations"], ...runOnly });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => [id, target.join(" "), failureSummary]));
}"""


@cache
def source() -> str:
    assert AXE.is_file(), "No axe: run tests/install.sh"
    return AXE.read_text(encoding="utf-8")


# Playwright cannot ask Firefox for dark: then the rules for dark are to hold, or not to.
DARK = """(dark) => {
  globalThis.rulesForDark ??= [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText === "(prefers-color-scheme: dark)");
  if (!rulesForDark.length) throw new Error("no rules for dark");
  for (const { media } of rulesForDark) media.mediaText = dark ? "all" : "not all";
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
}"""

# Half-way between two colours, or while something appears, a contrast is none of either.
FINISH = """() => {
  for (const change of document.getAnimations()) {
    if (change.effect.getComputedTiming().endTime < Infinity) change.finish();
  }
}"""


async def is_fine(person: Person, view: str) -> None:
    """What is on the page now, in both colour schemes."""
    if not await person.page.evaluate("'axe' in globalThis"):
        await person.page.evaluate(source())
    found: list[list[Any]] = []
    for scheme in SCHEMES:
        if person.browser_name == "firefox":
            await person.page.evaluate(DARK, scheme == "dark")
        else:
            await person.page.emulate_media(color_scheme=scheme)
        await person.page.evaluate(FINISH)
        found += [[view, scheme, *each] for each in await person.page.evaluate(RUN, scheme == "dark")]
    assert not found, "\n".join(map(str, found))


async def test_a_visit(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    await ada.page.goto(ada.url)
    await ada.at("lobby")
    await ada.page.get_by_text("Choose an ID or a title").click()
    await ada.page.get_by_label("Meeting ID").fill(meeting)
    await ada.press("Join")
    await expect(ada.page.get_by_role("alert").filter(has_text="There is no meeting")).to_be_visible()
    await is_fine(ada, "lobby of somebody new")
    await ada.start(meeting)
    await ada.at("prejoin")
    await is_fine(ada, "prejoin")
    await ada.join()
    await is_fine(ada, "alone")
    b = await bob.come(meeting)
    await bob.press("Turn off camera")
    await bob.press("Turn off microphone")
    await bob.press("Raise hand")
    await ada.sees(b, video="off", audio="off", connection="connected")
    await is_fine(ada, "with somebody")
    await bob.press("Share screen")
    await expect(ada.page.locator('.tile[data-kind="screen"]')).to_have_attribute("data-picture", "")
    await is_fine(ada, "with a shared screen")
    await bob.leave()
    await dialogs_are_fine(ada)
    await ada.page.goto(ada.url)
    await expect(ada.page.get_by_role("heading", name="Your meetings")).to_be_visible()
    await is_fine(ada, "lobby of somebody with meetings")


async def dialogs_are_fine(ada: Person) -> None:
    """Of a meeting, until its end."""
    await ada.press("Participants")
    await expect(ada.page.get_by_role("complementary", name="People in this meeting")).to_be_visible()
    await is_fine(ada, "list of participants")
    await ada.press("Close list")
    await ada.press("Keyboard shortcuts")
    await expect(ada.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await is_fine(ada, "keyboard shortcuts")
    await ada.press("Close")
    await ada.press("Devices")
    await expect(ada.page.get_by_role("dialog", name="Devices")).to_be_visible()
    await is_fine(ada, "devices")
    await ada.press("Done")
    await ada.press("Host options")
    await expect(ada.button("End meeting for all")).to_be_visible()
    await is_fine(ada, "host options")
    await ada.press("End meeting for all")
    await expect(ada.button("End for all")).to_be_visible()
    await is_fine(ada, "end meeting for all")
    await ada.press("End for all")
    await ada.at("problem")
    await is_fine(ada, "ended")


# What else depends on others, or on the network.
SAY = """async () => {
  const { Toasts } = await import("/static/js/ui/toasts.js");
  const { ConnectionBanner } = await import("/static/js/meeting/banner.js");
  new Toasts(document.getElementById("toasts")).show("Bob joined");
  new ConnectionBanner(document.querySelector("[data-part=banner]")).away("Reconnecting…", () => {});
}"""
COMPARE = """async () => {
  const { showSecurityCode } = await import("/static/js/meeting/code-dialog.js");
  const meeting = { securityCode: async () => "42608 90293 88685 87160", on() {} };
  void showSecurityCode(meeting, { id: "p_b", name: "Bob" });
}"""


async def test_what_is_seldom_seen(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.page.goto(f"{ada.url}/nowhere")
    await ada.at("problem")
    await is_fine(ada, "an address that leads nowhere")
    await meet(meeting, ada)
    await ada.page.evaluate(SAY)
    await expect(ada.button("Try again")).to_be_visible()
    await is_fine(ada, "a page that cannot make calls, cut off")
    await ada.page.evaluate(COMPARE)
    dialog = ada.page.get_by_role("dialog", name="Security code with Bob")
    await expect(dialog.get_by_role("status")).to_have_text("42608 90293 88685 87160")
    await is_fine(ada, "security code")
    await ada.page.keyboard.press("Escape")
    await notices_are_fine(ada, meeting)
    await ada.page.route(re.compile("/js/main.js$"), lambda route: route.abort())
    await ada.page.goto(ada.url)
    await expect(ada.page.get_by_role("heading", name="A part of this page did not load")).to_be_visible()
    await is_fine(ada, "a page that does not start")
    # The browser writes a line of its own for the part.
    ada.complaints.clear()


async def notices_are_fine(ada: Person, meeting: str) -> None:
    """Of the meeting that Ada is in, to which others are not."""
    await ada.press("Leave")
    await ada.at("left")
    await expect(ada.page.get_by_role("status").filter(has_text="The record has you from")).to_be_visible()
    await is_fine(ada, "left")
    await ada.press("See attendance")
    await expect(ada.page.get_by_role("rowheader").first).to_be_visible()
    await is_fine(ada, "attendance of a meeting")
    await ada.press("Delete this record")
    await expect(ada.page.get_by_role("dialog")).to_be_visible()
    await is_fine(ada, "deleting a record")
    await ada.press("Delete for good")
    await ada.at("problem")
    await is_fine(ada, "deleted")
    await ada.open(f"{meeting}-ELSE")
    await ada.at("problem")
    await is_fine(ada, "no such meeting")


async def test_attendance_and_records(admin: Person) -> None:
    await see(admin, WEEKLY)
    await expect(admin.page.get_by_role("rowheader").first).to_be_visible()
    await admin.page.get_by_text("Each list that was read").click()
    await is_fine(admin, "attendance")
    await admin.press("CSV")
    await expect(admin.button("One row per person")).to_be_visible()
    await is_fine(admin, "files to download")
    await admin.page.keyboard.press("Escape")
    await admin.press("Registered, did not come 1")
    await expect(admin.page.get_by_role("table", name="Registered, did not come")).to_be_visible()
    await is_fine(admin, "who did not come")
    await admin.press("By date 2")
    await expect(admin.page.get_by_role("region", name="Attendance by date")).to_be_visible()
    await is_fine(admin, "a series by date")
    await admin.page.goto(f"{admin.url}/attendance")
    await expect(admin.page.get_by_role("rowheader").first).to_be_visible()
    await is_fine(admin, "records")


async def test_records_that_are_not_for_everyone(newcomer: Newcomer, office: Office) -> None:
    eve = await newcomer("Eve", url=office.server.url)
    await see(eve, WEEKLY)
    await expect(eve.page.get_by_label("Admin key")).to_be_visible()
    await is_fine(eve, "admin key asked for")
    # The browser writes a line of its own for the refusal.
    eve.complaints.clear()
    await eve.page.goto(f"{eve.url}/attendance")
    await expect(eve.page.get_by_text("This browser has started no meeting here.")).to_be_visible()
    await is_fine(eve, "records of somebody new")
