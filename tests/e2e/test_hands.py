"""Raised hands are in the order in which they were raised, which everybody sees, and hears read out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Newcomer

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
