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
@pytest.mark.parametrize("bug", MUTATIONS)
async def test_a_planted_bug_is_found(newcomer: Newcomer, server: ServerProcess, bug: str) -> None:
    changes, says = MUTATIONS[bug]
    outcome = await simulated(await newcomer("Ada"), server, *changes, most=1)
    assert outcome["failed"], f"not found in {outcome['runs']} runs"
    assert says in outcome["failed"][0]


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


async def sharing(newcomer: Newcomer, meeting: str) -> tuple[dict[str, Person], list[str]]:
    people = [await newcomer(name) for name in ("Ada", "Bob")]
    for person in people:
        await person.page.add_init_script(f"({SCREEN})()")
    ids = await meet(meeting, *people)
    named = dict(zip(ids, people, strict=True))
    await all_hear_and_watch(named)
    return named, ids


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
async def test_two_who_share_at_the_same_time_end_right_and_quiet(newcomer: Newcomer, meeting: str) -> None:
    people, _ = await sharing(newcomer, meeting)
    for _ in range(5):
        await asyncio.gather(*(person.page.evaluate(TOGGLE) for person in people.values()))
    for person in people.values():
        await expect(person.page.locator('.tile[data-kind="screen"][data-picture]')).to_have_count(2)
    await quiet(people)
    for person in people.values():
        await person.press("Stop sharing")
    for person in people.values():
        await expect(person.page.locator('.tile[data-kind="screen"]')).to_have_count(0)
        if "Turn on camera" in await person.page.get_by_role("button").all_inner_texts():
            await person.press("Turn on camera")
    await quiet(people)


@pytest.mark.one_browser
@pytest.mark.parametrize(("toggles", "sharer"), [(3, 0), (4, 1)])
async def test_what_is_shared_while_the_other_is_away_ends_right_and_quiet(
    newcomer: Newcomer, meeting: str, toggles: int, sharer: int
) -> None:
    people, ids = await sharing(newcomer, meeting)
    # One of the two gives way to the other in negotiation.
    ids.sort()
    ada, bob = people[ids[sharer]], people[ids[1 - sharer]]
    await bob.page.evaluate(HOLD)
    for number in range(toggles):
        await ada.press("Stop sharing" if number % 2 else "Share screen")
        await expect(ada.page.locator('.tile[data-kind="screen"]')).to_have_count(1 - number % 2)
    await bob.press("Share screen")
    await bob.page.evaluate("release()")
    for person in people.values():
        screens = person.page.locator('.tile[data-kind="screen"][data-picture]')
        await expect(screens).to_have_count(1 + toggles % 2)
    await quiet(people)


def _offers(person: Person) -> int:
    signals = [message["data"] for message in person.said if message["type"] == "signal"]
    return sum((data.get("description") or {}).get("type") == "offer" for data in signals)


def _states(person: Person) -> Any:
    async def states() -> Any:
        return await person.page.evaluate(STATES)

    return states
