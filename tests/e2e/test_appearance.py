"""Guests, pictures and old pages, as others see them on the page."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Route, expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person
from tests.e2e.test_axe import is_fine
from tests.server.realtime.logins import Login, logging_in

pytestmark = pytest.mark.one_browser

PICTURES = "https://pictures.example.org"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OLD_PAGE = """
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (text) { send.call(this, text.replace(',"moderation"', "")); };
"""


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Login]:
    async with logging_in(tmp_path_factory.mktemp("looks"), PICTURE_ORIGINS=PICTURES) as app:
        yield app


async def enter(person: Person, meeting: str, token: str, *, first: bool = False) -> str:
    await person.page.goto(f"{person.url}/m/{meeting}#token={token}")
    if first:
        await person.press("Start it now")
    await person.at("prejoin")
    await person.button("Join now").click()
    return await person.seated()


async def test_guests_pictures_and_old_pages_on_the_page(
    newcomer: Newcomer, meeting: str, app: Login
) -> None:
    requested: list[dict[str, str]] = []

    async def answer(route: Route) -> None:
        requested.append(await route.request.all_headers())
        if route.request.url.endswith("/ann.png"):
            await route.fulfill(body=PIXEL, content_type="image/png")
        else:
            await route.fulfill(status=404)

    host = await newcomer("Host", url=app.server.url)
    await host.page.route(f"{PICTURES}/*", answer)
    await enter(host, meeting, app.token("host", name="Host", picture=f"{PICTURES}/none.png"), first=True)
    ann, ben = [await newcomer(name, url=app.server.url, calls=False) for name in ("Ann", "Ben")]
    await ann.page.route(f"{PICTURES}/*", answer)
    await ben.page.route(f"{PICTURES}/*", answer)
    await ben.before(OLD_PAGE)
    a = await enter(ann, meeting, app.token("ann", name="Ann", picture=f"{PICTURES}/ann.png"))
    b = await ben.come(meeting)
    panel = await in_charge.open_people(host)

    def entry(participant: str) -> Locator:
        return panel.locator(f'[data-participant-id="{participant}"]')

    # The picture, in tile and list; the host's does not come, so there are initials.
    for place in (host.tile(a), entry(a)):
        await expect(place.locator(".avatar img")).to_have_js_property("naturalWidth", 1)
    me = panel.get_by_role("listitem").filter(has_text="(you)")
    await expect(me.locator(".avatar img")).to_be_hidden()
    await expect(me.locator(".avatar")).to_have_text("H")
    assert not [headers for headers in requested if "referer" in headers]

    await expect(entry(b).get_by_text("Guest", exact=True)).to_be_visible()
    await expect(entry(a).get_by_text("Guest", exact=True)).to_be_hidden()
    await is_fine(host, "list with pictures and guests")

    menu = await in_charge.open_menu(host, "Ben")
    await expect(menu).to_have_accessible_description(re.compile("^Ben uses an old page"))
    await expect(menu.get_by_text("Ben uses an old page")).to_be_visible()
    await is_fine(host, "menu of an old page")
    await host.page.keyboard.press("Escape")
    menu = await in_charge.open_menu(host, "Ann")
    await expect(menu.get_by_text("uses an old page")).to_have_count(0)
    host.complaints = [text for text in host.complaints if "status of 404" not in text]
