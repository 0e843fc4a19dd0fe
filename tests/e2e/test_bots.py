"""Programs among people: they are marked, and nobody is recorded without being told."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.process import ServerProcess
from tests.server.client import Client

pytestmark = pytest.mark.one_browser


def recording(person: Person) -> Locator:
    """What the meeting's header says of it."""
    return person.page.get_by_role("banner").get_by_text("Recording", exact=True)


def listed(person: Person, name: str) -> Locator:
    return person.page.get_by_label("People in this meeting").get_by_role("listitem").filter(has_text=name)


async def said(person: Person) -> list[str]:
    """What happened, without what their browser lacks, of which only some are told in time."""
    return [text for text in await person.toasts() if not text.startswith("This browser cannot")]


async def test_bots_are_marked_and_it_is_said_who_records(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    (a,) = await meet(meeting, ada)
    await ada.press("Participants")

    clock = await Client.open(server.ws_url)
    await clock.join(meeting, "Clock", kind="bot")
    await ada.told("Clock joined")
    for place in (ada.tile(clock.id), listed(ada, "Clock")):
        await expect(place.get_by_text("Bot", exact=True)).to_be_visible()
        await expect(place.get_by_text("Recording")).to_be_hidden()
    await expect(ada.own.get_by_text("Bot")).to_be_hidden()
    await expect(recording(ada)).to_be_hidden()

    archive = await Client.open(server.ws_url)
    await archive.join(meeting, "Archive", kind="recorder")
    await ada.told("Archive is recording this meeting")
    await expect(recording(ada)).to_be_visible()
    for place in (ada.tile(archive.id), listed(ada, "Archive")):
        await expect(place.get_by_text("Recording", exact=True)).to_be_visible()

    # It records on while it reconnects.
    archive.drop()
    await ada.sees(archive.id, state="reconnecting")
    await expect(recording(ada)).to_be_visible()
    back = await Client.open(server.ws_url)
    await back.resume(archive)
    await ada.sees(archive.id, state="connected")

    # Who comes later is told as well.
    await bob.come(meeting)
    await bob.told("Archive is recording this meeting")
    await expect(recording(bob)).to_be_visible()

    await back.leave()
    for person in (ada, bob):
        await person.told("Archive has stopped recording")
        await expect(recording(person)).to_be_hidden()
        await expect(person.tile(clock.id)).to_be_visible()
    await clock.leave()
    await bob.told("Clock left")
    assert await said(ada) == [
        "Clock joined",
        "Archive is recording this meeting",
        "Bob joined",
        "Archive has stopped recording",
        "Clock left",
    ]
    assert await said(bob) == [
        "Archive is recording this meeting",
        "Archive has stopped recording",
        "Clock left",
    ]
    await expect(bob.tile(a)).to_be_visible()
