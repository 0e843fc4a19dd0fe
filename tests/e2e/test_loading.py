"""How a page comes in: a reload asks for nothing but the page, so that it is quick on any line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.waiting import until
from tests.process import ServerProcess

ASKED = re.compile(r'"GET (\S+) HTTP/1.1" \d+$')


async def pages_and_parts(server: ServerProcess) -> Counter[str]:
    """What browsers asked the server for, and how often."""
    # The log comes a little later; all before this one is there when this one is.
    mark = f"/api/{uuid4()}"
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.get(server.url + mark)

    async def seen() -> bool:
        return any(mark in line["event"] for line in server.logs)

    await until(seen, bool, f"the log tells of {mark}")
    found = (ASKED.search(line["event"]) for line in server.logs)
    return Counter(asked[1] for asked in found if asked and not asked[1].startswith("/api/"))


def is_icon(part: str) -> bool:
    """Browsers take their time with it: a page may be gone before it has come."""
    return part.endswith("/icon.svg")


@pytest.fixture
async def talkative(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that logs every request."""
    async with ServerProcess(tmp_path, RECONVENE_LOG_LEVEL="debug") as server:
        yield server


@pytest.mark.one_browser(also="firefox")
async def test_a_reload_of_a_call_asks_for_nothing_but_the_page(
    talkative: ServerProcess, newcomer: Newcomer, meeting: str
) -> None:
    ada = await newcomer("Ada", url=talkative.url)
    await meet(meeting, ada)
    before = await pages_and_parts(talkative)
    assert any(path.endswith("/js/main.js") for path in before)
    await ada.page.reload()
    await ada.seated()
    asked = await pages_and_parts(talkative) - before
    assert {part: count for part, count in asked.items() if not is_icon(part)} == {f"/m/{meeting}": 1}


@pytest.mark.one_browser
@pytest.mark.parametrize("path", ["/m/ABC123/attendance", "/attendance"])
async def test_a_reload_of_the_record_asks_for_nothing_but_the_page(
    talkative: ServerProcess, newcomer: Newcomer, path: str
) -> None:
    ada = await newcomer("Ada", url=talkative.url)
    await ada.page.goto(f"{talkative.url}{path}")
    before = await pages_and_parts(talkative)
    assert any(part.endswith("/main.js") for part in before)
    await ada.page.reload()
    asked = await pages_and_parts(talkative) - before
    assert {part: count for part, count in asked.items() if not is_icon(part)} == {path: 1}
