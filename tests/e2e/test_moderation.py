"""Those in charge, and what it is like for the others, on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import OVERFLOW, Person, meet
from tests.e2e.stage import box, inside
from tests.e2e.test_axe import is_fine
from tests.process import ServerProcess

pytestmark = pytest.mark.one_browser

PHONE = {"width": 390, "height": 844}

# As a server from before: it has no feature of that name.
OLD_SERVER = """
  const { parse } = JSON;
  JSON.parse = (...rest) => {
    const message = parse(...rest);
    if (message?.type === "joined") message.features = message.features.filter((name) => name !== "moderation");
    return message;
  };
"""


async def test_who_is_let_in_and_who_is_removed(newcomer: Newcomer, meeting: str) -> None:
    ada, bob, cat = [await newcomer(name, calls=False) for name in ("Ada", "Bob", "Cat")]
    await meet(meeting, ada, bob)
    await locked_means_locked_for_newcomers(ada, bob, cat, meeting)
    await newcomers_are_asked_for_the_password(ada, cat)
    other = await newcomer("Cat", tab_of=cat)
    await who_was_removed_may_come_back_as_was_chosen(ada, cat)
    await removed_means_removed_also_in_another_tab(ada, cat, other, meeting)


async def locked_means_locked_for_newcomers(ada: Person, bob: Person, cat: Person, meeting: str) -> None:
    panel = await in_charge.open_settings(ada)
    await panel.get_by_label("Lock the meeting").check()
    await bob.told("Ada locked the meeting")
    await cat.open(meeting)
    await cat.knock()
    await in_charge.notice(cat, "This meeting is locked")
    # Those who were in come back.
    await bob.page.reload()
    await bob.seated()
    await panel.get_by_label("Lock the meeting").uncheck()
    await bob.told("Ada unlocked the meeting")
    await cat.press("Try again")
    await cat.at("prejoin")
    await in_charge.close_settings(ada)


async def newcomers_are_asked_for_the_password(ada: Person, cat: Person) -> None:
    panel = await in_charge.open_settings(ada)
    await panel.get_by_label("Password for newcomers").fill("sesame")
    await panel.get_by_role("button", name="Set").click()
    await expect(panel.get_by_text("There is one.")).to_be_visible()
    # What else is offered now takes no room from the field.
    assert (await box(panel.get_by_label("Password for newcomers")))["width"] > 200
    await in_charge.close_settings(ada)
    # When it is to end goes by the server's clock, whatever the machine's says.
    soon = datetime.now(UTC) + timedelta(minutes=4)
    await ada.page.evaluate(
        "at => { Date.now = () => 0; return window.reconvene.meeting.moderate.settings({ ends_at: at }); }",
        soon.isoformat(),
    )
    await ada.told("The meeting is planned to end in 4 minutes, at ")

    await cat.page.reload()
    await expect(cat.page.get_by_text("Planned until ")).to_be_visible()
    await cat.knock()
    question = cat.page.get_by_role("dialog", name="This meeting has a password")
    await is_fine(cat, "password")
    await question.get_by_label("Password").fill("open")
    await question.get_by_role("button", name="Join").click()
    await expect(question.get_by_role("alert")).to_contain_text("That is not the password")
    await is_fine(cat, "wrong password")
    await question.get_by_role("button", name="Cancel").click()
    await cat.knock()
    await question.get_by_label("Password").fill("sesame")
    await cat.page.keyboard.press("Enter")
    await cat.seated()
    await ada.page.evaluate("reconvene.meeting.moderate.settings({ password: null })")


async def who_was_removed_may_come_back_as_was_chosen(ada: Person, cat: Person) -> None:
    await in_charge.remove(ada, "Cat", "If somebody lets them in")
    await in_charge.notice(cat, "You were removed")
    await cat.press("Try again")
    await cat.knock()
    await cat.at("waiting")
    await ada.press("Admit Cat")
    await cat.seated()
    await in_charge.remove(ada, "Cat", "Yes, whenever they like")
    await in_charge.notice(cat, "You were removed")
    await cat.press("Try again")
    await cat.join()


async def removed_means_removed_also_in_another_tab(
    ada: Person, cat: Person, other: Person, meeting: str
) -> None:
    await other.open(meeting)
    await other.at("prejoin")
    await in_charge.choose(ada, "Cat", "Remove…")
    dialog = ada.page.get_by_role("dialog", name="Remove Cat?")
    await is_fine(ada, "how to remove")
    await dialog.get_by_role("button", name="Cancel").click()
    await cat.at("meeting")
    await in_charge.remove(ada, "Cat", "No, not into this meeting")
    await in_charge.notice(cat, "You were removed")
    await other.knock()
    await in_charge.notice(other, "You were removed")
    await cat.press("Try again")
    await cat.knock()
    await in_charge.notice(cat, "You were removed")


async def test_muted_asked_and_not_allowed(newcomer: Newcomer, meeting: str) -> None:
    """One of them, and everyone: in words for both, and the button says so."""
    ada, bob = await newcomer("Ada", calls=False), await newcomer("Bob")
    _, b = await meet(meeting, ada, bob)
    await in_charge.choose(ada, "Bob", "Turn off microphone")
    await bob.told("Ada turned off your microphone")
    await ada.told("You turned off Bob’s microphone")
    await ada.sees(b, audio="off")
    # It stays off over a reload.
    await bob.page.reload()
    await bob.seated()
    await expect(bob.button("Turn on microphone")).to_be_visible()

    await in_charge.choose(ada, "Bob", "Ask to turn on microphone")
    await ada.told("Bob was asked to turn on the microphone")
    question = bob.page.get_by_role("dialog", name="Ada asks you to turn on your microphone")
    await expect(question).to_be_visible()
    await is_fine(bob, "asked to turn it on")
    await question.get_by_role("button", name="Turn on").click()
    await ada.sees(b, audio="on")

    await in_charge.choose(ada, "Bob", "Forbid camera")
    await bob.told("Ada turned off your camera")
    await bob.told("The host does not let you turn on your camera.")
    await ada.sees(b, video="off", audio="on")
    await bob.press("Camera: not allowed by the host")
    await ada.sees(b, video="off")
    await is_fine(bob, "not allowed")
    await in_charge.choose(ada, "Bob", "Allow camera")
    await bob.told("You may turn on your camera again")
    ada.heard.clear()
    await bob.press("Turn on camera")
    on = {"audio": True, "video": True, "screen": False}
    await ada.hears("participant_updated", participant={"id": b, "media": on})

    await in_charge.choose(ada, "Bob", "Forbid raising hands")
    await bob.told("The host does not let you raise your hand.")
    await ada.told("Bob may not raise a hand any more")
    await in_charge.choose(ada, "Bob", "Forbid chat")
    await bob.told("The host does not let you write.")
    await in_charge.choose(ada, "Bob", "Allow chat")
    await bob.told("You may write in the chat again")
    await in_charge.choose(ada, "Bob", "Allow raising hands")
    await bob.told("You may raise your hand again")

    # And everyone at once.
    panel = await in_charge.open_settings(ada)
    await is_fine(ada, "meeting settings")
    await panel.get_by_label("Turn on their microphone").uncheck()
    await bob.told("Only those in charge may turn on their microphone now")
    await ada.sees(b, audio="off")
    await panel.get_by_label("Turn on their microphone").check()
    await bob.told("Everyone may turn on their microphone again")
    await bob.press("Raise hand")
    await panel.get_by_role("button", name="Lower all hands").click()
    await bob.told("Ada lowered your hand")
    await bob.press("Turn on microphone")
    await ada.sees(b, audio="on")
    await panel.get_by_role("button", name="Mute everyone").click()
    await ada.sees(b, audio="off")


async def test_who_is_in_charge_and_the_host_who_leaves(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    await meet(meeting, ada, bob)
    await a_co_host_and_another_host(ada, bob)
    await the_host_who_leaves_is_asked(bob, ada)
    for person in (ada, bob):
        await person.press("Rejoin")
        await person.seated()
    await the_host_who_leaves_ends_it_for_all(ada, bob)


async def a_co_host_and_another_host(ada: Person, bob: Person) -> None:
    # Nobody does anything about those who are above them.
    menu = await in_charge.open_menu(bob, "Ada")
    await expect(menu.get_by_role("button")).to_have_text(["Pin for me"])
    await bob.press("Close list")
    await expect(bob.button("Host options")).to_be_hidden()
    await in_charge.choose(ada, "Bob", "Make co-host")
    await bob.told("You are a co-host now")
    await bob.press("Host options")
    await expect(bob.button("Meeting settings")).to_be_visible()
    await expect(bob.button("End meeting for all")).to_be_hidden()
    await bob.page.keyboard.press("Escape")
    # They stand below the list of people, too, where one looks for them.
    people = await in_charge.open_people(bob)
    await people.get_by_role("button", name="Meeting settings").click()
    await in_charge.close_settings(bob)
    await expect(people.get_by_role("button", name="Meeting settings")).to_be_focused()
    await people.get_by_role("button", name="Close list").click()

    await in_charge.choose(ada, "Bob", "Hand over the meeting…")
    await ada.press("Hand over")
    await bob.told("You are the host now")
    await ada.told("Bob is the host now")
    await ada.told("You are a co-host now")
    await bob.press("Host options")
    await expect(bob.button("End meeting for all")).to_be_visible()
    await bob.page.keyboard.press("Escape")


async def the_host_who_leaves_is_asked(host: Person, next_one: Person) -> None:
    """Unless nobody else is there. Others just leave."""
    await host.press("Leave")
    question = host.page.get_by_role("dialog", name="You are the host. Leave?")
    await is_fine(host, "how to leave")
    await question.get_by_role("button", name="Cancel").click()
    await host.at("meeting")
    await host.press("Leave")
    await question.get_by_label("Or make somebody else the host").select_option(next_one.name)
    await question.get_by_role("button", name="Hand over and leave").click()
    await host.at("left")
    await next_one.told("You are the host now")
    await host.press("Rejoin")
    await host.seated()
    await host.press("Leave")
    await host.at("left")
    await next_one.press("Leave")
    await next_one.at("left")


async def the_host_who_leaves_ends_it_for_all(host: Person, guest: Person) -> None:
    await host.press("Leave")
    await host.press("End for all")
    await in_charge.notice(host, "You ended the meeting")
    await in_charge.notice(guest, "This meeting has ended")


async def test_the_menu_by_keyboard(newcomer: Newcomer, server: ServerProcess, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    async with looking_on(server, meeting, media={"audio": True, "video": True}):
        panel = await in_charge.open_people(ada)
        more = panel.get_by_role("button", name="More about Bob")
        await more.focus()
        await ada.page.keyboard.press("Enter")
        menu = panel.get_by_role("group", name="More about Bob")
        await expect(menu.get_by_role("button", name="Turn off microphone")).to_be_focused()
        await is_fine(ada, "menu of a person")
        await ada.page.keyboard.press("ArrowDown")
        await expect(menu.get_by_role("button", name="Turn off camera")).to_be_focused()
        await ada.page.keyboard.press("ArrowUp")
        await ada.page.keyboard.press("ArrowUp")
        await expect(ada.button("Remove…")).to_be_focused()
        await ada.page.keyboard.press("Escape")
        await expect(more).to_be_focused()
        await expect(panel).to_be_visible()


async def test_on_a_phone_nothing_is_beside_the_window(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", viewport=PHONE, calls=False)
    eve = await newcomer("Eve Maximiliana van der Westhuizen-Featherstonehaugh", viewport=PHONE, calls=False)
    await meet(meeting, ada)
    async with looking_on(server, meeting):
        await in_charge.everyone_knocks(ada)
        await in_charge.waits(eve, meeting)
        assert await eve.page.evaluate(OVERFLOW) == 0
        await expect(ada.page.get_by_role("region", name="At the door")).to_be_visible()
        assert await ada.page.evaluate(OVERFLOW) == 0
        menu = await in_charge.open_menu(ada, "Bob")
        seen = await menu.bounding_box()
        assert seen is not None
        assert inside(seen, {"x": 0, "y": 0, **PHONE})
        assert await ada.page.evaluate(OVERFLOW) == 0


async def test_what_the_server_cannot_do_is_not_shown(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.before(OLD_SERVER)
    await meet(meeting, ada)
    async with looking_on(server, meeting):
        menu = await in_charge.open_menu(ada, "Bob")
        await expect(menu.get_by_role("button")).to_have_text(["Pin for me"])
        await ada.page.keyboard.press("Escape")
        await ada.press("Host options")
        await expect(ada.button("End meeting for all")).to_be_visible()
        await expect(ada.button("Meeting settings")).to_be_hidden()
        await ada.page.keyboard.press("Escape")
        await ada.press("Leave")
        await ada.at("left")
