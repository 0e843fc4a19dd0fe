"""The chat and reactions in the page: one page, and others by their sockets, since what is written is text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.person import OVERFLOW, Person
from tests.e2e.test_axe import is_fine
from tests.process import ServerProcess
from tests.server.client import Client, Play, playing

_keys = count(1)


@pytest.fixture
async def play(server: ServerProcess) -> AsyncIterator[Play]:
    async with playing(server) as play:
        yield play


async def write(client: Client, text: str, **fields: Any) -> str:
    """Returns the message's id."""
    number = await client.send("chat", key=f"c_{next(_keys)}", text=text, **fields)
    event, _ = await client.until("chat_message")
    await client.until("ack", id=number)
    return str(event["message"]["id"])


async def told(client: Client, kind: str, **fields: Any) -> dict[str, Any]:
    """The message that the client is told about next of which this is so."""
    while True:
        event, _ = await client.until(kind)
        message: dict[str, Any] = event["message"]
        if message.items() >= fields.items():
            return message


def panel(person: Person) -> Locator:
    return person.page.get_by_role("complementary", name="Chat")


def texts(person: Person) -> Locator:
    return panel(person).locator(".message-text")


def field(person: Person) -> Locator:
    return panel(person).get_by_role("textbox", name="Message")


async def send(person: Person, text: str) -> None:
    await field(person).fill(text)
    await field(person).press("Enter")


WATCH = """() => {
  window.rewritten = 0;
  const list = document.querySelector("[data-part=chat-messages]");
  new MutationObserver((records) => (window.rewritten += records.length))
    .observe(list, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
"""Counts what is changed in the list of messages."""


@pytest.mark.one_browser(also="firefox")
async def test_people_write_reply_edit_and_delete(newcomer: Newcomer, play: Play, meeting: str) -> None:
    bob = await play.joined(meeting, "Bob", create=True)
    ada = await newcomer("Ada", calls=False)
    a = await ada.come(meeting)
    # Nothing of it is more than text, but http and https.
    evil = "<img src=x onerror=alert(1)> javascript:alert(2) https://example.org/a?b=(c)). \u202eolleh\u200b"
    await write(bob, evil)
    shown = "<img src=x onerror=alert(1)> javascript:alert(2) https://example.org/a?b=(c)). olleh"
    await ada.told(f"\u2068Bob\u2069: \u2068{shown[:79].rstrip()}…\u2069")
    button = ada.page.get_by_role("button", name="Chat, 1 unread")
    await button.focus()
    await button.press("Enter")
    await expect(field(ada)).to_be_focused()
    await expect(ada.page.get_by_role("button", name="Chat", exact=True)).to_have_attribute(
        "aria-expanded", "true"
    )
    await expect(texts(ada)).to_have_text([shown])
    links = texts(ada).locator("*")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "https://example.org/a?b=(c)")
    await expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")
    # One's own is sent by the keyboard, edited, and deleted for everyone.
    await field(ada).fill("One")
    await field(ada).press("Shift+Enter")
    await field(ada).press_sequentially("two")
    await field(ada).press("Enter")
    own = await told(bob, "chat_message", text="One\ntwo", **{"from": a})
    mine = panel(ada).locator(f'[data-message="{own["id"]}"]')
    await mine.get_by_role("button", name="Edit").click()
    await expect(field(ada)).to_have_value("One\ntwo")
    await send(ada, "Three")
    await told(bob, "chat_changed", text="Three")
    await expect(mine).to_contain_text("edited")
    await mine.get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await told(bob, "chat_changed", deleted_by=a)
    await expect(texts(ada)).to_have_text([shown, "Message deleted"])
    await expect(mine.get_by_role("button")).to_have_count(0)
    # To one, answered by one.
    secret = await write(bob, "Between us", to=a)
    item = panel(ada).locator(f'[data-message="{secret}"]')
    await expect(item).to_contain_text("to you")
    await item.get_by_role("button", name="Reply").click()
    await expect(panel(ada).locator("select")).to_have_value(bob.id)
    await send(ada, "Agreed")
    answer = await told(bob, "chat_message", text="Agreed")
    assert (answer["to"], answer["reply_to"]) == (bob.id, secret)
    await expect(panel(ada).locator(".message-quote:visible")).to_have_text(
        "\u2068Bob\u2069: \u2068Between us\u2069"
    )
    # Escape closes it, and the focus is where it was. What was read stays read after a reload, a draft a draft, and
    # an edit an edit.
    await panel(ada).locator("select").select_option(bob.id)
    await field(ada).fill("A draft")
    await field(ada).press("Escape")
    await expect(ada.page.get_by_role("button", name="Chat", exact=True)).to_be_focused()
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    await panel(ada).get_by_role("button", name="Edit").click()
    await field(ada).fill("Agreed!")
    await ada.page.reload()
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    await expect(texts(ada)).to_have_text([shown, "Message deleted", "Between us", "Agreed"])
    await expect(field(ada)).to_have_value("Agreed!")
    await expect(panel(ada).get_by_text("Editing your message")).to_be_visible()
    await field(ada).press("Escape")
    await expect(field(ada)).to_have_value("A draft")
    await expect(panel(ada).locator("select")).to_have_value(bob.id)
    # Whoever leaves leaves nothing of it behind.
    await ada.leave()
    await ada.at("left")
    assert await ada.page.evaluate("sessionStorage.getItem('reconvene.chat-draft')") is None


@pytest.mark.one_browser
async def test_an_answer_to_somebody_who_has_left_goes_to_nobody_else(
    newcomer: Newcomer, play: Play, meeting: str
) -> None:
    bob = await play.joined(meeting, "Bob", create=True)
    ada = await newcomer("Ada", calls=False)
    a = await ada.come(meeting)
    await write(bob, "a secret", to=a)
    await bob.leave()
    await ada.told("Bob left")
    await ada.page.get_by_role("button", name="Chat, 1 unread").click()
    to = panel(ada).get_by_role("combobox", name="To")
    await field(ada).fill("a draft")
    await panel(ada).get_by_role("listitem").get_by_role("button", name="Reply").click()
    await expect(to.locator("option:checked")).to_have_text("Bob (has left)")
    await expect(panel(ada).get_by_role("button", name="Send", exact=True)).to_be_disabled()
    await field(ada).press("Enter")
    await expect(texts(ada)).to_have_text(["a secret"])
    # Whoever does not answer after all writes to whom they were writing.
    await field(ada).press("Escape")
    await expect(to.locator("option:checked")).to_have_text("Everyone")
    await expect(field(ada)).to_have_value("a draft")


@pytest.mark.one_browser
async def test_what_the_host_allows_and_what_is_refused(newcomer: Newcomer, play: Play, meeting: str) -> None:
    bob = await play.joined(meeting, "Bob", create=True)
    cleo = await play.joined(meeting, "Cleo")
    ada = await newcomer("Ada", calls=False, viewport={"width": 320, "height": 640})
    # What somebody else has put there says nothing of what was read.
    await ada.before("localStorage.setItem('reconvene.chat-read', '{\"until\": 7}')")
    await ada.come(meeting)
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    to, sends = panel(ada).locator("select"), panel(ada).get_by_role("button", name="Send")
    await expect(to.locator("option")).to_have_text(
        ["Everyone", "Host and co-hosts", "Bob only", "Cleo only"]
    )
    assert await ada.page.evaluate(OVERFLOW) == 0
    # Characters are counted as the server counts them.
    await field(ada).fill("👏" * 1990)
    await expect(panel(ada).locator("#chat-count")).to_have_text("10 left")
    await field(ada).fill("x" * 100_000)
    await expect(panel(ada).locator("#chat-count")).to_have_text("98,000 too many")
    await expect(sends).to_be_disabled()
    # Whom it was for has left: it goes to nobody else.
    await field(ada).fill("For Cleo")
    await to.select_option(label="Cleo only")
    await cleo.leave()
    await expect(to.locator("option:checked")).to_have_text("Cleo (has left)")
    await expect(sends).to_be_disabled()
    await to.select_option(label="Everyone")
    # What is refused says why, and may be tried again.
    await field(ada).fill("To all")
    await bob.order("settings", settings={"chat": "hosts"})
    await expect(to.locator("option")).to_have_text(["Host and co-hosts", "Bob only"])
    await expect(to).to_have_value("hosts")
    await bob.order("settings", settings={"chat": "off"})
    await ada.told("The chat is off now")
    await bob.order("settings", settings={"chat_history": "joined", "chat_keep": "record"})
    await ada.told("Those who come later do not see what was written before")
    await ada.told("Chat messages are kept with the record of the meeting")
    await expect(panel(ada).get_by_text("The chat of this meeting is off.")).to_be_visible()
    # Whoever is typing types nothing, and no shortcuts.
    await expect(field(ada)).to_be_focused()
    await ada.page.keyboard.type("hello")
    await expect(field(ada)).to_have_value("To all")
    await is_fine(ada, "chat that is off, under somebody's hands")
    await panel(ada).get_by_role("heading", name="Chat").focus()
    await expect(field(ada)).to_be_hidden()
    await expect(ada.button("Raise hand")).to_be_visible()
    await is_fine(ada, "chat that is off")
    await bob.order("settings", settings={"chat": "all"})
    await to.select_option(label="Everyone")
    await send(ada, "\u200b\u2800")
    refused = panel(ada).locator(".outgoing[data-refused]")
    await expect(refused).to_contain_text("Not sent. A message needs something that can be seen.")
    await is_fine(ada, "chat with a message that was refused")
    await refused.get_by_role("button", name="Try again").click()
    await expect(refused).to_contain_text("Not sent.")
    # It is for everyone, and what is being written is not; nor is it answered to everyone.
    edit = refused.get_by_role("button", name="Edit")
    await to.select_option(label="Bob only")
    await edit.click()
    await expect(panel(ada).get_by_role("alert")).to_contain_text("not for those to whom you are writing")
    await expect(to).to_have_value(bob.id)
    await to.select_option(label="Everyone")
    await bob.order("settings", settings={"chat": "off"})
    await expect(refused.get_by_role("button")).to_have_text(["Discard"])
    await bob.order("settings", settings={"chat": "all"})
    await edit.click()
    await expect(refused).to_have_count(0)
    await expect(field(ada)).to_have_value("\u200b\u2800")
    # An edit that is refused is not lost.
    await send(ada, "Mine")
    own = await told(bob, "chat_message", text="Mine")
    mine = panel(ada).locator(f'[data-message="{own["id"]}"]')
    await mine.hover()
    await mine.get_by_role("button", name="Edit").click()
    await bob.send("chat_delete", message=own["id"])
    await expect(mine).to_contain_text("Message deleted")
    await send(ada, "Ours")
    await expect(panel(ada).get_by_text("That did not work")).to_be_visible()
    await expect(field(ada)).to_have_value("Ours")


@pytest.mark.one_browser
async def test_a_host_sets_the_chat_and_deletes_what_others_wrote(
    newcomer: Newcomer, play: Play, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.start(meeting)
    await ada.press("Join now")
    a = await ada.seated()
    bob = await play.joined(meeting, "Bob")
    settings = await in_charge.open_settings(ada)
    await settings.get_by_label("write in the chat").select_option("hosts")
    await bob.until("meeting_updated")
    await settings.get_by_label("sees what was written before").uncheck()
    changed, _ = await bob.until("meeting_updated")
    assert changed["meeting"]["settings"] == {"chat": "hosts", "chat_history": "joined"}
    await in_charge.close_settings(ada)
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    written = await write(bob, "Please let me speak", to="hosts")
    live = panel(ada).locator("[data-part=chat-said]")
    await expect(live).to_contain_text("Please let me speak")
    # Nothing is written anew because something else has changed.
    await ada.page.evaluate(WATCH)
    cleo = await play.joined(meeting, "Cleo")
    await ada.told("Cleo joined")
    assert await ada.page.evaluate("rewritten") == 0
    await cleo.leave()
    item = panel(ada).locator(f'[data-message="{written}"]')
    await expect(item).to_contain_text("to the host and co-hosts")
    await is_fine(ada, "chat")
    await item.get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    await told(bob, "chat_changed", deleted_by=a)
    await expect(texts(ada)).to_have_text(["Message deleted"])
    await expect(live).to_have_text("")
    # Reactions float over the tile, and are read out together.
    await ada.press("React")
    await expect(ada.page.get_by_role("group", name="Reactions").get_by_role("button")).to_have_count(6)
    await is_fine(ada, "reactions")
    await ada.page.get_by_role("button", name="applause").click()
    await bob.until("reaction", emoji="👏")
    for emoji in "👏", "🎉", "👏":
        await bob.send("react", emoji=emoji)
    tile = ada.page.locator(f'.tile[data-participant-id="{bob.id}"]')
    await expect(tile.locator(".reaction")).to_have_count(3)
    await expect(ada.page.locator("[data-part=reacted]")).to_have_text(
        "\u2068Bob\u2069: applause. \u2068Bob\u2069: party"
    )
    await expect(tile.locator(".reaction")).to_have_count(0)
    # All that somebody wrote, from one of their messages, and when they are removed.
    for number in range(2):
        written = await write(bob, f"Number {number}", to="hosts")
    item = panel(ada).locator(f'[data-message="{written}"]')
    await item.get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete all they wrote…").click()
    all_of_it = ada.page.get_by_role("dialog", name="Delete all that \u2068Bob\u2069 wrote?")
    await all_of_it.get_by_role("button", name="Delete all they wrote").click()
    await bob.until("chat_erased")
    await expect(texts(ada)).to_have_text(["Message deleted"] * 3)
    await write(bob, "Number 3", to="hosts")
    await in_charge.choose(ada, "Bob", "Remove…")
    dialog = ada.page.get_by_role("dialog", name="Remove Bob?")
    await dialog.get_by_label("Delete what they wrote in the chat").check()
    await dialog.get_by_role("button", name="Remove", exact=True).click()
    await ada.told("Bob was removed")
    await expect(ada.page.get_by_role("heading", name="Participants")).to_be_focused()
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    await expect(texts(ada)).to_have_text(["Message deleted"] * 4)
