"""Raised hands are in the order in which they were raised, which everybody sees, and hears read out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet

ORDER = """async (participants) => {
  const { hands } = await import("/static/sdk/roster.js");
  return hands(participants).map(({ id }) => id).join("");
}"""


def at(second: int) -> str:
    return f"2026-11-29T10:00:{second:02}.000Z"


def raised(name: str, hand_at: str | None, joined_at: str = at(0)) -> dict[str, Any]:
    return {"id": name, "hand": True, "hand_at": hand_at, "joined_at": joined_at}


LISTS: list[tuple[list[dict[str, Any]], str]] = [
    ([], ""),
    ([raised("a", at(9)), {"id": "b", "hand": False, "joined_at": at(0)}, raised("c", at(8))], "ca"),
    # Of the same moment: who came first.
    ([raised("a", at(9), at(3)), raised("b", at(9), at(2)), raised("c", at(8), at(4))], "cba"),
    ([raised("b", at(9), at(2)), raised("a", at(9), at(2))], "ab"),
    # The server does not tell when.
    ([raised("a", None, at(3)), raised("b", None, at(2))], "ba"),
]


@pytest.mark.one_browser
async def test_the_order_of_hands(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    assert [await ada.page.evaluate(ORDER, people) for people, _ in LISTS] == [order for _, order in LISTS]


@pytest.mark.one_browser
async def test_hands_come_first_in_the_list_with_their_numbers(newcomer: Newcomer, meeting: str) -> None:
    """In the same order for everyone, also after a reload; whoever has the focus keeps it."""
    ada, bob, cat = [await newcomer(name, calls=False) for name in ("Ada", "Bob", "Cat")]
    _, b, c = await meet(meeting, ada, bob, cat)
    panel = await in_charge.open_people(ada)
    names = panel.locator("[data-part=list] [data-part=name]")
    await expect(names).to_have_text(["Ada (you)", "Bob", "Cat"])
    more = panel.get_by_role("button", name="More about Cat")
    await more.focus()
    await cat.press("Raise hand")
    await expect(names).to_have_text(["Cat", "Ada (you)", "Bob"])
    await expect(more).to_be_focused()
    await bob.press("Raise hand")
    await expect(names).to_have_text(["Cat", "Bob", "Ada (you)"])
    hand = panel.get_by_role("img", name="Hand raised")
    await expect(hand).to_have_count(2)
    for number, participant in ((1, c), (2, b)):
        mark = panel.locator(f'[data-participant-id="{participant}"]').get_by_role("img", name="Hand raised")
        await expect(mark).to_have_accessible_name(f"Hand raised, number {number}")
        await expect(mark).to_have_text(str(number))
    await bob.page.reload()
    await bob.seated()
    theirs = (await in_charge.open_people(bob)).locator("[data-part=list] [data-part=name]")
    await expect(theirs).to_have_text(["Cat", "Bob (you)", "Ada"])
    await cat.press("Lower hand")
    await expect(names).to_have_text(["Bob", "Ada (you)", "Cat"])
    await expect(hand).to_have_accessible_name("Hand raised, number 1")
