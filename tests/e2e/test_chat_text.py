"""What of a message is a link, how long it is, and which draft is whose, without a meeting: functions of the page."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Newcomer

PURE = """async () => {
  const { lengthOf, pieces, short, spoken } = await import("/static/js/meeting/chat-text.js");
  const { ChatDraft } = await import("/static/js/meeting/chat-draft.js");
  const links = (text) => pieces(text).filter(({ href }) => href).map(({ text }) => text);
  const whole = (text) => pieces(text).map(({ text }) => text).join("");
  const odd = ["", " ", "http://", "https://[", "javascript:alert(1)", "data:text/html,x", "ftp://a.b", "HTTPS://A.B/",
    "x https://a.b, (https://c.d/e_(f)), <https://g.h>", "https://user:pw@evil.example/", "https://a.b\\u202egpj.exe",
    "mailto:a@b.c", "vbscript:https://a.b", "https://a.b".repeat(3)];
  return {
    links: odd.flatMap(links),
    whole: odd.every((text) => whole(text) === text),
    length: [lengthOf("👏 \\n\\n"), lengthOf("\\n"), lengthOf(" \\ta\\tb \\r\\n\\r\\n c"), lengthOf("e\\u0301")],
    drafts: (() => {
      const kept = {};
      const storage = { getItem: (key) => kept[key] ?? null, setItem: (key, value) => (kept[key] = value) };
      storage.removeItem = (key) => delete kept[key];
      const here = new ChatDraft(storage, "A");
      here.write("p_1", { text: "a", to: "" });
      const read = [here.read("p_1"), here.read("p_2"), new ChatDraft(storage, "B").read("p_1")];
      new ChatDraft(storage, "B").write("p_1", { text: "b", to: "" });
      read.push(here.read("p_1"), new ChatDraft(storage, "B").read("p_1"));
      for (const id of "CDEFGHIJKL") new ChatDraft(storage, id).write("p_1", { text: "c", to: "" });
      read.push(here.read("p_1"), new ChatDraft(storage, "C").read("p_1"));
      const wrong = ["{", "7", '["A","p_1","a",""]', '[["A","p_1",7,""]]']
        .map((value) => ((kept[Object.keys(kept)[0]] = value), here.read("p_1")));
      const about = { edit: true, id: "m_1", name: "A", written: "x" };
      here.write("p_1", { text: "", to: "", about });
      const edit = here.read("p_1")?.about.written;
      here.forget();
      return [edit, ...[...read, ...wrong, here.read("p_1")].map((draft) => draft && [draft.text, draft.to])];
    })(),
    short: [short("a\\n b", 10), short("👏".repeat(9), 4)],
    spoken: [[], [["A", "👏"], ["B", "👏"], ["A", "👏"], ["C", "x"]]]
      .map((reactions) => spoken(reactions.map(([name, emoji]) => ({ name, emoji })))),
  };
}"""

LIST = """async () => {
  const { ChatItems } = await import("/static/js/meeting/chat-items.js");
  const log = document.createElement("div"), list = document.createElement("ol");
  log.tabIndex = 0;
  document.body.append(log);
  log.append(list);
  const at = new Date().toISOString();
  const messages = [..."01234"].map((id) => ({ id, from: "p_1", name: "A", text: id, at, to: null, replyTo: null }));
  const reader = { id: "p_1", inCharge: false, mayWrite: true, nameOf: () => "", find: () => undefined };
  const items = new ChatItems(list);
  const watch = new MutationObserver(() => {});
  items.show(messages.slice(0, 4), [], reader);
  watch.observe(list, { childList: true });
  const focus = (id) => list.querySelector(`[data-message="${id}"] [data-part=reply]`).focus();
  const held = () => document.activeElement.closest("li")?.dataset.message ?? document.activeElement === log;
  const ids = (nodes) => [...nodes].map(({ dataset }) => dataset.message);
  // The oldest goes as a new one comes: nothing else is touched.
  focus(2);
  items.show(messages.slice(1), [], reader);
  const moved = watch.takeRecords().map(({ addedNodes, removedNodes }) => [ids(removedNodes), ids(addedNodes)]);
  const kept = held();
  focus(1);
  items.show(messages.slice(2), [], reader);
  const left = held();
  log.remove();
  return { moved, held: [kept, left] };
}"""

FORM = """async () => {
  const { ChatForm } = await import("/static/js/meeting/chat-form.js");
  const { fromTemplate, part } = await import("/static/js/ui/dom.js");
  const view = fromTemplate("meeting"), panel = part(view, "chat");
  document.body.append(panel);
  panel.hidden = false;
  const form = new ChatForm(panel, async () => true, () => {});
  const others = ["bob", "cleo"].map((id) => ({ id, name: id, role: "participant" }));
  const update = (reach) => form.update({ reach, others, nameOf: () => "", find: () => undefined });
  const start = (text, to) => (form.cancel(), update("all"), form.restore({ text, to }));
  const after = (text, to, act) => (start(text, to), act(), Object.values(form.draft));
  const take = (to) => () => form.take({ text: "x", to });
  const reply = (to) => () => form.reply({ id: "m_1", from: "cleo", name: "Cleo", text: "?", to }, false);
  const field = part(panel, "chat-text");
  const giveUp = (text) => () => (reply("me")(), (field.value = text), form.cancel());
  const found = {
    taken: [["", ""], ["", "bob"], ["a", "bob"], ["a", ""]]
      .flatMap(([text, to]) => [null, "bob", "cleo"].map((whom) => after(text, to, take(whom)).join())),
    narrower: after("a", "bob", () => (update("hosts"), take(null)())).join(),
    replies: [["", "bob"], ["a", "bob"], ["a", ""]].map(([text, to]) => after(text, to, reply(null)).join()),
    cancelled: ["a", "a secret"].map((text) => after("a", "", giveUp(text)).join()),
    closed: after("a", "cleo", () => (form.focus(), update("nobody"))).join(),
    held: [document.activeElement === field, field.readOnly, !part(panel, "chat-form").hidden],
  };
  // As after a reload: what it answers or edits may have gone.
  const about = (edit) => ({ edit, id: "m_1", name: "Cleo", written: "x" });
  found.again = [true, false].map((edit) => {
    const draft = { text: edit ? "a" : "x", to: "bob", about: about(edit) };
    const answer = after("a", "bob", () => form.restore(draft)).join();
    const { written } = form.unsent.about;
    form.cancel();
    return [answer, written, Object.values(form.draft).join(), form.unsent.about];
  });
  start("a", "cleo");
  field.focus();
  update("nobody");
  update("all");
  found.open = [field.readOnly, ...Object.values(form.draft)];
  field.blur();
  update("nobody");
  form.focus();
  found.held.push(document.activeElement === panel.querySelector("h2"));
  panel.remove();
  return found;
}"""

REMOVAL = """async () => {
  const { removeAs } = await import("/static/js/meeting/person-menu.js");
  const deeds = async (how, refused) => {
    const done = [];
    const give = (what) => () => (done.push(what), Promise.resolve(what));
    const moderate = { remove: give("remove"), settings: give("settings") };
    const tell = async (order) => ((await order) === refused ? "No." : "");
    const meeting = { moderate, chat: { erase: give("erase") }, getSnapshot: () => ({ settings: {} }) };
    await removeAs(meeting, tell, "p_1", { back: "never", ...how });
    return done;
  };
  const all = { erase: true, knock: true };
  return [await deeds(all, "remove"), await deeds(all, "erase"), await deeds({ erase: false, knock: false })];
}"""


@pytest.mark.one_browser
async def test_what_is_a_link_and_what_is_said(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    assert await ada.page.evaluate(PURE) == {
        "links": [
            "HTTPS://A.B/",
            "https://a.b",
            "https://c.d/e_(f)",
            "https://g.h",
            "https://user:pw@evil.example/",
            "https://a.b",
            "https://a.b",
            "https://a.bhttps://a.bhttps://a.b",
        ],
        "whole": True,
        "length": [1, 0, 15, 1],
        "drafts": [
            "x",
            ["a", ""],
            None,
            None,
            ["a", ""],
            ["b", ""],
            None,
            ["c", ""],
            None,
            None,
            None,
            None,
            None,
        ],
        "short": ["\u2068a b\u2069", "\u2068👏👏👏…\u2069"],
        "spoken": ["", "A and 1 other: applause"],
    }
    assert await ada.page.evaluate(LIST) == {"moved": [[["0"], []], [[], ["4"]]], "held": ["2", True]}
    assert await ada.page.evaluate(FORM) == {
        "taken": [
            "x,",
            "x,bob",
            "x,cleo",
            ",bob",
            "x,bob",
            "x,cleo",
            "a,bob",
            "x\na,bob",
            "a,bob",
            "x\na,",
            "a,",
            "a,",
        ],
        "narrower": "x\na,bob",
        "replies": [",", "a,bob", "a,"],
        "cancelled": ["a,", "a secret,cleo"],
        "closed": "a,cleo",
        "held": [True, True, True, True],
        "again": [["a,bob", "x", "a,bob", None], ["x,bob", "x", "x,bob", None]],
        "open": [False, "a", "cleo"],
    }
    assert await ada.page.evaluate(REMOVAL) == [
        ["settings", "remove", "settings"],
        ["settings", "remove", "erase"],
        ["remove"],
    ]
