"""The own picture: small and out of the way in a call of two, moved, hidden and shown again."""

from __future__ import annotations

import pytest
from playwright.async_api import FloatRect, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.stage import LAID_OUT, box, inside, overlap
from tests.process import ServerProcess
from tests.server.client import playing


@pytest.mark.one_browser
async def test_in_a_call_of_two_the_own_picture_is_small_and_can_be_moved(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    async with playing(server) as play:
        b = (await play.joined(meeting, "Bob")).id
        await expect(ada.others).to_have_count(1)
        stage = await box(ada.page.locator('[data-part="tiles"]'))
        await ada.sees(a, floating="", picture="")
        other = await box(ada.tile(b))
        handle = ada.button("Move your picture")
        await expect(handle).to_have_accessible_description(
            "Arrow keys move it to another corner. It can also be dragged."
        )
        name = ada.tile(b).locator('[data-part="plate"]')
        await ada.page.bring_to_front()
        await handle.focus()
        corners = []
        for key in ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"):
            await ada.page.keyboard.press(key)
            own = await settled(ada, a)
            assert inside(own, stage)
            assert own["width"] * own["height"] < other["width"] * other["height"] / 8
            assert not overlap(own, await box(name))
            corners.append((own["x"] < stage["width"] / 2, own["y"] < stage["y"] + stage["height"] / 2))
            await expect(handle).to_be_focused()
        assert corners == [(False, True), (True, True), (True, False), (False, False)]
        await expect(ada.page.get_by_role("status").filter(has_text="bottom right")).to_have_count(1)

        await ada.page.mouse.move(own["x"] + own["width"] / 2, own["y"] + own["height"] / 2)
        await ada.page.mouse.down()
        await ada.page.mouse.move(stage["x"] + 60, stage["y"] + 60, steps=4)
        await ada.page.mouse.up()
        dragged = await settled(ada, a)
        assert dragged["x"] < stage["width"] / 2
        assert dragged["y"] < stage["y"] + stage["height"] / 2
        await ada.page.reload()
        await ada.seated()
        await ada.sees(a, floating="", picture="")
        again = await settled(ada, a)
        assert (again["x"], again["y"]) == (dragged["x"], dragged["y"])


async def settled(person: Person, who: str) -> FloatRect:
    """Where a tile is once it has arrived there."""
    await person.tile(who).evaluate(
        "tile => Promise.allSettled(tile.getAnimations().map((each) => each.finished))"
    )
    return await box(person.tile(who))


@pytest.mark.one_browser
async def test_of_three_people_the_own_picture_is_a_tile_again_and_of_two_it_can_be_hidden_and_shown(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    a = await ada.join()
    async with playing(server) as play:
        bob = await play.joined(meeting, "Bob")
        await ada.sees(a, floating="")
        third = await play.joined(meeting, "Cleo")
        await expect(ada.own).not_to_have_attribute("data-floating", "")
        laid = await ada.page.evaluate(LAID_OUT, 3)
        assert len({(tile["width"], tile["height"]) for tile in laid["tiles"]}) == 1
        await expect(ada.page.get_by_role("button", name="Move your picture")).to_have_count(0)
        await third.leave()
        await ada.sees(a, floating="")

        await expect(ada.others).to_have_count(1)
        show = ada.button("Show your picture")
        await expect(show).to_be_hidden()
        await ada.page.bring_to_front()
        await ada.button("Hide your picture").focus()
        await ada.page.keyboard.press("Enter")
        await expect(ada.own).to_have_count(0)
        await expect(show).to_be_focused()
        await ada.page.reload()
        await ada.at("meeting")
        await expect(ada.others).to_have_count(1)
        await expect(ada.own).to_have_count(0)
        await ada.page.keyboard.press("Tab")
        await show.focus()
        await ada.page.keyboard.press("Enter")
        await expect(ada.own).to_have_count(1)
        await expect(ada.button("Hide your picture")).to_be_focused()
        await expect(show).to_be_hidden()
        # Whoever is alone has nobody else to look at.
        await ada.page.keyboard.press("Enter")
        await expect(ada.own).to_have_count(0)
        await bob.leave()
        await expect(ada.own).to_have_count(1)
