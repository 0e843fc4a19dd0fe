"""What somebody in charge of a meeting does on the page."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from tests.e2e.person import Person


async def open_settings(person: Person) -> Locator:
    await person.press("Host options")
    await person.page.locator("#host-menu").get_by_role("button", name="Meeting settings").click()
    panel = person.page.get_by_role("dialog", name="Meeting settings")
    await expect(panel).to_be_visible()
    return panel


async def close_settings(person: Person) -> None:
    panel = person.page.get_by_role("dialog", name="Meeting settings")
    await panel.get_by_role("button", name="Done").click()
    await expect(panel).to_be_hidden()


async def everyone_knocks(person: Person) -> None:
    panel = await open_settings(person)
    await panel.get_by_label("Who has to be let in").select_option("everyone")
    await person.told("Newcomers have to be let in now")
    await close_settings(person)


async def open_people(person: Person) -> Locator:
    panel = people(person)
    if not await panel.is_visible():
        await person.press("Participants")
    await expect(panel).to_be_visible()
    return panel


def people(person: Person) -> Locator:
    return person.page.get_by_role("complementary", name="People in this meeting")


async def open_menu(person: Person, other: str) -> Locator:
    panel = await open_people(person)
    await panel.get_by_role("button", name=f"More about {other}").click()
    menu = panel.get_by_role("group", name=f"More about {other}")
    await expect(menu).to_be_visible()
    return menu


async def choose(person: Person, other: str, item: str) -> None:
    """Choose what to do about somebody."""
    menu = await open_menu(person, other)
    await menu.get_by_role("button", name=item, exact=True).click()


async def remove(person: Person, other: str, back: str) -> None:
    await choose(person, other, "Remove…")
    dialog = person.page.get_by_role("dialog", name=f"Remove {other}?")
    await dialog.get_by_label(back).check()
    await dialog.get_by_role("button", name="Remove", exact=True).click()
    await person.told(f"{other} was removed")


async def waits(person: Person, meeting: str) -> None:
    """Comes by the link, and has to wait."""
    await person.open(meeting)
    await person.knock()
    await person.at("waiting")


async def notice(person: Person, title: str) -> None:
    """What somebody who is not in the meeting is told."""
    await expect(person.heading).to_have_text(title)
