"""Getting in without devices, without a mouse, and with a screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from server.http.pages import CATALOGUES, MAINS
from tests.e2e.browsers import BrowserName, Browsers, Devices, Engine
from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import OVERFLOW, Person, meet
from tests.e2e.test_axe import is_fine
from tests.process import ROOT, ServerProcess
from tests.source_files import scripts

STATIC = ROOT / "static"
MOST_TABS = 30


@pytest.mark.one_browser
@pytest.mark.parametrize(
    ("devices", "said"),
    [
        ("no-camera", r"^No (microphone or )?camera was found\. You can go on without"),
        ("refused", r"^Your browser may not use your microphone and camera\. You can go on without"),
    ],
    ids=["no-camera", "refused"],
)
async def test_without_devices_one_joins_and_sees_the_others(
    newcomer: Newcomer,
    browsers: Browsers,
    browser_name: BrowserName,
    engine: Engine,
    meeting: str,
    devices: Devices,
    said: str,
) -> None:
    # The shell has no permission to refuse.
    bare = await browsers.launch(browser_name if devices == "refused" else engine, devices)
    ada, bob = await newcomer("Ada"), await newcomer("Bob", using=bare)
    (a,) = await meet(meeting, ada)
    await bob.open(meeting)
    await expect(bob.page.get_by_role("status").filter(has_text=re.compile(said))).to_be_visible()
    await is_fine(bob, f"prejoin, {devices}")
    b = await bob.join()
    # Chromium's fake microphone stays when there is no fake camera.
    audio = "on" if (browser_name, devices) == ("chromium", "no-camera") else "off"
    await ada.sees(b, audio=audio, video="off", connection="connected")
    await ada.told("Bob")
    await bob.hears_and_watches(a)
    await bob.press("Turn on camera")
    await bob.told("You can go on without")
    await bare.close()


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called this."""
    focused = page.locator(":focus")
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await focused.count() and name in await focused.evaluate(
            "e => [e.ariaLabel, e.labels?.[0]?.textContent, e.textContent].filter(Boolean).join(' ')"
        ):
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


@pytest.mark.one_browser(also="firefox")
async def test_keyboard_alone_is_enough(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    keyboard = ada.page.keyboard
    await ada.page.goto(ada.url)
    await ada.at("lobby")
    await tab_to(ada.page, "Your name")
    await keyboard.type("Ada")
    await tab_to(ada.page, "New meeting")
    await keyboard.press("Enter")
    await ada.at("prejoin")
    await expect(ada.button("Join now")).to_be_focused()
    await keyboard.press("Enter")
    me = await ada.seated()
    await ada.sees(me, audio="on")
    await keyboard.press("m")
    await ada.sees(me, audio="off")
    await keyboard.press("?")
    sheet = ada.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_be_visible()
    await expect(ada.button("Close")).to_be_focused()
    await keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await keyboard.press("Shift+L")
    await ada.at("left")


async def assert_named(person: Person) -> None:
    """Whatever can be pressed or filled in has a name, and the view has one main heading."""
    # From the accessibility tree, as a screen reader gets it: a line of what has no name is `- button` alone.
    tree = await person.page.locator("body").aria_snapshot()
    nameless = re.findall(
        r"^ *- (?:button|link|textbox|combobox|checkbox)(?: \[[^\]]*\])*:?$", tree, re.MULTILINE
    )
    assert not nameless, tree
    await expect(person.heading).to_have_count(1)


@pytest.mark.one_browser
async def test_every_control_has_an_accessible_name(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    """And no view is wider than a phone."""
    ada = await newcomer("Ada", color_scheme="dark")
    await ada.page.goto(ada.url)
    await ada.at("lobby")
    await assert_named(ada)
    await fits_a_phone(ada)
    await ada.start(meeting)
    await ada.at("prejoin")
    await assert_named(ada)
    await fits_a_phone(ada)
    await ada.join()
    await fits_a_phone(ada)
    async with looking_on(server, meeting):
        await is_named_with_somebody(ada)


async def fits_a_phone(person: Person) -> None:
    wide = person.page.viewport_size
    assert wide is not None
    await person.page.set_viewport_size({"width": 360, "height": 640})
    assert await person.page.evaluate(OVERFLOW) == 0
    await person.page.set_viewport_size(wide)


async def is_named_with_somebody(ada: Person) -> None:
    await expect(ada.others).to_have_count(1)
    await ada.press("Participants")
    await expect(ada.page.get_by_role("complementary", name="People in this meeting")).to_be_visible()
    await assert_named(ada)
    await ada.leave()
    await ada.at("left")
    await assert_named(ada)
    await ada.page.goto(ada.url)
    await expect(ada.page.get_by_role("heading", name="Your meetings")).to_be_visible()
    await assert_named(ada)


def imported(module: str) -> set[str]:
    """The modules reached from this one, itself included, relative to static."""
    found: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        path = STATIC / name
        targets = re.findall(r'^(?:import|export)[^;]*?"(\.[^"]+)";', path.read_text(), re.MULTILINE)
        left += [str((path.parent / target).resolve().relative_to(STATIC)) for target in targets]
    return found


def test_every_module_belongs_to_a_page() -> None:
    every = {str(path.relative_to(STATIC)) for path in scripts()}
    # Of every page, and no modules: they come before those, and one tells when those fail.
    classic = {"js/ui/start-failure.js", "js/words/language.js"}
    assert every == classic.union(*map(imported, MAINS | CATALOGUES)), "a module nobody imports"
