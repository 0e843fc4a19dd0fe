"""The page's `state-machine.js`, `roster.js` and `sleep.js` do what the golden vectors say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.process import ServerProcess
from tests.vectors import Case, Did, check, read, read_looks

pytestmark = pytest.mark.one_browser

CASES = read()
LOOKS = read_looks()

# Milliseconds in the page, seconds in the vectors.
RUN = """async (text) => {
  const cases = JSON.parse(text);
  const { SignallingClient } = await import("/static/sdk/state-machine.js");
  const { applied, hands, rosterOf } = await import("/static/sdk/roster.js");
  const { knocked, knocksOf } = await import("/static/sdk/knocks.js");
  const timed = new Set(["start", "opened", "received", "closed", "tick", "hurry", "renew", "order"]);
  const told = (action) => {
    if (action.do === "drop") return ["drop", action.code];
    if (action.do === "goodbye") return ["goodbye", action.session, action.attempt];
    if (action.do === "emit") return ["emit", action.name, action.detail];
    if (action.do !== "send") return [action.do];
    const message = JSON.parse(action.text);
    return ["send", message.type === "ping" ? { ...message, t: message.t / 1000 } : message];
  };
  const seen = (known, { name, detail }) => {
    if (name === "event") {
      const roster = applied(known.roster, detail);
      return { ...known, roster, knocks: knocked(known.knocks, detail, roster.get(known.me)) };
    }
    const me = name === "joined" ? detail.you.id : known.me;
    const whole = name === "joined" ? detail : name === "resumed" && detail.snapshot;
    return whole ? { me, roster: rosterOf(whole.participants), knocks: knocksOf(whole.knocks) } : known;
  };
  const run = ({ place: { on_duplicate: onDuplicate, ...place }, random, steps }) => {
    const client = new SignallingClient({ ...place, onDuplicate }, () => {
      if (!random.length) throw new Error("no random number left");
      return random.shift();
    });
    let known = { me: "", roster: new Map(), knocks: new Map() };
    const did = steps.map(({ at, call, args }) => {
      const actions = client[call === "no_token" ? "noToken" : call](...args, ...(timed.has(call) ? [at * 1000] : []));
      known = actions.reduce(seen, known);
      const wake_at = client.wakeAt < Infinity ? client.wakeAt / 1000 : null;
      const [roster, knocks] = [known.roster, known.knocks].map(Object.fromEntries);
      const raised = hands(known.roster.values()).map(({ id }) => id);
      const chat = client.membership.chat.messages.map(({ id, text }) => [id, text]);
      return { actions: actions.map(told), phase: client.phase, wake_at, roster, knocks, hands: raised, chat };
    });
    return { did, left: random };
  };
  const results = cases.map((each) => {
    try {
      return run(each);
    } catch (error) {
      return { error: String(error) };
    }
  });
  return JSON.stringify(results);
}"""


LOOK = """async (cases) => {
  const { SleepWatch } = await import("/static/sdk/sleep.js");
  return cases.map((looks) => {
    const watch = new SleepWatch();
    return looks.map(([monotonic, wall]) => [monotonic, wall, watch.slept(monotonic * 1000, wall * 1000)]);
  });
}"""


def as_sent(case: Case) -> dict[str, Any]:
    steps = []
    for step in case.steps:
        args = step.get("args", [])
        if step["call"] == "received" and not isinstance(args[0], str):
            args = [json.dumps(args[0])]
        steps.append({"at": step["at"], "call": step["call"], "args": args})
    return {"place": case.place, "random": case.random, "steps": steps}


@pytest.fixture(scope="module")
async def results(browser: Browser, server: ServerProcess) -> dict[str, dict[str, Any]]:
    """What the page's client did in all of them."""
    page = await browser.new_page()
    await page.goto(server.url)
    # As texts, which Playwright carries at a tenth of the cost.
    results = json.loads(await page.evaluate(RUN, json.dumps([as_sent(case) for case in CASES.values()])))
    await page.close()
    return dict(zip(CASES, results, strict=True))


@pytest.mark.parametrize("name", CASES)
async def test_page_does_what_the_vectors_say(name: str, results: dict[str, dict[str, Any]]) -> None:
    result = results[name]
    assert "error" not in result, result["error"]
    for step, did in zip(CASES[name].steps, result["did"], strict=True):
        check(step, Did(**did))
    assert not result["left"], "a random number was not asked for"


async def test_sleep_is_told_as_the_vectors_say(browser: Browser, server: ServerProcess) -> None:
    page = await browser.new_page()
    await page.goto(server.url)
    told = await page.evaluate(LOOK, [[look[:2] for look in looks] for looks in LOOKS.values()])
    await page.close()
    assert dict(zip(LOOKS, ([tuple(look) for look in looks] for looks in told), strict=True)) == LOOKS


SHOW = """async (frames) => {
  const { Call } = await import("/static/sdk/call.js");
  const { LocalMedia } = await import("/static/sdk/devices.js");
  const { Mesh } = await import("/static/sdk/mesh.js");
  let socket;
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    constructor() { socket = this; }
    send() {}
    close() {}
  };
  const place = { meeting: "ABC123", name: "Ann", onDuplicate: "reject" };
  const media = new LocalMedia();
  const call = new Call("http://localhost", place, media, (tell) => new Mesh(media, tell));
  const shown = [];
  const told = [];
  call.start();
  socket.onopen();
  call.on("change", () => shown.push([...call.roster.keys()]));
  call.on("happening", ({ what, who }) => told.push([what, who.id]));
  for (const frame of frames) {
    socket.onmessage({ data: JSON.stringify(frame) });
    await new Promise((resolve) => setTimeout(resolve));
  }
  call.leave();
  return { shown, told };
}"""


async def test_the_page_shows_once_what_comes_in_one_frame(browser: Browser, server: ServerProcess) -> None:
    """And tells of each thing in it."""
    steps = CASES["batch: people come, change and leave in one frame"].steps
    frames = [step["args"][0] for step in steps if step["call"] == "received"]
    frames.append({"type": "participant_updated", "seq": 10, "participant": {"id": "p_b", "hand": True}})
    page = await browser.new_page()
    await page.goto(server.url)
    seen = await page.evaluate(SHOW, frames)
    await page.close()
    assert seen["shown"] == [["p_a", "p_b"], ["p_a", "p_c", "p_b"], ["p_a", "p_c", "p_b"]]
    assert seen["told"] == [["joined", "p_c"], ["hand", "p_c"], ["lost", "p_b"], ["hand", "p_b"]]
