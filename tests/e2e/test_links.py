"""Links and IDs as people paste them lead where they are meant to, or the page says in words what is wrong."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.process import ServerProcess
from tests.server.client import bearer, playing

HERE = "https://meet.example.org"
LINK = f"{HERE}/m/LINK-1"
ID = "LINK-1"
ELSEWHERE = "https://other.example.com/m/LINK-1"
OUTLOOK = "https://eur01.safelinks.protection.outlook.com/?url="

MEANT = {
    # addresses
    "/m/LINK-1": ID,
    "/m/link-1/": ID,
    "/m/LINK-1.": ID,
    "/m/LINK-1)": ID,
    "/m/LINK-1,": ID,
    "/m/LINK-1]": ID,
    "/m/LINK-1;": ID,
    "/m/LINK-1%3E": ID,
    "/m/%3CLINK-1%3E": ID,
    "/m/(LINK-1)": ID,
    "/m/LINK-1%22": ID,
    "/m/LINK-1%E2%80%9D": ID,
    "/m/LINK-1%E2%80%8B": ID,
    "/m/LINK-1%EF%BB%BF": ID,
    "/m/%E2%81%A0LINK%C2%AD-1": ID,
    "/m/LINK-1%20": ID,
    "/m/LINK-1%20please": ID,
    "/m/LINK-1&x=1": ID,
    "/m/LINK-1&amp;utm_source=mail": ID,
    "/m/LINK-1%26utm=1": ID,
    "/m/LINK-1%253E": ID,
    "/m/LINK%E2%80%911": ID,
    "/m/LINK-1/attendance": ID,
    "/M/LINK-1": ID,
    "/m/123%20456%20789": "123456789",
    "/m/K7P%202MX%209QD": "K7P2MX9QD",
    "/m/ABC%20123": "ABC123",
    "/m/LINK_1": None,
    "/m/B%C3%BCro": None,
    "/m/%E0%A4%A": None,
    "/m/100%": None,
    "/m/LINK-1%E2%80": None,
    "/m/%00": None,
    "/m/AB": None,
    f"/m/{'A' * 64}": "A" * 64,
    f"/m/{'A' * 65}": None,
    "/m/": None,
    "/m/...": None,
    # links of this server's
    LINK: ID,
    f"{LINK}.": ID,
    f"{HERE}/M/LINK-1": ID,
    f"{HERE}/m/123 456 7890": "1234567890",
    f"Join {HERE}/m/123 456 789 please": "123456789",
    f"{HERE}/m/K7P 2MX 9QD": "K7P2MX9QD",
    f"{HERE}/m/K7P 2MX 9QD, please": "K7P2MX9QD",
    f"{HERE}/m/K7P 2MX ABC": "K7P2MXABC",
    f"{HERE}/m/ABC at 10 am": "ABC",
    f"{HERE}/m/ABC1 10 Uhr": "ABC1",
    f"{HERE}/m/ABC1 2026 in May": "ABC1",
    f"{HERE}/m/ABC and you": "ABC",
    f"<{LINK}>": ID,
    f"({LINK})": ID,
    f"“{LINK}”": ID,
    f"[Weekly]({LINK})": ID,
    f"_{LINK}_": ID,
    f"**{LINK}**": ID,
    f"{LINK}\u200b": ID,
    f"\ufeff{LINK}": ID,
    f"{LINK}?utm_source=mail#top": ID,
    f"{LINK}&utm_source=mail": ID,
    f"{LINK}/attendance": ID,
    f"Join: {LINK}, please": ID,
    f"Ann invites you:\n{LINK}\n(no account needed)": ID,
    f"https://zoom.us/j/123456789 or {LINK}": ID,
    "meet.example.org/m/link-1": ID,
    "MEET.EXAMPLE.ORG/m/LINK-1": ID,
    "http://meet.example.org/m/LINK-1": ID,
    "https://meet.example.org:443/m/LINK-1": ID,
    f"{OUTLOOK}{quote(LINK, safe='')}&data=05%7C02%7C&reserved=0": ID,
    f"{HERE}/m/LINK_1": None,
    HERE: None,
    f"{HERE}/attendance": None,
    # another server's
    ELSEWHERE: ELSEWHERE,
    f"<{ELSEWHERE}>,": ELSEWHERE,
    f"{ELSEWHERE}?utm=1": ELSEWHERE,
    "other.example.com/m/link-1": ELSEWHERE,
    "http://localhost:3000/m/LINK-1": "http://localhost:3000/m/LINK-1",
    "http://[::1]:3000/m/LINK-1": "http://[::1]:3000/m/LINK-1",
    "https://meet.example.org:8443/m/LINK-1": "https://meet.example.org:8443/m/LINK-1",
    f"{OUTLOOK}{quote(ELSEWHERE, safe='')}&data=05": ELSEWHERE,
    "Join Zoom: https://zoom.us/j/123456789?pwd=abc.": "https://zoom.us/j/123456789?pwd=abc",
    "https://meet.google.com/abc-defg-hij": "https://meet.google.com/abc-defg-hij",
    # what is too long for an invitation is not looked through to its end
    f"{'words ' * 1000}{LINK}": ID,
    f"{'a' * 10_000}@/m/LINK-1": None,
    # IDs
    "LINK-1": ID,
    " link-1 ": ID,
    "LINK-1.": ID,
    "<LINK-1>": ID,
    "“LINK-1”,": ID,
    "LINK-1\u200b": ID,
    "ＬＩＮＫ－１": ID,
    "LINK\u20111": ID,
    "LINK–1": ID,
    "123 456 789": "123456789",
    "123\u00a0456\u202f789": "123456789",
    "K7P 2MX 9QD": "K7P2MX9QD",
    "k7p abc 9qd": "K7PABC9QD",
    "Meeting ID: 123 456 789": "123456789",
    "Meeting ID: K7P-2MX-9QD": "K7P-2MX-9QD",
    "Join ABC123 please": "ABC123",
    "the meeting is ABC-123.": "ABC-123",
    "weekly stand-up": "WEEKLYSTAND-UP",
    "": None,
    "AB": None,
    "LINK_1": None,
    "Büro": None,
    "100%": None,
    "...": None,
}


ALOUD = {
    "K7P-2MX-9QD": "K7P-2MX-9QD",
    "K7P2MX9QD": "K7P-2MX-9QD",
    "ABC123": "ABC 123",
    "ABC1234": "ABC 1234",
    "1234567890": "123 456 7890",
    "WEEKLY": "WEEKLY",
    "WEEKLY-42": "WEEKLY-42",
}
"""IDs as they are shown to whoever tells them by telephone."""


@pytest.mark.one_browser
async def test_what_is_meant(newcomer: Newcomer) -> None:
    """Also in browsers that cannot tell whether something is an address but by trying (docs/browsers.md)."""
    ada = await newcomer("Ada")
    await ada.page.add_init_script("delete URL.canParse")
    await ada.page.goto(ada.url)
    found = await ada.page.evaluate(
        """async ([texts, origin]) => {
          const { readMeeting } = await import("/static/js/ui/links.js");
          return texts.map((text) => {
            const meant = readMeeting(text, origin);
            return meant && (meant.meeting ?? meant.elsewhere.href);
          });
        }""",
        [list(MEANT), HERE],
    )
    assert dict(zip(MEANT, found, strict=True)) == MEANT
    spoken = await ada.page.evaluate(
        """async ([texts, origin]) => {
          const { readAloud, readMeeting } = await import("/static/js/ui/links.js");
          return texts.map((text) => [text, readAloud(text), readMeeting(readAloud(text), origin)?.meeting]);
        }""",
        [list(ALOUD), HERE],
    )
    assert {text: said for text, said, _ in spoken} == ALOUD
    for text, said, meant in spoken:
        assert meant.replace("-", "") == text.replace("-", ""), said
    await an_invite_link_says(ada)


INVITES = {
    f"{LINK}#invite=aB-3_d": "aB-3_d",
    f"Join: <{LINK}#invite=aB-3_d>, please": "aB-3_d",
    f"{LINK}?utm_source=mail#invite=aB-3_d.": "aB-3_d",
    f"{OUTLOOK}{quote(f'{LINK}#invite=aB-3_d', safe='')}&data=05": "aB-3_d",
    LINK: None,
    f"{LINK}#top": None,
    f"{LINK} #invite=aB-3_d": None,
    f"{ELSEWHERE}#invite=aB-3_d": None,
}


async def an_invite_link_says(ada: Person) -> None:
    found = await ada.page.evaluate(
        """async ([texts, origin]) => {
          const { readMeeting } = await import("/static/js/ui/links.js");
          return texts.map((text) => readMeeting(text, origin).invite ?? null);
        }""",
        [list(INVITES), HERE],
    )
    assert dict(zip(INVITES, found, strict=True)) == INVITES


@pytest.mark.one_browser
async def test_address_that_came_out_of_a_mail(newcomer: Newcomer, meeting: str) -> None:
    """What else comes with one is in MEANT: here is what the server takes to be a meeting's, too."""
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    for page in "", "/attendance":
        for tail in (".", "%20", "%E2%80%8B?utm=1#x"):
            before, mark, after = tail.partition("?")
            await ada.page.goto(f"{ada.url}/m/{meeting}{before}{page}{mark}{after}")
            if page:
                await ada.at("attendance")
                await expect(ada.page.get_by_text(meeting).first).to_be_visible()
            else:
                await ada.at("prejoin")
                await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}")
        for broken in ("100%", "%E0%A4%A", "LINK_1"):
            await ada.page.goto(f"{ada.url}/m/{broken}{page}")
            await expect(ada.heading).to_have_text("This link is not complete")


@pytest.mark.one_browser
async def test_link_with_words_around_it_leads_into_the_meeting(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    """One of another server is said to be one."""
    ada = await newcomer("Ada", calls=False)
    async with playing(server) as play:
        await play.joined(meeting, "Bob", create=True)
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Meeting ID").last.fill(f"Join: <{ada.url}/m/{meeting}\u200b>, please.")
    await ada.press("Join")
    await ada.at("prejoin")
    await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}")
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Meeting ID").last.fill("Join: https://other.example.com/m/ABC123.")
    await ada.press("Join")
    said = ada.page.get_by_role("alert").filter(has_text="This link leads to another server.")
    way = said.get_by_role("link", name="Go to other.example.com")
    await expect(way).to_have_attribute("href", "https://other.example.com/m/ABC123")
    await ada.page.get_by_label("Meeting ID").last.fill("LINK_1")
    await ada.press("Join")
    await expect(ada.page.get_by_role("alert").filter(has_text="A meeting ID has")).to_be_visible()


@pytest.mark.one_browser
async def test_addresses_as_people_write_them(newcomer: Newcomer, server: ServerProcess) -> None:
    """A generated ID without its dashes, and a report's address at the end of a sentence."""
    meeting = ""
    async with playing(server) as play:
        token = await play.identity()
        # One in fifteen has no digit: with spaces it is words behind a link, which nobody can tell from others.
        while not any(each.isdigit() for each in meeting):
            created = await play.http.post("/api/meetings", headers=bearer(token), json={})
            meeting = created.json()["id"]
    assert meeting.count("-") == 2
    ada = await newcomer("Ada", calls=False)
    for written in (meeting.replace("-", ""), meeting.replace("-", "%20")):
        await ada.page.goto(f"{ada.url}/m/{written}#invite=aB-3_d")
        await ada.at("prejoin")
        await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}")
    await ada.page.goto(f"{ada.url}/M/{meeting}")
    await ada.at("prejoin")
    for tail in (".", ")", "%22."):
        await ada.page.goto(f"{ada.url}/m/{meeting}/attendance{tail}")
        await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}/attendance")
