"""What a page says as it goes: with or without beacons, and how soon it would be back. By node."""

from __future__ import annotations

from typing import Any

import pytest

from tests.words.test_page_parts import node

pytestmark = pytest.mark.programs

# A page, all of whose modules were there after two seconds; `pass` is how its time goes on.
PAGE = """
  let at = 2_000;
  const pass = (milliseconds) => { at += milliseconds; };
  performance.now = () => at;
  Date.now = () => 1_000_000_000_000 + at;
  const heard = {};
  globalThis.addEventListener = (name, listener) => { heard[name] = listener; };
  const said = [];
  const take = async (by, body) => said.push([by, JSON.parse(await body.text())]);
  Object.defineProperty(globalThis, "navigator", {
    value: { sendBeacon: (_, body) => (void take("beacon", body), true) }, configurable: true, writable: true,
  });
  globalThis.fetch = async (url, { body, keepalive, method }) => take(`${method} ${url} ${keepalive}`, body);
  const sockets = [];
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 0;
    constructor() { sockets.push(this); }
    opens() { this.readyState = 1; this.onopen(); }
    hears(message) { this.onmessage({ data: JSON.stringify(message) }); }
    send() {}
    close() {}
  };
  const { MeetingSocket } = await load("../sdk/socket.js");
  const off = { audio: false, video: false, screen: false };
  const place = { meeting: "ABC", name: "Ada", page: "one", onDuplicate: "reject", media: off };
  const socket = new MeetingSocket("https://meet.example", place);
  const me = { id: "p_a", name: "Ada", role: "host", media: off, hand: false, state: "connected", instance: "i_a" };
  const joined = {
    type: "joined", id: 1, epoch: "e1", seq: 1, session: "s1", heartbeat: 15, grace: 30, ice_servers: [],
    you: { id: "p_a" }, meeting: {}, participants: [me], token: "t1",
  };
  const goes = async () => {
    heard.pagehide({ timeStamp: 0, persisted: false });
    await new Promise(setImmediate);
    console.log(JSON.stringify(said));
  };
"""

COMES = """
  socket.start();
  pass(400);
  sockets[0].opens();
  pass(600);
  sockets[0].hears(joined);
  pass(3_600_000);
"""


def said(script: str) -> list[Any]:
    told: list[Any] = node(PAGE + script + "await goes();")
    return told


def back_in(script: str) -> float:
    ((_, goodbye),) = said(script)
    seconds: float = goodbye["back_in"]
    return seconds


@pytest.mark.parametrize(
    "missing", ["navigator = {};", "navigator.sendBeacon = () => false;"], ids=["none", "refused"]
)
def test_a_page_without_beacons_says_goodbye(missing: str) -> None:
    goodbye = {"session": "s1", "attempt": 1, "back_in": 6}
    assert said(COMES) == [["beacon", goodbye]]
    assert said(missing + COMES) == [["POST https://meet.example/api/goodbye true", goodbye]]


def test_a_page_would_be_back_in_twice_what_it_took_to_load_and_connect() -> None:
    assert back_in(COMES) == 2 * (2 + 0.4 + 0.6)


def test_the_wait_to_be_let_in_is_no_part_of_that() -> None:
    waits = {"type": "waiting", "id": 1, "knock": "k1", "position": 1, "message": "", "heartbeat": 15}
    waiting = f"sockets[0].hears({waits}); pass(60_000); sockets[0].hears(joined);"
    assert back_in(COMES.replace("sockets[0].hears(joined);", waiting)) == 6


def test_neither_is_the_time_without_the_server() -> None:
    away = "socket.start(); pass(20_000); sockets[0].onclose({ code: 1006 }); pass(9_000); socket.hurry();"
    assert back_in(COMES.replace("socket.start();", away).replace("sockets[0].", "sockets.at(-1).")) == 6


def test_nor_without_its_store() -> None:
    answer = "sockets[0].hears(joined);"
    unavailable = '{ type: "error", id: 1, code: "unavailable", message: "", retry_after: 30 }'
    # The page looks at the time every few seconds, and asks again when it is due.
    later = f"sockets[0].hears({unavailable}); pass(40_000); await due(); pass(600); {answer}"
    timers = "let due; globalThis.setTimeout = (run) => { due = async () => run(); return 0; };"
    assert back_in(timers + COMES.replace(answer, later)) == 6
