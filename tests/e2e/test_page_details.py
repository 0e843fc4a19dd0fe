"""What the eye finds on a page: keys that do what one expects, nothing cut off, nothing in the way, nobody mistaken."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.stage import LAID_OUT, STAND_IN, box, overlap
from tests.process import ServerProcess
from tests.server.client import playing

pytestmark = pytest.mark.one_browser

# So that the page can do what follows from what it was told.
LET_RUN = "new Promise((done) => setTimeout(done))"


async def test_enter_in_the_name_field_starts_a_meeting_or_joins_the_one_whose_id_was_typed(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Your name").fill("Ada")
    await ada.page.keyboard.press("Enter")
    await ada.at("prejoin")

    async with playing(server) as play:
        await play.joined(meeting, "Bob", create=True)
        await ada.page.goto(ada.url)
        await ada.page.get_by_label("Meeting ID").fill(meeting)
        await ada.page.get_by_label("Your name").fill("Ada")
        await ada.page.keyboard.press("Enter")
        await ada.at("prejoin")
        await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}")

    # Pressed twice it starts one.
    asked: list[str] = []
    twice = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(route.request.url)
            await twice.wait()
        await route.continue_()

    await ada.page.route("**/api/meetings", hold)
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Your name").fill("Ada")
    async with ada.page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/api/meetings")
    ):
        await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Enter")
    twice.set()
    await ada.at("prejoin")
    assert len(asked) == 1


async def test_meeting_that_is_started_late_takes_nobody_out_of_another(
    newcomer: Newcomer, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    await ada.press("Leave")
    await ada.press("Home")
    gone = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await gone.wait()
        await route.continue_()

    await ada.page.route("**/api/meetings", hold)
    await ada.press("New meeting")
    await ada.page.get_by_role("link", name=meeting).first.click()
    await ada.join()
    async with ada.page.expect_response(lambda response: response.request.method == "POST") as started:
        gone.set()
    await (await started.value).finished()
    await ada.page.evaluate(LET_RUN)
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}")


async def test_that_one_is_back_is_said_for_a_moment(newcomer: Newcomer) -> None:
    """Also where the connection was away again meanwhile, too shortly to be said."""
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    await ada.page.clock.install()
    await ada.page.evaluate(
        """async () => {
          const { ConnectionBanner } = await import("/static/js/meeting/banner.js");
          const element = document.body.appendChild(document.createElement("p"));
          element.id = "banner";
          window.banner = new ConnectionBanner(element);
          banner.away("Reconnecting…");
        }"""
    )
    banner = ada.page.locator("#banner")
    await ada.page.clock.run_for(1_000)
    await expect(banner).to_have_text("Reconnecting…")
    await ada.page.evaluate("banner.back()")
    await expect(banner).to_have_text("You’re back")
    await ada.page.evaluate("banner.away('Reconnecting…'), banner.back()")
    await expect(banner).to_have_text("You’re back")
    await ada.page.clock.run_for(2_500)
    await expect(banner).to_be_hidden()


async def test_of_a_meeting_whose_link_is_long(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    long = f"{meeting}-THAT-HAS-A-LONG-NAME-SO-THAT-IT-DOES-NOT-FIT-A-LINE"
    ada = await newcomer("Ada")
    await meet(long, ada)
    await escape_closes_the_list_wherever_the_focus_is(ada)
    await the_invite_shows_all_of_the_link(ada, long)
    await nothing_to_press_is_cut_in_a_narrow_window(ada, server, long)


async def escape_closes_the_list_wherever_the_focus_is(ada: Person) -> None:
    people = ada.page.get_by_role("complementary", name="People in this meeting")
    await ada.press("Participants")
    await expect(people).to_be_visible()
    # From the list itself back to its button,
    await ada.page.keyboard.press("Escape")
    await expect(people).to_be_hidden()
    await expect(ada.button("Participants")).to_be_focused()
    # from elsewhere without a move of the focus,
    await ada.press("Participants")
    await ada.button("Raise hand").focus()
    await ada.page.keyboard.press("Escape")
    await expect(people).to_be_hidden()
    await expect(ada.button("Raise hand")).to_be_focused()
    # and what lies over the meeting is closed first.
    await ada.press("Participants")
    await ada.press("Devices")
    sheet = ada.page.get_by_role("dialog", name="Devices")
    await expect(sheet).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(people).to_be_visible()
    await ada.press("Host options")
    await expect(ada.button("End meeting for all")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.button("End meeting for all")).to_be_hidden()
    await expect(people).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(people).to_be_hidden()


async def the_invite_shows_all_of_the_link(ada: Person, long: str) -> None:
    link = ada.page.locator(".invite code")
    await expect(link).to_have_text(f"{ada.url.partition('//')[2]}/m/{long}")
    cut = (
        "e => [...e.children, e].some((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)"
    )
    inside = "e => e.getBoundingClientRect().right <= e.parentElement.getBoundingClientRect().right + 0.5"
    for width in (280, 390, 1280):
        await ada.page.set_viewport_size({"width": width, "height": 760})
        await ada.page.evaluate(LAID_OUT, 1)
        assert not await link.evaluate(cut), width
        assert await link.evaluate(inside), width
        alone, plate = ada.page.locator(".alone"), ada.own.locator('[data-part="plate"]')
        assert not overlap(await box(alone), await box(plate)), width


# What can be pressed, and is partly outside the window or under something else.
CUT = """() => [...document.querySelectorAll("button, a, input, select")].filter((each) => {
  const { left, right, top, bottom, width } = each.getBoundingClientRect();
  if (!width || getComputedStyle(each).pointerEvents === "none") return false;
  if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight) return true;
  const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return !(hit && (each.contains(hit) || hit.closest("label")?.contains(each)));
}).map((each) => each.ariaLabel || each.textContent)"""


async def nothing_to_press_is_cut_in_a_narrow_window(ada: Person, server: ServerProcess, long: str) -> None:
    widths = (280, 320, 360)
    for width in widths:
        await ada.page.set_viewport_size({"width": width, "height": 653})
        await ada.page.evaluate(LAID_OUT, 1)
        assert await ada.page.evaluate(CUT) == [], width
    async with playing(server) as play:
        await play.joined(long, "Bob")
        await ada.page.evaluate(LAID_OUT, 2)
        await ada.button("Hide your picture").focus()
        await ada.page.keyboard.press("Enter")
        for width in widths:
            await ada.page.set_viewport_size({"width": width, "height": 653})
            await ada.page.evaluate(LAID_OUT, 1)
            assert await ada.page.evaluate(CUT) == [], "with a button more in the top bar"
            await ada.press("Host options")
            await expect(ada.button("End meeting for all")).to_be_visible()
            menu = await box(ada.page.locator("#host-menu"))
            assert menu["x"] >= 0
            assert menu["x"] + menu["width"] <= width
            assert not overlap(menu, await box(ada.button("Host options")))
            await ada.press("End meeting for all")
            dialog = await box(ada.page.get_by_role("dialog"))
            assert dialog["x"] >= 0
            assert dialog["x"] + dialog["width"] <= width
            await ada.page.keyboard.press("Escape")
            await expect(ada.page.get_by_role("dialog")).to_be_hidden()


NOTICES = """async () => {
  const { Toasts } = await import("/static/js/ui/toasts.js");
  const toasts = new Toasts(document.getElementById("toasts"));
  const names = ["Ada", "Maximilian von und zu Hohenstein-Wittgenstein der Zweite", "Bob"];
  for (const name of names) toasts.show(`${name} joined`);
  const boxes = (selector) => [...document.querySelectorAll(selector)].map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect();
    return { x, y, width, height };
  }).filter(({ width }) => width);
  // They rise to their place.
  for (const animation of document.getAnimations()) animation.effect?.target?.matches(".toast") && animation.finish();
  return { toasts: boxes(".toast"), names: boxes(".plate"), controls: boxes(".controls > *") };
}"""


async def test_notices_cover_no_names(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    await ada.page.evaluate(STAND_IN)
    for width, height in ((1280, 800), (1100, 700), (1024, 768), (390, 844), (844, 390)):
        await ada.page.set_viewport_size({"width": width, "height": height})
        await ada.page.evaluate("document.getElementById('toasts').replaceChildren()")
        for count in (2, 6, 20):
            await ada.page.evaluate("count => crowds([count])", count)
            seen = await ada.page.evaluate(NOTICES)
            assert seen["toasts"]
            for toast in seen["toasts"]:
                assert toast["x"] >= 0
                assert toast["y"] + toast["height"] <= height
                assert not [box for box in seen["names"] + seen["controls"] if overlap(toast, box)], seen


# Where the button of the name stands, in each picture of the page.
WATCH_PLACES = """(name) => {
  globalThis.places = new Set();
  const look = () => {
    for (const button of document.querySelectorAll("button")) {
      if (button.textContent !== name) continue;
      const { x, y } = button.getBoundingClientRect();
      places.add(`${x} ${y + scrollY}`);
    }
    requestAnimationFrame(look);
  };
  look();
}"""


async def test_what_comes_by_itself_moves_nothing_that_is_being_pressed(
    newcomer: Newcomer, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    notice = ada.page.get_by_text("This browser cannot make calls")
    earlier = ada.page.get_by_role("heading", name="Your meetings")
    for path, button, late in ((f"/m/{meeting}", "Join now", notice), ("/", "New meeting", earlier)):
        await ada.before(f"if (location.pathname === {path!r}) ({WATCH_PLACES})({button!r});")
        for width, height in ((1280, 800), (390, 844), (844, 390)):
            await ada.page.set_viewport_size({"width": width, "height": height})
            await ada.page.evaluate("sessionStorage.clear()")
            await ada.page.goto(ada.url + path)
            await expect(late).to_be_visible()
            await ada.page.evaluate(
                "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            assert len(await ada.page.evaluate("[...places]")) == 1, (button, width)


# Whose tile or entry is written, even with what is there; "" is for the rest, but what goes on by itself.
WATCH_WRITING = """() => {
  globalThis.written = new Set();
  const look = new MutationObserver((changes) => {
    for (const { target, attributeName } of changes) {
      if (attributeName === "data-speaking" || target.dataset?.part === "clock") continue;
      written.add(target.closest(".tile, .person")?.dataset.participantId ?? "");
    }
  });
  const all = { subtree: true, attributes: true, childList: true };
  look.observe(document.querySelector(".meeting"), all);
}"""


async def test_people_in_one_meeting_differ_in_colour_and_change_alone(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    colours = """(where) => Object.fromEntries([...document.querySelectorAll(where)].map((each) =>
      [each.dataset.participantId, getComputedStyle(each.querySelector(".avatar")).backgroundColor]))"""
    async with playing(server) as play:
        guests = [await play.joined(meeting, f"Guest {guest}") for guest in range(11)]
        await ada.page.evaluate(LAID_OUT, 12)
        first = await ada.page.evaluate(colours, ".tile")
        assert len(set(first.values())) == 12
        await ada.press("Participants")
        assert await ada.page.evaluate(colours, ".person") == first
        late = await play.joined(meeting, "Guest 12")
        await ada.page.evaluate(LAID_OUT, 13)
        await late.leave()
        await ada.page.evaluate(LAID_OUT, 12)
        assert await ada.page.evaluate(colours, ".tile") == first, "who stays keeps their colour"
        await ada.page.evaluate(WATCH_WRITING)
        await guests[5].send("status", media={"audio": True})
        await ada.sees(guests[5].id, audio="on")
        await ada.page.evaluate(LET_RUN)
        assert await ada.page.evaluate("[...written]") == [guests[5].id], "only what has changed is written"
