"""Parts of the page that need no browser: how problems are said, links, planned ends, deeds. By node."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from tests.process import ROOT

pytestmark = pytest.mark.programs

JS = (ROOT / "static" / "js").as_uri()

AROUND = """
  globalThis.location = new URL("https://meet.example/");
  globalThis.document = new EventTarget();
  document.documentElement = { lang: "%s" };
  globalThis.window = Object.assign(globalThis, { addEventListener() {} });
  const load = (path) => import("%s/" + path);
"""


def node(script: str, language: str = "en") -> Any:
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", AROUND % (language, JS) + script],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def test_a_problem_without_a_line_of_its_own_is_not_given_another_meaning() -> None:
    said = node(
        """
        const { problemText } = await load("ui/problems.js");
        const problems = [
          { code: "forbidden", message: "Only on Sundays." },
          { code: "forbidden", message: "Only the host may do this." },
          { code: "bad_message", message: "A name needs something that can be seen." },
          { code: "nothing", message: "Only on Sundays." },
          "Gesagt.",
        ];
        console.log(JSON.stringify(problems.map(problemText)));
        """,
        "de",
    )
    assert said == [
        "Das ist Ihnen hier nicht erlaubt.",
        "Das darf nur der Host.",
        "Ein Name braucht mindestens ein sichtbares Zeichen.",
        "Only on Sundays.",
        "Gesagt.",
    ]


def test_a_link_is_copied_or_told() -> None:
    said = node(
        """
        const { copyLink } = await load("meeting/invite-sheet.js");
        const told = [];
        const refuses = { writeText: async () => { throw new Error("NotAllowedError"); } };
        for (const clipboard of [undefined, refuses, { writeText: async () => {} }]) {
          Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
          await copyLink("ABC123", { show: (text) => told.push(text) });
        }
        console.log(JSON.stringify(told));
        """
    )
    by_hand = f"Copying was not allowed. The link is https://meet.example{ROOT}/m/ABC123"
    assert said == [by_hand, by_hand, "Link copied"]


def test_a_login_is_in_a_link_only_where_it_is_followed() -> None:
    hrefs = node(
        """
        const { BASE } = await load("here/addresses.js");
        const { carryLogin } = await load("here/carried-login.js");
        globalThis.Element = class {};
        const link = Object.assign(new Element(), {
          origin: location.origin, pathname: `${BASE}/m/ABC123`, hash: "", href: "plain", closest: () => link,
          getAttribute: () => "plain", setAttribute: (name, value) => (link[name] = value),
        });
        carryLogin({ token: "t0" });
        const after = [];
        for (const [type, button] of [["click", 0], ["auxclick", 1], ["auxclick", 2]]) {
          const event = Object.assign(new Event(type), { button });
          Object.defineProperty(event, "target", { value: link });
          document.dispatchEvent(event);
          after.push(link.href);
          await new Promise((resolve) => setTimeout(resolve));
          after.push(link.href);
        }
        console.log(JSON.stringify(after));
        """
    )
    assert hrefs == ["plain#token=t0", "plain", "plain#token=t0", "plain", "plain", "plain"]


def test_an_end_that_is_taken_away_is_said_once() -> None:
    said = node(
        """
        globalThis.fetch = async () => ({ headers: new Headers({ Date: new Date().toUTCString() }) });
        const { EndNews } = await load("meeting/end-news.js");
        const told = [];
        let endsAt = null;
        let changed = () => {};
        const meeting = {
          getSnapshot: () => ({ settings: { ends_at: endsAt } }),
          subscribe: (listener) => ((changed = listener), () => {}),
        };
        const watch = new AbortController();
        const news = new EndNews(meeting, (text) => told.push(text));
        news.start(watch.signal);
        for (const next of ["2100-01-01T10:00:00Z", null, null]) {
          endsAt = next;
          changed();
          await new Promise((resolve) => setTimeout(resolve));
        }
        watch.abort();
        console.log(JSON.stringify(told));
        """
    )
    assert said[-1] == "The meeting is no longer planned to end at a certain time."
    assert [text.startswith("Planned until") for text in said] == [True, False]


SETTINGS = {
    "locked": True,
    "lobby": "guests",
    "may": {"audio": False},
    "message": "Soon",
    "password": True,
    "join_before_host": False,
    "opens_at": "2100-01-01T10:00:00Z",
    "without_host": "end",
    "spotlight": ["p_a"],
    "chat": "off",
    "chat_keep": "record",
    "chat_history": "joined",
}
"""Each other than its default."""


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_change_of_settings_is_told_and_so_is_its_end(language: str) -> None:
    documented = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    table = documented.partition("### Settings")[2].partition("\n## ")[0]
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    # The end is told as it comes nearer; how a password serves, where there is one.
    assert set(names) == SETTINGS.keys() | {"ends_at", "password_skips_lobby"}
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {key: value}) for key, value in SETTINGS.items()
    ]
    changes.append(({"password": True}, {"password": True, "password_skips_lobby": True}))
    changes += [(after, before) for before, after in changes]
    told = node(
        f"""
        const {{ settingsNews }} = await load("meeting/moderation-news.js");
        const told = {json.dumps(changes)}.map(([before, settings]) =>
          settingsNews({{ before, settings, by: "p_a" }}, "p_b", (id) => id && "Ann"));
        console.log(JSON.stringify(told));
        """,
        language,
    )
    for change, texts in zip(changes, told, strict=True):
        assert len(texts) == 1, change
    assert len({text for (text,) in told}) == len(told)
    english = language == "en"
    assert [told[3], told[16]] == (
        [
            ["Those who wait to be let in are told: Soon"],
            ["Those who wait to be let in are told nothing more"],
        ]
        if english
        else [["Nachricht an alle, die warten: Soon"], ["Wer wartet, bekommt keine Nachricht mehr"]]
    )


def test_a_connection_that_the_browser_does_not_make_has_failed() -> None:
    """It is tried again when there is one less, and forgotten when the other has gone."""
    states = node(
        """
        let tries = 0;
        globalThis.MediaStream = class { getTracks() { return []; } };
        globalThis.RTCPeerConnection = class {
          close() {}
          constructor(configuration) {
            if (!configuration) return;
            tries += 1;
            throw new DOMException("no more", "UnknownError");
          }
        };
        console.error = () => {};
        const { Mesh } = await load("../sdk/mesh.js");
        const { Emitter } = await load("../sdk/events.js");
        const mesh = new Mesh(Object.assign(new Emitter(), { states: {} }), () => {});
        const states = [];
        mesh.on("peer", (id) => id === "p_b" && states.push(mesh.connection(id)));
        mesh.sync({ id: "p_a", instance: "i_a" }, [{ id: "p_b", instance: "i_b" }], []);
        mesh.sync({ id: "p_a", instance: "i_a" }, [], []);
        mesh.meet({ id: "p_b", instance: "i_c" });
        mesh.peers.set("p_c", { stop() {}, shown: {} });
        mesh.part("p_c");
        mesh.part("p_b");
        states.push(mesh.connection("p_b"), tries);
        mesh.stop();
        console.log(JSON.stringify(states));
        """
    )
    assert states == ["failed", "failed", "failed", "new", 3]


def test_stays_are_told_in_german() -> None:
    said = node(
        """
        const { recordText } = await load("meeting/own-record.js");
        const stay = { joined_at: "2026-11-30T10:00:00Z", left_at: "2026-11-30T10:00:20Z" };
        console.log(JSON.stringify([recordText([stay]), recordText([stay, stay])]));
        """,
        "de",
    )
    for text in said:
        assert " vom 30.11.2026" in text
        assert text.endswith("unter 1 Min.)."), text


def test_newer_deeds_are_shown_when_the_report_is_full() -> None:
    """It has the latest thousand alone, so their number stays."""
    shown = node(
        """
        globalThis.HTMLElement = class {
          dataset = {};
          items = [];
          parts = {};
          get childElementCount() { return this.items.length; }
          append(...items) { this.items.push(...items); }
          replaceChildren(...items) { this.items = items; }
          querySelector(name) { return (this.parts[name] ??= new HTMLElement()); }
          contains(other) { return Object.values(this.parts).includes(other); }
        };
        document.createElement = () => new HTMLElement();
        const { showAudit } = await load("attendance/audit.js");
        const { part } = await load("ui/dom.js");
        const section = new HTMLElement();
        const told = [];
        const deed = (at) => ({ at, by: `P${at}`, action: "end", whom: [] });
        for (const times of [[1, 2], [1, 2], [2, 3]]) {
          const before = part(section, "deeds").items;
          showAudit(section, times.map(deed));
          const { items } = part(section, "deeds");
          told.push([items !== before, items.at(-1).items[1].textContent]);
        }
        console.log(JSON.stringify(told));
        """
    )
    assert shown == [
        [True, "P2 ended the meeting"],
        [False, "P2 ended the meeting"],
        [True, "P3 ended the meeting"],
    ]


def test_who_ends_the_meeting_and_is_out_for_another_reason_is_told_that_one() -> None:
    said = node(
        """
        const { followsFrom } = await load("meeting/refusals.js");
        const situation = { outside: false, seated: true, canCorrect: false, endedIt: true, forGood: false };
        const codes = ["meeting_ended", "removed", "interrupted", "replaced"];
        console.log(JSON.stringify(codes.map((code) => followsFrom(code, { name: "Ann" }, "", situation).leave)));
        """
    )
    assert said == ["ended_by_me", "removed", "interrupted", "replaced"]


def test_an_order_that_is_not_answered_soon_is_said_to_be_on_its_way() -> None:
    said = node(
        """
        const timers = [];
        const clearTimeout = (id) => (timers[id - 1] = null);
        Object.assign(globalThis, { setTimeout: (run) => timers.push(run), clearTimeout });
        const { tellingOrders } = await load("meeting/order-news.js");
        const shown = [];
        const tell = tellingOrders({ state: "joined" }, { show: (text) => shown.push(text) });
        let answer;
        const soon = tell(Promise.resolve());
        const late = tell(new Promise((resolve) => (answer = resolve)), "Done");
        await soon;
        timers.forEach((run) => run?.());
        answer();
        await late;
        console.log(JSON.stringify(shown));
        """
    )
    assert said == ["That takes longer than usual; it is still being tried.", "Done"]
