"""Invite links on the page, and who was removed: by those in charge, and by who comes."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.test_axe import is_fine
from tests.process import ServerProcess
from tests.server.client import playing


async def open_invites(person: Person) -> Locator:
    panel = await in_charge.open_settings(person)
    await panel.get_by_text("Invite links").click()
    return panel


async def made(panel: Locator, **choices: str) -> str:
    """A new link of these choices, by their labels."""
    await panel.page.bring_to_front()
    for label, choice in choices.items():
        field = panel.get_by_role("combobox", name=label.replace("_", " "), exact=True)
        await field.select_option(choice)
    field = panel.get_by_label("The new link")
    before = await field.input_value()
    await panel.get_by_role("button", name="Make a link").click()
    await expect(field).to_be_focused()
    await expect(field).not_to_have_value(before)
    return await field.input_value()


async def invites_said(person: Person) -> list[str | None]:
    return [said.get("invite") for said in person.said if said["type"] == "join"]


@pytest.mark.one_browser
async def test_who_comes_by_an_invite_link(newcomer: Newcomer, meeting: str) -> None:
    """Past password and lobby, with the link's role, also after a reload. The link is in no request and no address."""
    ada, bob, cat = [await newcomer(name, calls=False) for name in ("Ada", "Bob", "Cat")]
    requested: list[str] = []
    bob.page.on("request", lambda request: requested.append(request.url))
    await meet(meeting, ada)
    await in_charge.everyone_knocks(ada)
    panel = await open_invites(ada)
    await expect(panel.get_by_text("There is none yet.")).to_be_visible()
    link = await made(panel, For="Co-hosts", Uses="One person", Good_for="A day")
    start, _, secret = link.partition("#invite=")
    assert start == f"{ada.url}/m/{meeting}"
    listed = panel.get_by_role("list", name="Links there are").get_by_role("listitem")
    await expect(listed).to_contain_text(["For co-hosts0 of 1 used, until"])
    await is_fine(ada, "invite links")

    await bob.page.goto(link)
    await bob.at("prejoin")
    await expect(bob.page).to_have_url(start)
    await bob.page.reload()
    await bob.join()
    assert await invites_said(bob) == [secret]
    await bob.press("Host options")
    await expect(bob.button("Meeting settings")).to_be_visible()
    assert not [url for url in requested if secret in url]
    await bob.page.keyboard.press("Escape")

    # It has been used by one, as it may. What is pasted counts like what is opened.
    await cat.page.goto(cat.url)
    await cat.page.get_by_label("Meeting ID").last.fill(f"Join: <{link}>, please.")
    await cat.press("Join")
    await cat.knock()
    await cat.at("waiting")
    assert await invites_said(cat) == [secret]
    # Another link, opened by who waits, lets them in.
    another = await made(panel, For="Participants", Uses="Any number", Good_for="No limit")
    await expect(listed.first).to_contain_text("For participants0 used, no end")
    await cat.page.evaluate("link => { location.href = link; }", another)
    await cat.join()
    assert await invites_said(cat) == [secret, another.partition("#invite=")[2]]

    # A co-host sees all of them, and revokes no other co-host's.
    panel = await open_invites(bob)
    await expect(panel.get_by_role("combobox", name="For", exact=True)).to_be_hidden()
    revoke = panel.get_by_role("button", name="Revoke: For participants, 1 used, no end")
    await expect(panel.get_by_role("button", name="Revoke")).to_have_count(1)
    await revoke.click()
    await expect(panel.get_by_text("The link is void now.")).to_be_visible()
    await expect(revoke).to_have_count(0)


@pytest.mark.one_browser
async def test_the_host_is_host_again_in_another_browser(newcomer: Newcomer, meeting: str) -> None:
    """By a link that is offered to whoever starts a meeting, and in its settings."""
    ada, again = [await newcomer(name, calls=False) for name in ("Ada", "Ada, later")]
    await meet(meeting, ada)
    await expect(ada.page.get_by_text("You are the host, in this browser.")).to_be_visible()
    await ada.press("Host link…")
    dialog = ada.page.get_by_role("dialog", name="Host link")
    await dialog.get_by_role("button", name="Make the link").click()
    field = dialog.get_by_label("Keep this link")
    await expect(field).to_be_focused()
    link = await field.input_value()
    await is_fine(ada, "host link")
    await dialog.get_by_role("button", name="Done").click()
    panel = await open_invites(ada)
    await expect(panel.get_by_role("listitem")).to_contain_text(["Host link0 of 1 used, no end"])
    await panel.get_by_label("Lock the meeting").check()

    await again.page.goto(link)
    await again.join()
    await ada.told("You are a co-host now")
    await ada.told("Ada, later joined")
    await again.press("Host options")
    await expect(again.button("End meeting for all")).to_be_visible()
    # The link is not the co-host's.
    await expect(panel.get_by_role("button", name="Host link…")).to_be_hidden()


@pytest.mark.one_browser
async def test_what_holds_without_those_in_charge(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    """Who may come before them, whom the password lets past them, and what becomes of the meeting after them."""
    ada, cat = [await newcomer(name, calls=False) for name in ("Ada", "Cat")]
    await meet(meeting, ada)
    await who_was_removed_is_let_back_in_by_the_list(ada, server, meeting)
    panel = await in_charge.open_settings(ada)
    await panel.get_by_label("Password for newcomers").fill("sesame")
    await panel.get_by_role("button", name="Set").click()
    await ada.told("Newcomers need a password now")
    await panel.get_by_label("Who has to be let in").select_option("everyone")
    await panel.get_by_label("Whoever knows it need not be let in").check()
    await ada.told("Whoever knows the password need not be let in")
    await panel.get_by_label("When nobody is in charge for a while").select_option("It is locked")
    await ada.told("The meeting is locked when nobody is in charge for a while")
    await panel.get_by_label("Others wait until somebody in charge is here").check()
    await ada.told("Nobody new comes in while nobody in charge is here")
    settings = {"lobby": "everyone", "password": True, "password_skips_lobby": True, "without_host": "lock"}
    await ada.hears(
        "meeting_updated", meeting={"settings": settings | {"join_before_host": False}, "revision": 5}
    )
    await in_charge.close_settings(ada)
    await ada.page.reload()
    await ada.seated()
    panel = await in_charge.open_settings(ada)
    await expect(panel.get_by_label("Whoever knows it need not be let in")).to_be_checked()
    await expect(panel.get_by_label("When nobody is in charge for a while")).to_have_value("lock")
    await panel.get_by_label("Others wait until somebody in charge is here").uncheck()
    await ada.told("Newcomers may come in before anybody in charge")

    await cat.open(meeting)
    await cat.knock()
    question = cat.page.get_by_role("dialog", name="This meeting has a password")
    await question.get_by_label("Password").fill("sesame")
    await question.get_by_role("button", name="Join").click()
    await cat.seated()


async def who_was_removed_is_let_back_in_by_the_list(
    ada: Person, server: ServerProcess, meeting: str
) -> None:
    async with playing(server) as play:
        bob = await play.joined(meeting, "Bob")
        await lets_back_in(ada)
        again = await play.client()
        await again.join(meeting, "Bob", token=bob.token)
        await again.leave()
    await in_charge.close_settings(ada)


async def lets_back_in(ada: Person) -> None:
    await in_charge.remove(ada, "Bob", "No, not into this meeting")
    panel = await in_charge.open_settings(ada)
    await panel.get_by_text("Who was removed").click()
    entry = panel.get_by_role("list", name="Who was removed").get_by_role("listitem")
    await expect(entry).to_contain_text("Bobmay not come back, since")
    await is_fine(ada, "who was removed")
    await panel.get_by_role("button", name="Let back in: Bob").click()
    await expect(panel.get_by_text("Bob may come back.")).to_be_visible()
    await expect(panel.get_by_text("Nobody.")).to_be_visible()
