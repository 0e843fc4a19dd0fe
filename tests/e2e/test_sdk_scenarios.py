"""The four scenarios the project is for, and what browsers do to pages: by the client library, on another site."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests.e2e.conftest import Newcomer
from tests.e2e.outside import Outside
from tests.e2e.person import COMING_AND_GOING, Person
from tests.e2e.test_sdk import STEPS
from tests.e2e.waiting import until
from tests.process import ServerProcess

KEPT_LIBRARIES = sorted((Path(__file__).parent / "kept").glob("*.js.gz"))
"""As servers of earlier releases served it, by version. Until a first one is released, as it was when it was kept."""

BOTH = {"audio": True, "video": True}
JOIN = """async ([library, server, how]) => {
  const [sdk, steps] = await Promise.all([import(library), import("/steps.js")]);
  return steps.stay(sdk, server, how);
}"""
GETS = "(id) => ({ pictures: document.getElementById(id)?.currentTime ?? 0, sound: meeting.level(id) })"
IS = "(wanted) => until(meeting, ({ state }) => state === wanted).then(() => null)"
KEPT = "(event) => dispatchEvent(new PageTransitionEvent(event, { persisted: true })) && null"


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with Outside() as outside:
        outside.answers["/empty.html"] = lambda: "<!doctype html><body>"
        outside.answers["/steps.js"] = lambda: STEPS
        async with ServerProcess(
            tmp_path_factory.mktemp("scenarios"), RECONVENE_ALLOWED_ORIGINS=outside.origin
        ) as server:
            outside.server = server.url
            yield outside


async def comes(person: Person, outside: Outside, **how: Any) -> dict[str, Any]:
    """Opens the page of the other site, which joins at once."""
    await person.page.goto(f"{outside.origin}/empty.html")
    return await joins(person, outside, **how)


async def joins(person: Person, outside: Outside, *, library: str = "", **how: Any) -> dict[str, Any]:
    """`library`: its address; default: the server's."""
    library = library or f"{outside.server}/sdk/v1/reconvene.js"
    return dict(await person.page.evaluate(JOIN, [library, person.url, {"name": person.name, **how}]))


async def is_told(person: Person, *events: str) -> None:
    """Of these who have come and gone since the page was loaded, and of nobody else."""

    async def told() -> list[str]:
        return list(await person.page.evaluate("told"))

    await until(told, lambda now: len(now) >= len(events), f"{person.name} is told {events}")
    assert await told() == list(events)


async def hears_and_watches(person: Person, other: str) -> None:
    async def gets() -> dict[str, float]:
        return dict(await person.page.evaluate(GETS, other))

    first = await until(gets, lambda now: now["pictures"] > 0, f"{person.name} sees {other}")
    await until(gets, lambda now: now["pictures"] > first["pictures"], "the picture goes on")
    await until(gets, lambda now: now["sound"] > 0, f"{person.name} hears {other}")


async def is_now(page: Page, state: str) -> None:
    await page.evaluate(IS, state)


@pytest.mark.one_browser(also="firefox")
async def test_the_four_scenarios(newcomer: Newcomer, outside: Outside, meeting: str) -> None:
    ada, bob = [await newcomer(name, url=outside.server) for name in ("Ada", "Bob")]
    await go_through_them(ada, bob, outside, meeting)


@pytest.mark.one_browser
@pytest.mark.parametrize("kept", KEPT_LIBRARIES, ids=lambda kept: kept.name.removesuffix(".js.gz"))
async def test_a_library_of_before_works_with_this_server(
    newcomer: Newcomer, outside: Outside, meeting: str, kept: Path
) -> None:
    """And with somebody who has today's."""
    outside.answers["/kept.js"] = lambda: gzip.decompress(kept.read_bytes()).decode()
    ada, bob = [await newcomer(name, url=outside.server) for name in ("Ada", "Bob")]
    await go_through_them(ada, bob, outside, meeting, library=f"{outside.origin}/kept.js")


def test_a_release_keeps_its_library() -> None:
    current = version("reconvene")
    names = [kept.name for kept in KEPT_LIBRARIES]
    assert names
    if ".dev" not in current:
        assert current.split(".")[:2] in [name.split(".")[:2] for name in names]
        assert not [name for name in names if ".dev" in name]


async def go_through_them(
    ada: Person, bob: Person, outside: Outside, meeting: str, library: str = ""
) -> None:
    """`library`: Ada's."""
    how: dict[str, Any] = {"id": meeting, "media": BOTH}
    # The host creates a meeting.
    a = await comes(ada, outside, library=library, **how)
    assert a["role"] == "host"
    async with httpx.AsyncClient(base_url=outside.server, trust_env=False) as http:
        assert (await http.get(f"/api/meetings/{meeting}")).json()["id"] == meeting
    # Somebody joins with the same id.
    b = await comes(bob, outside, **how)
    assert b["role"] == "participant"
    await is_told(ada, "participantJoined Bob")

    async def both_hear_and_watch() -> None:
        await asyncio.gather(hears_and_watches(ada, b["id"]), hears_and_watches(bob, a["id"]))

    await both_hear_and_watch()
    # The host reloads.
    bob.heard.clear()
    async with ada.page.expect_navigation():
        await ada.page.evaluate("location.reload()")
    assert await joins(ada, outside, library=library, **how) == a
    await both_hear_and_watch()
    assert bob.events(*COMING_AND_GOING) == ["participant_rejoined"]
    await is_told(bob)
    # The host leaves, and comes back.
    await ada.page.evaluate("meeting.leave()")
    await is_told(bob, "participantLeft Ada")
    assert await joins(ada, outside, library=library, **how) == a
    await is_told(bob, "participantLeft Ada", "participantJoined Ada")
    await both_hear_and_watch()


@pytest.mark.only(browser="chromium", reason="Firefox freezes no page when it is told to")
@pytest.mark.one_browser
async def test_a_page_that_was_frozen_comes_back(
    newcomer: Newcomer, outside: Outside, meeting: str, tmp_path: Path
) -> None:
    """Even to a server that was started again meanwhile."""
    async with ServerProcess(tmp_path, RECONVENE_ALLOWED_ORIGINS=outside.origin) as server:
        ada = await newcomer("Ada", url=server.url)
        await ada.page.goto(f"{outside.origin}/empty.html")
        ada_is = await joins(ada, outside, id=meeting)
        protocol = await ada.context.new_cdp_session(ada.page)
        await protocol.send("Page.setWebLifecycleState", {"state": "frozen"})
        await server.kill()
        await server.start(RECONVENE_PORT=str(server.port))
        await protocol.send("Page.setWebLifecycleState", {"state": "active"})
        await ada.hears("resumed")
        await is_now(ada.page, "joined")
        assert await ada.page.evaluate("meeting.me.id") == ada_is["id"]
        await ada.page.close()
    ada.forgive_lost_sockets()


@pytest.mark.one_browser(also="firefox")
async def test_a_page_that_the_browser_kept_comes_back(
    newcomer: Newcomer, outside: Outside, meeting: str
) -> None:
    """One cannot make a browser that is watched keep a page, so it is only told that it was."""
    ada = await newcomer("Ada", url=outside.server)
    a = await comes(ada, outside, id=meeting)
    await ada.page.evaluate(KEPT, "pagehide")
    await is_now(ada.page, "reconnecting")
    await ada.page.evaluate(KEPT, "pageshow")
    await is_now(ada.page, "joined")
    assert await ada.page.evaluate("[meeting.me.id, meeting.me.role]") == [a["id"], "host"]


@pytest.mark.one_browser(also="firefox")
async def test_a_tab_that_is_duplicated_takes_the_place(
    newcomer: Newcomer, outside: Outside, meeting: str
) -> None:
    """Once: the two do not fight. The first may have it back when a person wishes it."""
    ada = await newcomer("Ada", url=outside.server)
    a = await comes(ada, outside, id=meeting)
    copy = await newcomer("Ada", url=outside.server, tab_of=ada)
    assert await comes(copy, outside, id=meeting) == a
    await is_now(ada.page, "left")
    assert await ada.page.evaluate("meeting.getSnapshot().left") == {
        "code": "replaced",
        "message": "You are in this meeting in another place now.",
        "final": True,
    }
    assert await joins(ada, outside, id=meeting) == a
    await is_now(copy.page, "left")
    refused = "client.join(meeting.id, { name: 'Ann', media: false, onDuplicate: 'reject' }).catch(({ code }) => code)"
    assert await copy.page.evaluate(refused) == "duplicate"
    assert [person.events("joined") for person in (ada, copy)] == [["joined", "joined"], ["joined"]]
