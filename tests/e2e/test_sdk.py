"""What the client library promises (docs/sdk.md), in a page of another site: joins, tokens, moderation, snapshots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from tests.e2e.outside import SERVER, Outside
from tests.e2e.waiting import WITHIN, until
from tests.process import ROOT, ServerProcess

pytestmark = pytest.mark.one_browser

STEPS = (Path(__file__).parent / "sdk_steps.js").read_text(encoding="utf-8")
RUN = """async ([server, step, given]) => {
  const [sdk, steps] = await Promise.all([import(`${server}/sdk/v1/reconvene.js`), import("/steps.js")]);
  return steps[step](sdk, server, given);
}"""
RUN_THERE = RUN.replace("server, given", "given")
"""At another server than the library is from."""
HEAP = 1_000_000
"""Bytes; a meeting that stays behind has more than a hundredth of it."""


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with Outside() as outside:
        # One user joins hundreds of times.
        off = dict.fromkeys(("RECONVENE_LIMITS", "RECONVENE_MESSAGE_RATE"), "0")
        settings = {"RECONVENE_ALLOWED_ORIGINS": outside.origin, **off}
        async with ServerProcess(tmp_path_factory.mktemp("sdk"), **settings) as server:
            outside.server = server.url
            outside.answers["/empty.html"] = lambda: "<!doctype html>"
            outside.answers["/steps.js"] = lambda: STEPS
            yield outside


@pytest.fixture
async def page(browser: Browser, outside: Outside) -> AsyncIterator[Page]:
    page = await browser.new_page()
    await page.goto(f"{outside.origin}/empty.html")
    yield page
    await page.close()


async def test_to_join_twice_is_to_join_once_and_leaving_cancels(page: Page, outside: Outside) -> None:
    assert await page.evaluate(RUN, [outside.server, "joining", None]) == {
        "same": True,
        "other": True,
        "server": True,
        "reasons": ["left", "AbortError", "AbortError"],
        "states": ["left", "joined", "joined"],
        "left": {"code": "left", "message": "You left.", "final": False},
        "unknown": "unknown_meeting",
        "id": "TypeError",
        "name": "bad_message",
    }


async def test_people_write_edit_delete_and_react(page: Page, outside: Outside) -> None:
    assert await page.evaluate(RUN, [outside.server, "chats", None]) == {
        "onItsWay": [["<b>One</b>", None]],
        "counts": [2, 0, True],
        "own": [True, True, "Ann"],
        "refusals": [
            "bad_message",
            "bad_message",
            "bad_message",
            "unknown_participant",
            "forbidden",
            "forbidden",
            "unknown_message",
        ],
        "refused": ["bad_message", "bad_message", "bad_message", "unknown_participant"],
        "again": "bad_message",
        "reach": ["all", "hosts"],
        "tooMuch": "forbidden",
        "heard": ["Ann: <b>One</b>", "Ann: abc (to one)", "Please (to hosts)"],
        "cleo": ["Uno"],
        "reaction": [True, "👍", "bad_message"],
        "empty": 0,
        "left": "not_joined",
    }


async def test_whatever_is_wrong_with_server_or_token_is_said(
    page: Page, outside: Outside, server: ServerProcess
) -> None:
    assert await page.evaluate(RUN, [outside.server, "wrong", server.url]) == {
        "addresses": ["TypeError", "TypeError", True],
        "tokens": ["no_token", "no_token", "no_token", "bad_token", "by_us", "left"],
        "servers": ["unreachable", "http_404", "unreachable"],
    }


async def test_whoever_has_to_wait_is_told_for_how_long(page: Page, outside: Outside) -> None:
    async def limited(route: Route) -> None:
        problem = {"code": "rate_limited", "detail": "Not so many.", "retry_after": 7}
        await route.fulfill(status=429, headers={"Access-Control-Allow-Origin": "*"}, json=problem)

    await page.route("**/api/identity", limited)
    assert await page.evaluate(RUN, [outside.server, "limited", None]) == [
        "rate_limited",
        "Not so many.",
        7000,
    ]


async def test_a_strict_policy_of_the_page_lets_it_work(page: Page, outside: Outside) -> None:
    """The one that docs/sdk.md names."""
    policy = (
        (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8").partition("it\nneeds `")[2].partition("`")[0]
    )
    assert policy.startswith("script-src ")
    host = outside.server.removeprefix("http://")
    policy = policy.replace("wss://meet.example.org", f"ws://{host}").replace(SERVER, outside.server)
    outside.policy = "default-src 'none'; " + policy.replace("script-src", "script-src 'self'")
    await page.reload()
    outside.policy = ""
    assert await page.evaluate("fetch(location.href).then(() => 'let through', () => 'refused')") == "refused"
    assert (await page.evaluate(RUN, [outside.server, "joining", None]))["states"] == [
        "left",
        "joined",
        "joined",
    ]


async def test_those_in_charge_give_orders_and_are_answered(page: Page, outside: Outside) -> None:
    """Two clients in one page are two users. Who has to wait sees it; who is removed, too."""
    assert await page.evaluate(RUN, [outside.server, "orders", None]) == {
        "waits": ["waiting", "A moment.", 0],
        "early": "not_joined",
        "told": ["Bob knocks", "Bob joins false", "Bob changes true", "Bob removed"],
        "asked": {"audio": True},
        "from": [True, True],
        "data": {"any": ["thing"]},
        "refused": ["forbidden", "unknown_participant", "changed"],
        "unanswered": "interrupted",
        "left": ["removed", True],
        "end": "meeting_ended",
        "me": [True, "host"],
        "frozen": True,
        "same": [True, True, False],
        "stale": False,
        "late": "not_joined",
    }


async def test_what_is_done_in_a_meeting_is_told_with_who_has_done_it(page: Page, outside: Outside) -> None:
    assert await page.evaluate(RUN, [outside.server, "rules", None]) == {
        "more": [
            "  true",
            "Bob admitted true",
            "Bob joined false",
            "Bob hand true",
            "Bob participant 111 → participant 001 true",
            "Bob participant 001 → cohost 101 true",
            "Bob cohost 101 → cohost 100 true",
            "Ann host 101 → host 100 true",
            " true true",
            "Bob left false",
        ],
        "refused": ["forbidden", "audio"],
        "may": [False, True, True],
    }


async def test_a_session_gets_the_place_back(page: Page, outside: Outside) -> None:
    """As after a reload. Nobody else is seen there meanwhile."""
    assert await page.evaluate(RUN, [outside.server, "held", None]) == {
        "ids": [True, 0, True, 0],
        "grace": True,
        "left": "replaced",
    }


async def test_a_restart_of_the_server_is_seen_and_survived(
    page: Page, outside: Outside, tmp_path: Path, browser_name: str
) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ALLOWED_ORIGINS=outside.origin) as server:
        load = (
            "([library, server]) => Promise.all([import(library), import('/steps.js')])"
            ".then(([sdk, steps]) => steps.stay(sdk, server))"
        )
        given = [f"{outside.server}/sdk/v1/reconvene.js", server.url]
        me = await page.evaluate(load, given)
        port = str(server.port)
        await server.kill()
        await page.evaluate("until(meeting, ({ state }) => state === 'reconnecting').then(() => null)")
        await server.start(RECONVENE_PORT=port)
        await page.evaluate("until(meeting, ({ state }) => state === 'joined').then(() => null)")
        assert await page.evaluate("[states, meeting.me.id]") == [["reconnecting", "joined"], me["id"]]
        # Where there is storage, whoever reloads is the same participant.
        await page.reload()
        assert await page.evaluate(load, given) == me
        assert me["keys"] == [f"reconvene.identity {server.url}"]
        await page.goto("about:blank")
        if browser_name == "chromium":
            # Firefox may lose it (docs/browsers.md).
            await server.logged("page said goodbye", meeting="RESTART", within=WITHIN)


async def test_a_renewed_identity_counts_from_then_on(page: Page, outside: Outside, tmp_path: Path) -> None:
    """Of whoever is in, and of whoever waits: the secret changes, and later nobody knows the old one any more."""
    old, new = "the secret of last year", "the secret of this year"
    allowed = {"RECONVENE_ALLOWED_ORIGINS": outside.origin}
    async with ServerProcess(tmp_path, **allowed, RECONVENE_SECRET=old) as server:
        came = await page.evaluate(RUN_THERE, [outside.server, "comeBy", server.url])
        assert came[1:] == ["host", "waiting"]
        for secrets in (
            {"RECONVENE_SECRET": new, "RECONVENE_SECRET_PREVIOUS": old},
            {"RECONVENE_SECRET": new, "RECONVENE_SECRET_PREVIOUS": new},
        ):
            await server.stop()
            await server.start(RECONVENE_PORT=str(server.port), **secrets)
            assert await page.evaluate(RUN_THERE, [outside.server, "comeBy", server.url]) == came


@pytest.mark.only(browser="chromium", reason="Firefox tells nobody how many listeners there are")
async def test_many_joins_and_leaves_leave_nothing_behind(page: Page, outside: Outside) -> None:
    protocol = await page.context.new_cdp_session(page)
    await protocol.send("Performance.enable")

    async def again(joins: int) -> None:
        await page.evaluate(RUN, [outside.server, "again", joins])

    async def left_behind() -> dict[str, Any]:
        await protocol.send("HeapProfiler.collectGarbage")
        metrics = (await protocol.send("Performance.getMetrics"))["metrics"]
        return {each["name"]: each["value"] for each in metrics}

    await again(0)
    listeners = (await left_behind())["JSEventListeners"]
    await again(10)
    # A socket closes a moment after the meeting is left.
    before = await until(left_behind, lambda now: now["JSEventListeners"] <= listeners, "ten are gone")
    most = before["JSHeapUsedSize"] + HEAP
    await again(200)
    await until(
        left_behind,
        lambda now: now["JSEventListeners"] <= listeners and now["JSHeapUsedSize"] < most,
        "two hundred are gone",
    )
