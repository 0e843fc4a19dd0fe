/** What those in charge did, in words. */
import { part, write } from "../ui/dom.js";
import { dayAndClock } from "../ui/times.js";
import { all, t } from "../words/words.js";

/** @typedef {import("./record.js").Deed} Deed */

/** @type {Record<string, string>} */
const SETTINGS = {
  lobby: t("who has to be let in"),
  may: t("what everyone may do"),
  message: t("what those who wait are told"),
  password: t("the password"),
  password_skips_lobby: t("whether the password lets past the lobby"),
  join_before_host: t("whether people may come before the host"),
  opens_at: t("when it opens"),
  ends_at: t("when it ends"),
  without_host: t("what happens without a host"),
  chat: t("who may write"),
  chat_keep: t("what is kept of the chat"),
  chat_history: t("what late comers see of the chat"),
};

/** @type {Record<string, (by: string, whom: string, deed: Deed) => string>} */
const TEXTS = {
  settings: (by, _, { settings }) => settingsText(by, settings),
  spotlight: (by) => t("{by} changed the spotlight", { by }),
  remove: (by, whom, { back }) =>
    back === "never" ? t("{by} removed {whom} for good", { by, whom })
    : back === "knock" ? t("{by} removed {whom}, who may come back when let in", { by, whom })
    : t("{by} removed {whom}, who may come back", { by, whom }),
  readmit: (by, whom) => t("{by} let {whom} come back", { by, whom }),
  allow: (by, whom) => t("{by} changed what {whom} may do", { by, whom }),
  set_role: (by, whom, { role }) =>
    role === "host" ? t("{by} made {whom} host", { by, whom })
    : role === "cohost" ? t("{by} made {whom} co-host", { by, whom })
    : t("{by} made {whom} a participant", { by, whom }),
  admit: (by, whom) => t("{by} let {whom} in", { by, whom }),
  deny: (by, whom) => t("{by} turned {whom} away", { by, whom }),
  invite: (by, _, { role }) =>
    role === "host" ? t("{by} made a host link", { by })
    : role === "cohost" ? t("{by} made an invite link for co-hosts", { by })
    : t("{by} made an invite link", { by }),
  host_link: (by, whom) => (whom ? t("{by} became host in place of {whom}, by the host link", { by, whom }) : t("{by} became host by the host link", { by })),
  revoke_invite: (by) => t("{by} revoked an invite link", { by }),
  end: (by) => t("{by} ended the meeting", { by }),
  without_host: (_by, _whom, { settings }) => (settings?.locked ? t("Nobody was in charge: the meeting was locked") : t("Nobody was in charge: the meeting was ended")),
  rename: (by, _, { name, before }) => (before && name ? t("{before} took the name {name}", { before, name }) : t("{by} took another name", { by })),
  chat_erase: (by, whom) => t("{by} deleted all that {whom} wrote", { by, whom }),
  chat_delete: (by, whom) => t("{by} deleted a message of {whom}", { by, whom }),
};

/** @param {Deed} deed @returns {string} */
function deedText(deed) {
  const by = deed.by === null ? t("The server") : nameOf(deed.by);
  const whom = all(deed.whom.map(nameOf));
  return TEXTS[deed.action]?.(by, whom, deed) ?? `${by}: ${deed.action} ${whom}`.trim();
}

/** @param {string} by @param {Record<string, unknown>} [settings] */
function settingsText(by, settings = {}) {
  if ("locked" in settings) return settings.locked ? t("{by} locked the meeting", { by }) : t("{by} unlocked the meeting", { by });
  const what = Object.keys(settings).map((name) => SETTINGS[name] ?? name);
  return t("{by} changed {what}", { by, what: all(what) });
}

/** @param {string} name  "": of somebody who was never in the meeting */
const nameOf = (name) => name || t("somebody who was never in");

/** @param {HTMLElement} section @param {readonly Deed[]} deeds */
export function showAudit(section, deeds) {
  section.hidden = deeds.length === 0;
  const list = part(section, "deeds");
  // The record only grows, and has the latest deeds alone.
  const latest = JSON.stringify(deeds.at(-1) ?? null);
  if (list.childElementCount === deeds.length && list.dataset.latest === latest) return;
  list.dataset.latest = latest;
  write(part(section, "count"), String(deeds.length));
  list.replaceChildren(...deeds.map((deed) => {
    const item = document.createElement("li");
    const time = Object.assign(document.createElement("time"), { dateTime: new Date(deed.at).toISOString(), textContent: dayAndClock(deed.at) });
    item.append(time, Object.assign(document.createElement("span"), { dir: "auto", textContent: deedText(deed) }));
    return item;
  }));
}
