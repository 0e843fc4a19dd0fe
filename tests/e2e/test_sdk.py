"""What the client library promises (docs/sdk.md), in a page of another site: joins, tokens, moderation, snapshots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.e2e.outside import Outside
from tests.process import ServerProcess

pytestmark = pytest.mark.one_browser


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with Outside() as outside:
        settings = {"RECONVENE_ALLOWED_ORIGINS": outside.origin, "RECONVENE_LIMITS": "0"}
        async with ServerProcess(tmp_path_factory.mktemp("sdk"), **settings) as server:
            outside.server = server.url
            outside.answers["/empty.html"] = lambda: "<!doctype html>"
            yield outside


@pytest.fixture
async def page(browser: Browser, outside: Outside) -> AsyncIterator[Page]:
    page = await browser.new_page()
    await page.goto(f"{outside.origin}/empty.html")
    yield page
    await page.close()


async def run(page: Page, outside: Outside, script: str, *given: Any) -> Any:
    """What a script answers that has `Reconvene`, `server`, `options` of a join without media, and what is `given`.

    `until(meeting, holds)` waits until that holds of a snapshot; `failed(promise)` answers the code of its error.
    """
    return await page.evaluate(
        """async ([server, script, given]) => {
          const { Reconvene } = await import(`${server}/sdk/v1/reconvene.js`);
          const options = { name: "Ann", create: true, media: false };
          const until = (meeting, holds) => new Promise((resolve) => {
            const look = () => holds(meeting.getSnapshot()) && (end(), resolve(meeting.getSnapshot()));
            const end = meeting.subscribe(look);
            look();
          });
          const failed = (promise) => promise.then(() => "nothing", (error) => (typeof error.code === "string" ? error.code : error.name));
          const run = new (Object.getPrototypeOf(async () => {}).constructor)(
            "Reconvene", "server", "options", "until", "failed", "given", script);
          return run(Reconvene, server, options, until, failed, given);
        }""",
        [outside.server, script, given],
    )


async def test_to_join_twice_is_to_join_once_and_leaving_cancels(page: Page, outside: Outside) -> None:
    did = await run(
        page,
        outside,
        """
        const client = new Reconvene();
        const [one, two] = await Promise.all([client.join("TWICE", options), client.join(" twice", options)]);
        const cancelled = failed(client.join("CANCEL", options));
        client.open("CANCEL").leave();
        const controller = new AbortController();
        const aborted = failed(client.join("ABORT", { ...options, signal: controller.signal }));
        controller.abort();
        const before = failed(client.join("BEFORE", { ...options, signal: AbortSignal.abort() }));
        const reasons = [await cancelled, await aborted, await before];
        const again = await client.join("CANCEL", options);
        one.leave();
        one.leave();
        const three = await client.join("TWICE", options);
        return { same: one === two, other: three !== one, server: client.server === server, reasons,
                 states: [one.state, again.state, three.state], left: one.getSnapshot().left,
                 unknown: await failed(client.join("NOBODY", { name: "Ann" })), id: await failed(client.join()),
                 // A name of nothing that can be seen is the server's to refuse.
                 name: await failed(client.join("TWICE-2", { ...options, name: " " })) };
        """,
    )
    assert did == {
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


async def test_whatever_is_wrong_with_server_or_token_is_said(
    page: Page, outside: Outside, server: ServerProcess
) -> None:
    """`server` knows nothing of this page's origin; another product answers with pages."""
    did = await run(
        page,
        outside,
        """
        const [unaware] = given;
        const refused = (options) => { try { return new Reconvene(options).server; } catch (error) { return error.name; } };
        const join = (options) => failed(new Reconvene({ server, ...options }).join("TOKENS", { ...options, create: true }));
        const hanging = new Reconvene({ getToken: () => new Promise(() => {}) });
        const hung = failed(hanging.join("HANGING", options));
        hanging.open("HANGING").leave();
        return {
          addresses: [refused({ server: "ftp://x" }), refused({ server: "no address" }), refused({ server: `${server}/` }) === server],
          tokens: [await join({ getToken: () => { throw new Error("no!"); } }), await join({ getToken: async () => null }),
                   await join({ getToken: async () => 7 }), await join({ getToken: async () => "gibberish" }), await hung],
          servers: [await join({ server: unaware }), await join({ server: location.origin }), await join({ server: "http://127.0.0.1:9" })],
        };
        """,
        server.url,
    )
    assert did == {
        "addresses": ["TypeError", "TypeError", True],
        "tokens": ["no_token", "no_token", "no_token", "bad_token", "left"],
        "servers": ["unreachable", "http_404", "unreachable"],
    }


async def test_those_in_charge_give_orders_and_are_answered(page: Page, outside: Outside) -> None:
    """Two clients in one page are two users. Who has to wait sees it; who is removed, too."""
    did = await run(
        page,
        outside,
        """
        const host = await new Reconvene().join("ORDERS", options);
        await host.moderate.settings({ lobby: "everyone", message: "A moment." });
        const told = [];
        host.on("knock", ({ name }) => told.push(`${name} knocks`));
        host.on("participantJoined", ({ name, sends }) => told.push(`${name} joins ${sends.audio}`));
        host.on("participantChanged", ({ name, sends }) => told.push(`${name} changes ${sends.audio}`));
        host.on("participantLeft", ({ participant, reason }) => told.push(`${participant.name} ${reason}`));
        const guest = await new Reconvene().join("ORDERS", { ...options, name: "Bob" });
        const waiting = guest.getSnapshot();
        const early = await failed(guest.moderate.end());
        const { knocks } = await until(host, ({ knocks }) => knocks.length);
        await host.moderate.admit(knocks[0].id);
        await until(guest, ({ state }) => state === "joined");
        const seen = await until(host, ({ participants }) => participants.length);
        const events = new Promise((resolve) => guest.on("asked", resolve));
        await host.moderate.ask(guest.me.id);
        const asked = await events;
        guest.me.setAudio(true);
        const after = await until(host, ({ participants: [{ sends }] }) => sends.audio);
        const heard = new Promise((resolve) => host.on("signal", resolve));
        guest.signal(host.me.id, { any: ["thing"] });
        const { from, data } = await heard;
        const refused = [await failed(guest.moderate.mute("others")), await failed(host.moderate.remove("p_nobody")),
                         await failed(host.moderate.settings({ locked: true }, { revision: 0 }))];
        const ended = new Promise((resolve) => guest.on("left", resolve));
        await host.moderate.remove(guest.me.id);
        const left = await ended;
        await until(host, ({ participants }) => !participants.length);
        await host.moderate.end();
        const { left: end } = await until(host, ({ state }) => state === "left");
        return { waiting: [waiting.state, waiting.waiting.message, waiting.participants.length], early, told, asked: asked.media,
                 from: from === seen.participants[0].id && asked.from === host.me.id, data, refused, left: [left.code, left.final], end: end.code,
                 inCharge: [seen.me.inCharge, seen.me.role], others: Object.isFrozen(seen.participants[0]) && Object.isFrozen(seen.participants),
                 whole: Object.isFrozen(seen) && seen !== after && seen.settings === after.settings && seen.me === after.me,
                 stale: seen.participants[0].sends.audio, late: await failed(host.moderate.end()) };
        """,
    )
    assert did == {
        "waiting": ["waiting", "A moment.", 0],
        "early": "not_joined",
        "told": ["Bob knocks", "Bob joins false", "Bob changes true", "Bob removed"],
        "asked": {"audio": True},
        "from": True,
        "data": {"any": ["thing"]},
        "refused": ["forbidden", "unknown_participant", "changed"],
        "left": ["removed", True],
        "end": "meeting_ended",
        "inCharge": [True, "host"],
        "others": True,
        "whole": True,
        "stale": False,
        "late": "not_joined",
    }


async def test_a_restart_of_the_server_is_seen_and_survived(
    page: Page, outside: Outside, tmp_path: Any
) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ALLOWED_ORIGINS=outside.origin) as server:
        await run(
            page,
            outside,
            """
            const client = new Reconvene({ server: given[0], storage: localStorage });
            window.meeting = await client.join("RESTART", options);
            window.states = [];
            meeting.on("state", (state) => states.push(state));
            window.until = until;
            """,
            server.url,
        )
        me = await page.evaluate("meeting.me.id")
        port = str(server.port)
        await server.kill()
        await page.evaluate("until(meeting, ({ state }) => state === 'reconnecting').then(() => null)")
        await server.start(RECONVENE_PORT=port)
        await page.evaluate("until(meeting, ({ state }) => state === 'joined').then(() => null)")
        assert await page.evaluate("[states, meeting.me.id]") == [["reconnecting", "joined"], me]
        # With storage, a reload is the same participant.
        await page.reload()
        again = await run(
            page,
            outside,
            """
            const meeting = await new Reconvene({ server: given[0], storage: localStorage }).join("RESTART", options);
            return [meeting.me.id, Object.keys(localStorage).every((key) => key.startsWith("reconvene."))];
            """,
            server.url,
        )
        assert again == [me, True]


@pytest.mark.only(browser="chromium", reason="Firefox tells nobody how many listeners there are")
async def test_many_joins_and_leaves_leave_nothing_behind(page: Page, outside: Outside) -> None:
    joins = """
      const client = new Reconvene();
      for (let time = 0; time < given[0]; time += 1) {
        const meeting = await client.join("AGAIN", { name: "Ann", create: true });
        meeting.on("state", () => {});
        meeting.leave();
      }
    """
    protocol = await page.context.new_cdp_session(page)
    await protocol.send("Performance.enable")

    async def listeners() -> tuple[float, float]:
        await protocol.send("HeapProfiler.collectGarbage")
        metrics = {
            each["name"]: each["value"] for each in (await protocol.send("Performance.getMetrics"))["metrics"]
        }
        return metrics["JSEventListeners"], metrics["JSHeapUsedSize"]

    await run(page, outside, joins, 10)
    before, heap = await listeners()
    await run(page, outside, joins, 100)
    after, larger = await listeners()
    assert after <= before
    assert larger < heap + 1_000_000
