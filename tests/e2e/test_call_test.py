"""Before joining, a call can be tested: with an echo that the server starts, and the devices that are open already."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.browsers import BrowserName
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person
from tests.e2e.test_axe import is_fine
from tests.e2e.waiting import until
from tests.process import ServerProcess

pytestmark = pytest.mark.one_browser

MEASURES = """async () => {
  const context = new AudioContext();
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 3000))]);
  return context.state === "running";
}"""

# For the page's looks at its clock, so much more has passed.
PASSES = """(milliseconds) => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + milliseconds;
}"""
LINGER = 5000
"""Milliseconds that a test goes on when all has been found."""

STEPS = ("server", "connection", "microphone", "camera", "delay")

ON = {"on": True, "asking": False, "error": None}

FOUND = {
    "over": False,
    "slow": False,
    "problem": None,
    "answered": True,
    "joined": True,
    "path": "direct",
    "brief": False,
    "roundTrip": 0.04,
    "microphone": {**ON, "measured": True, "heard": True, "returned": True},
    "camera": {**ON, "returned": True},
}
"""Where everything works."""

NOT_CONNECTED = {"path": None, "roundTrip": None}
SILENT = {**ON, "measured": True, "heard": False, "returned": False}
UNSEEN = {**ON, "returned": False}
TAKEN = {"code": "unavailable", "message": "All are taken."}
AWAY = {"code": "unreachable", "message": ""}
NO_ANSWER = {"answered": False, "joined": False, **NOT_CONNECTED}

CASES: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "server", "ok", "answers"),
    ({}, "connection", "ok", "directly"),
    ({"path": "relayed"}, "connection", "ok", r"relay \(TURN\)"),
    ({}, "delay", "ok", "40 ms"),
    ({"roundTrip": 0.6}, "delay", "notice", "600 ms"),
    ({"problem": TAKEN, **NO_ANSWER}, "server", "failed", "All are taken.*in a minute"),
    ({"problem": AWAY, **NO_ANSWER}, "server", "failed", "cannot be reached.*Check"),
    ({"over": True, **NO_ANSWER}, "connection", "waiting", "Not tested"),
    (
        {"over": True, **NO_ANSWER, "answered": True},
        "server",
        "failed",
        "WebSocket.*whoever runs this server",
    ),
    ({"over": True, **NOT_CONNECTED}, "connection", "failed", "firewall may block UDP.*TURN"),
    ({**NOT_CONNECTED}, "connection", "running", "Connecting"),
    ({"microphone": SILENT}, "microphone", "running", "Say something"),
    ({"microphone": SILENT, "over": True}, "microphone", "notice", "Nothing was heard.*say something"),
    ({"microphone": {**SILENT, "heard": True}}, "microphone", "running", "Waiting"),
    ({"microphone": {**SILENT, "heard": True}, "over": True}, "microphone", "failed", "did not come back"),
    ({"microphone": {**SILENT, "error": "refused"}}, "microphone", "failed", "may not use your microphone"),
    ({"microphone": {**SILENT, "on": False}}, "microphone", "notice", "is off.*Turn it on"),
    (
        {"microphone": {**SILENT, "on": False, "asking": True}},
        "microphone",
        "running",
        "Waiting for your permission",
    ),
    (
        {"microphone": {**SILENT, "on": False, "asking": True}, "over": True},
        "microphone",
        "notice",
        "waits for your permission.*Allow it",
    ),
    ({"microphone": {**SILENT, "measured": False}}, "microphone", "notice", "cannot measure sound"),
    ({"camera": UNSEEN}, "camera", "running", "Waiting"),
    (
        {"camera": {**UNSEEN, "on": False, "asking": True}},
        "camera",
        "running",
        "Waiting for your permission",
    ),
    ({"camera": UNSEEN, "over": True}, "camera", "failed", "did not come back"),
    ({"camera": UNSEEN, "over": True, "brief": True}, "camera", "notice", "no time.*Test again"),
    ({"camera": {**UNSEEN, "error": "missing"}}, "camera", "failed", "No camera"),
]
"""What else was observed, and what is said of which step."""


@pytest.fixture(scope="module")
async def echoing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("echoing"), RECONVENE_ECHO="1") as server:
        yield server


def step(person: Person, name: str) -> Locator:
    return person.page.locator(f'[data-step="{name}"]')


async def finds(person: Person, **states: str) -> None:
    for name in STEPS:
        # How long the way takes is up to the machine, which may find it long.
        state = re.compile("ok|notice") if name == "delay" else states.get(name, "ok")
        await expect(step(person, name)).to_have_attribute("data-state", state)


async def connections(person: Person) -> list[str]:
    """The states of all that the page ever made."""
    return list(await person.page.evaluate("peerConnections.map(({ connectionState }) => connectionState)"))


async def test_a_call_is_tested_and_the_meeting_is_joined_as_if_it_had_not_been(
    newcomer: Newcomer, meeting: str, echoing: ServerProcess, browser_name: BrowserName
) -> None:
    ada = await newcomer("Ada", url=echoing.url)
    await ada.start(meeting)
    await ada.press("Turn off microphone")
    await ada.press("Test your call")
    await finds(ada, microphone="notice")
    await expect(step(ada, "microphone")).to_contain_text("Your microphone is off")
    await ada.press("Turn on microphone")
    # Firefox measures no sound on a machine that can play none.
    measured = browser_name != "firefox" or await ada.page.evaluate(MEASURES)
    await finds(ada, **({} if measured else {"microphone": "notice"}))
    if not measured:
        await expect(step(ada, "microphone")).to_contain_text("This browser cannot measure sound here")
    await expect(step(ada, "connection")).to_contain_text("directly")
    await expect(ada.page.locator(".returned")).to_have_attribute("data-video", "on")
    assert await ada.page.evaluate("document.querySelector('.returned video').videoWidth") > 0
    # Each is said once, in words.
    said = ada.page.get_by_role("log", name="Results of the test")
    sound = "Your sound comes back" if measured else "This browser cannot measure sound here"
    for words in ("reach the server directly", sound, "Your picture comes back"):
        await expect(said.get_by_text(words)).to_have_count(1)
    # It ends by itself, and all can be read on.
    await ada.page.evaluate(PASSES, LINGER)
    await expect(ada.button("Test again")).to_be_visible()
    await expect(said.get_by_text(re.compile("Everything works|What could be tested works"))).to_have_count(1)
    assert await connections(ada) == ["closed"]
    await is_fine(ada, "a call that was tested")
    await ada.page.get_by_role("heading", name="Test your call").press("Escape")
    await expect(step(ada, "server")).to_have_count(0)
    await expect(ada.button("Test your call")).to_be_focused()
    tracks = "document.querySelector('video').srcObject.getTracks().map(({ readyState }) => readyState)"
    assert await ada.page.evaluate(tracks) == ["live", "live"]

    # Joining ends a test that goes on.
    await ada.press("Test your call")
    await expect(step(ada, "connection")).to_have_attribute("data-state", "ok")
    await ada.press("Join now")
    me = await ada.seated()
    await ada.sees(me, role="host", audio="on", video="on")
    await expect(ada.others).to_have_count(0)
    assert await connections(ada) == ["closed"] * 2
    assert await ada.toasts() == []
    tab_session = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('reconvene.seat')).seat")
    assert tab_session["meeting"] == meeting
    assert [person["name"] for person in await ada.attendance(meeting)] == ["Ada"]


async def test_no_test_is_offered_where_there_is_no_echo_and_each_failure_says_what_to_do(
    newcomer: Newcomer, meeting: str
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    await ada.at("prejoin")

    async def asked() -> list[tuple[str, int]]:
        return ada.statuses

    await until(asked, lambda statuses: (f"GET {ada.url}/api/echo", 200) in statuses, "the server is asked")
    await expect(ada.button("Test your call")).to_be_hidden()

    say = """async (all) => {
      const { stepsOf } = await import("/static/js/call-test/steps.js");
      return all.map((observed) => stepsOf(observed));
    }"""
    answers = await ada.page.evaluate(say, [FOUND | change for change, *_ in CASES])
    for (change, name, state, text), steps in zip(CASES, answers, strict=True):
        (found,) = [each for each in steps if each["name"] == name]
        assert found["state"] == state, (change, found)
        assert re.search(text, f"{found['text']} {found.get('advice', '')}"), (change, found)
