"""Two peers end right and quiet, whatever was shared, lost and held back meanwhile: `static/sdk/negotiation.js`
against a model of Chromium's and Firefox's peer connections, in virtual time (tests/e2e/negotiation), and real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, all_hear_and_watch, meet
from tests.e2e.waiting import until
from tests.process import ROOT, ServerProcess

MODEL = Path(__file__).parent / "negotiation"
SEEDS = 120
PAIRS = [("Chromium", "Chromium"), ("Chromium", "Firefox"), ("Firefox", "Firefox")]

RUN = """async ([last, pairs, most]) => {
  const { simulate } = await import("/negotiation/scenario.js");
  return simulate(0, last, pairs, most);
}"""

STOPS = (
    "sending.js",
    "      outlet.carry(track, this.#failed);\n",
    "      if (!track) return outlet.transceiver.stop(), delete this.#screen[kind], true;\n"
    "      outlet.carry(track, this.#failed);\n",
)
UNGUARDED = ("negotiation.js", "const MOST_IDLE = 3;", "const MOST_IDLE = Infinity;")


class Mutation(NamedTuple):
    """A bug: in these files, this text by that."""

    changes: tuple[tuple[str, str, str], ...]
    says: str
    """Among what is found."""


MUTATIONS = {
    "a stopped transceiver": Mutation((STOPS, UNGUARDED), "offers without end"),
    "an offer told again is a new one": Mutation(
        (("negotiation.js", "offer !== undefined && offer === this.#answered", "false"),),
        "order of m-lines",
    ),
    "nobody gives way": Mutation(
        (("negotiation.js", "if (collision && !this.#polite)", "if (collision)"),), ""
    ),
    "lost offers stay lost": Mutation(
        (
            (
                "negotiation.js",
                'if (this.#pc.signalingState === "have-local-offer") this',
                "if (false) this",
            ),
        ),
        "have-local-offer",
    ),
    "the screen that is told is not the one offered": Mutation(
        (("sending.js", "return sent ? id", "return this.#media.screen ? id"),), ""
    ),
    "a track is compared with what is done": Mutation(
        (("sending.js", "track === this.track", "track === this.transceiver.sender.track"),), "tracks"
    ),
    "an offer of nothing": Mutation(
        (("negotiation.js", "MOST_IDLE || this.#declined) return", "MOST_IDLE) return"),), ""
    ),
    "what is shown is told once": Mutation(
        (
            (
                "peer-connection.js",
                "    this.#tell({ repeat: true });\n    this.#telling.again();\n",
                "    this.#tell({ repeat: true });\n",
            ),
            ("peer-connection.js", "    if (data.repeat) this.#telling.again();\n", ""),
        ),
        "is shown",
    ),
    "what is no longer shown is not told": Mutation(
        (("shown.js", "this.#waning ||= window", "if (false) this.#waning ||= window"),), "is shown"
    ),
    "parameters are set at the same time": Mutation(
        (("sending.js", "if (this.#encoding) return;", ""),), "one after the other"
    ),
    "a wish that comes meanwhile is forgotten": Mutation(
        (("sending.js", "this.#wanted && this.#wanted !== done", "false"),), "is shown"
    ),
    "needs are taken for none": Mutation(
        (("negotiation.js", "const MOST_IDLE = 3;", "const MOST_IDLE = 0;"),), ""
    ),
}

# Firefox shares a screen only after a real click.
SCREEN = """() => {
  if (!navigator.userAgent.includes("Firefox") || !navigator.mediaDevices) return;
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    const context = canvas.getContext("2d");
    setInterval(() => context.fillRect(Math.random() * 300, 0, 9, 180), 50);
    return canvas.captureStream(20);
  };
}"""

TOGGLE = """() => {
  const { me } = reconvene.meeting;
  const { screen, video } = reconvene.meeting.getSnapshot().me;
  me.setScreen(screen === "off");
  me.setVideo(video === "off");
}"""

# What comes is held back, as while the network is away.
HOLD = """() => {
  const hear = lastSocket.onmessage;
  const held = [];
  lastSocket.onmessage = (event) => held.push(event);
  globalThis.release = () => {
    lastSocket.onmessage = hear;
    held.forEach(hear);
  };
}"""

STATES = "peerConnections.map((pc) => pc.signalingState).filter((state) => state !== 'closed')"


async def simulated(
    person: Person,
    server: ServerProcess,
    *changes: tuple[str, str, str],
    pairs: Sequence[tuple[str, str]] = PAIRS,
    most: int,
) -> Any:
    """What `simulate` answers, with these texts in the page's modules changed."""

    async def model(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        await route.fulfill(path=MODEL / name, content_type="text/javascript")

    async def changed(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        text = (ROOT / "static" / "sdk" / name).read_text(encoding="utf-8")
        for file, before, after in changes:
            assert file != name or text.count(before) == 1, f"{name} has no {before!r} to change"
            text = text.replace(before, after) if file == name else text
        await route.fulfill(body=text, content_type="text/javascript")

    page: Page = person.page
    await page.unroute_all()
    await page.route("**/negotiation/*.js", model)
    for file in {file for file, _, _ in changes}:
        await page.route(f"**/static/sdk/{file}", changed)
    # No page that does things of its own.
    await page.goto(f"{server.url}/static/sdk/events.js")
    return await page.evaluate(RUN, [SEEDS, pairs, most])


@pytest.mark.one_browser
async def test_it_ends_right_and_quiet_in_every_run(newcomer: Newcomer, server: ServerProcess) -> None:
    outcome = await simulated(await newcomer("Ada"), server, most=10)
    assert outcome["failed"] == []
    assert outcome["runs"] == SEEDS * len(PAIRS)


@pytest.mark.only(browser="shell", reason="the model is the same in every browser")
async def test_a_planted_bug_is_found(newcomer: Newcomer, server: ServerProcess) -> None:
    ada = await newcomer("Ada")
    for bug, (changes, says) in MUTATIONS.items():
        outcome = await simulated(ada, server, *changes, most=1)
        assert outcome["failed"], f"{bug}: not found in {outcome['runs']} runs"
        assert says in outcome["failed"][0], bug


@pytest.mark.only(browser="shell", reason="the model is the same in every browser")
async def test_a_browser_that_asks_for_ever_is_not_followed_for_ever(
    newcomer: Newcomer, server: ServerProcess
) -> None:
    """With the transceivers stopped that it asks for: it is quiet, and what is asked for after that is done."""
    outcome = await simulated(await newcomer("Ada"), server, STOPS, pairs=PAIRS[:1], most=30)
    assert outcome["failed"], "no browser asked"
    for text in outcome["failed"]:
        findings = text.partition(": ")[2].split("; ")
        allowed = ("asks for negotiation though nothing has changed", "offers in a second")
        assert all(finding.endswith(allowed) for finding in findings), text


async def quiet(people: dict[str, Person]) -> None:
    """Everyone is stable, and while many other things go to and fro nobody offers anything."""
    for person in people.values():
        await until(_states(person), lambda states: states == ["stable"], f"{person.name} has agreed")
    before = [_offers(person) for person in people.values()]
    first, second = people.values()
    for _ in range(2):
        for press, count in (("Raise hand", 1), ("Lower hand", 0)):
            await first.press(press)
            await expect(second.page.get_by_role("img", name="Hand raised")).to_have_count(count)
    assert [_offers(person) for person in people.values()] == before


@pytest.mark.one_browser
async def test_whatever_two_share_it_ends_right_and_quiet(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = [await newcomer(name) for name in ("Ada", "Bob")]
    for person in (ada, bob):
        await person.page.add_init_script(f"({SCREEN})()")
    people = dict(zip(await meet(meeting, ada, bob), (ada, bob), strict=True))
    await all_hear_and_watch(people)
    # One of the two gives way to the other in negotiation.
    first, second = (people[each] for each in sorted(people))
    await what_is_shared_while_the_other_is_away(first, second, toggles=3)
    await nothing_is_shared_any_more(people)
    await what_is_shared_while_the_other_is_away(second, first, toggles=4)
    await nothing_is_shared_any_more(people)
    for _ in range(5):
        await asyncio.gather(*(person.page.evaluate(TOGGLE) for person in people.values()))
    await screens_are_seen(people, 2)
    await nothing_is_shared_any_more(people)


async def what_is_shared_while_the_other_is_away(here: Person, away: Person, *, toggles: int) -> None:
    await away.page.evaluate(HOLD)
    for number in range(toggles):
        await here.press("Stop sharing" if number % 2 else "Share screen")
        await expect(here.page.locator('.tile[data-kind="screen"]')).to_have_count(1 - number % 2)
    await away.press("Share screen")
    await away.page.evaluate("release()")
    await screens_are_seen({"here": here, "away": away}, 1 + toggles % 2)


async def screens_are_seen(people: dict[str, Person], count: int) -> None:
    for person in people.values():
        await expect(person.page.locator('.tile[data-kind="screen"][data-picture]')).to_have_count(count)
    await quiet(people)


async def nothing_is_shared_any_more(people: dict[str, Person]) -> None:
    for person in people.values():
        for control in ("Stop sharing", "Turn on camera"):
            if await person.button(control).first.is_visible():
                await person.press(control)
    for person in people.values():
        await expect(person.page.locator('.tile[data-kind="screen"]')).to_have_count(0)
    await quiet(people)


def _offers(person: Person) -> int:
    signals = [message["data"] for message in person.said if message["type"] == "signal"]
    return sum((data.get("description") or {}).get("type") == "offer" for data in signals)


def _states(person: Person) -> Any:
    async def states() -> Any:
        return await person.page.evaluate(STATES)

    return states
