"""The host looks at who is there, while people come and go."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.attendance_pages import away, names, row, see
from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import Person, meet
from tests.process import ServerProcess
from tests.server.client import playing


@pytest.mark.one_browser(also="firefox")
async def test_the_host_sees_who_is_there_and_who_was(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    async with playing(server) as play:
        bob = await play.joined(meeting, "Bob")
        again = await play.client()
        await again.resume(bob)

        host = await newcomer("Ada", tab_of=ada)
        await host.page.goto(ada.url)
        yours = host.page.get_by_role("region", name="Your meetings")
        await expect(yours.get_by_role("listitem").filter(has_text=meeting)).to_contain_text("2 in it now")
        await expect(host.page.get_by_role("region", name="Recent meetings")).to_be_hidden()
        await yours.get_by_role("link", name=f"Attendance of {meeting}").click()
        await expect(row(host, "Ada")).to_contain_text("Host")
        await expect(row(host, "Bob")).to_contain_text("to now, 1 reconnect")
        await expect(host.page.get_by_text("Live", exact=True)).to_be_visible()
        await host.page.evaluate("globalThis.still = true")
        await host.page.get_by_label("Find by name").fill("b")
        await expect(row(host, "Ada")).to_have_count(0)

        await again.leave()
        await play.joined(meeting, "Cleo")
        await expect(row(host, "Bob")).not_to_contain_text("now")
        await expect(row(host, "Cleo")).to_have_count(0)
        await host.page.bring_to_front()
        await expect(host.page.get_by_label("Find by name")).to_be_focused()
        await host.page.get_by_label("Find by name").fill("")
        await expect(row(host, "Cleo")).to_contain_text("to now")
        assert await names(host) == ["Ada", "Bob", "Cleo"]
        assert await host.page.evaluate("still"), "the page was loaded anew"

        people = {person["name"]: person for person in await ada.attendance(meeting)}
        assert [person["session_count"] for person in people.values()] == [1, 1, 1]
        assert people["Bob"]["reconnects"] == 1


@pytest.mark.one_browser
async def test_deleting_sends_everyone_away_and_leaves_nothing(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    async with looking_on(server, meeting) as bob:
        await deletes(ada)
        await bob.hears("meeting_ended")
    await ada.press("Home")
    await ada.at("lobby")
    await expect(ada.page.get_by_text(meeting)).to_have_count(0)
    await see(ada, meeting)
    await expect(ada.heading).to_have_text("There is no record of this meeting")


async def deletes(ada: Person) -> None:
    await ada.leave()
    await ada.at("left")
    await ada.press("See attendance")
    await expect(row(ada, "Bob")).to_be_visible()
    await ada.press("Delete this record")
    question = ada.page.get_by_role("dialog", name="Delete this record?")
    await expect(question).to_contain_text("the names and times of 2 people")
    await expect(question).to_contain_text("1 person is in it now")
    await expect(ada.button("Cancel")).to_be_focused()
    await ada.press("Cancel")
    await expect(row(ada, "Bob")).to_be_visible()
    await ada.press("Delete this record")
    await ada.press("Delete for good")
    await expect(ada.heading).to_have_text("The record is deleted")


@pytest.mark.one_browser
async def test_what_is_shown_stays_while_the_server_is_away(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    host = await newcomer("Ada", tab_of=ada)
    await host.page.clock.install()
    await see(host, meeting)
    await expect(row(host, "Ada")).to_be_visible()
    await away(host.context)
    await host.page.evaluate("dispatchEvent(new Event('online'))")
    trouble = host.page.get_by_role("status").filter(has_text="Cannot refresh at the moment; trying again.")
    await expect(trouble).to_be_visible()
    await expect(row(host, "Ada")).to_contain_text("now")
    await host.context.unroute_all()
    await host.page.clock.run_for(5_000)
    await expect(trouble).to_have_count(0)
    host.forgive_lost_sockets()
