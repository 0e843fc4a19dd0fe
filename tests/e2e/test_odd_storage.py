"""What the browser kept is not always what this page has written: it starts and joins all the same."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person

pytestmark = pytest.mark.one_browser

RECENT = '{"id": "ABC123", "title": "Kept", "at": 1}'


async def kept(person: Person, storage: str, key: str, value: str) -> None:
    await person.page.goto(person.url)
    await person.page.evaluate(
        "([storage, key, value]) => window[storage].setItem(key, value)", [storage, key, value]
    )


ODD = ["null", "7", "{}", '{"id": 7, "title": "x", "at": 1}', '{"id": "ABC", "title": "x", "at": "now"}']


async def test_recent_meetings(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await kept(ada, "localStorage", "reconvene.recents", f"[{', '.join(ODD)}, {RECENT}]")
    await ada.page.reload()
    await expect(ada.page.get_by_role("link", name="Kept")).to_be_visible()
    await ada.start(meeting)
    await ada.join()


async def test_tab_session(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.start(meeting)
    await ada.at("prejoin")
    for session in ("7", "null", "{}", '"none"'):
        seat = f'{{"seat": {{"meeting": "{meeting}", "session": {session}}}}}'
        await kept(ada, "sessionStorage", "reconvene.seat", seat)
        await ada.come(meeting)


async def test_token_that_no_header_can_carry(newcomer: Newcomer, meeting: str) -> None:
    """The server is not to blame, and can be reached."""
    ada = await newcomer("Ada", calls=False)
    await kept(ada, "localStorage", "reconvene.token", "\u2026")
    await ada.start(meeting)
    question = ada.page.get_by_role("dialog", name="This server does not know you any more")
    await question.get_by_role("button", name="Be somebody new").click()
    await ada.join()


async def test_empty_token(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await kept(ada, "sessionStorage", "reconvene.token", "")
    await ada.start(meeting)
    await ada.join()
