/**
 * A menu at a person's entry in the list: what those in charge can do about them, and the security code of the connection
 * to them.
 */
import { changeName } from "./rename.js";
import { showSecurityCode } from "./code-dialog.js";
import { askHowToRemove, askWhetherToHandOver } from "./moderation-questions.js";
import { qualityText } from "./quality-marks.js";
import { hasAsked } from "./moderation-news.js";
import { t } from "../words/words.js";

/**
 * @typedef {import("./everyone.js").ParticipantView} ParticipantView
 * @typedef {import("./everyone.js").Person} Person
 * @typedef {import("../../sdk/reconvene.js").Meeting} Meeting
 * @typedef {{label: string, run: () => void, danger?: boolean}} Item
 */

/** @type {Record<Person["role"], number>} */
const RANK = { participant: 0, cohost: 1, host: 2 };
const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);
const RIGHTS = /** @type {const} */ ([...MEDIA, "chat", "hand"]);
const TURN_OFF = { audio: t("Turn off microphone"), video: t("Turn off camera"), screen: t("Stop screen sharing") };
const ALLOW = { audio: t("Allow microphone"), video: t("Allow camera"), screen: t("Allow screen sharing"), chat: t("Allow chat"), hand: t("Allow raising hands") };
const FORBID = { audio: t("Forbid microphone"), video: t("Forbid camera"), screen: t("Forbid screen sharing"), chat: t("Forbid chat"), hand: t("Forbid raising hands") };
const NOTE = "person-menu-note";
const MOST_SPOTLIGHT = 3;
/** Pixels between the menu and the edge of the window. */
const EDGE = 8;

export class PersonMenu {
  /** How good the connection to somebody is, if it is known. @type {(id: string) => import("../../sdk/reconvene.js").Quality | undefined} */
  quality = () => undefined;
  #menu;
  #meeting;
  #tell;
  /** Whose it is. */
  #id = "";

  /** @param {HTMLElement} menu @param {Meeting} meeting @param {import("./order-news.js").TellOrder} tell */
  constructor(menu, meeting, tell) {
    this.#menu = menu;
    /** Whom the user has pinned. @type {{isPinned(id: string, own: boolean): boolean, togglePin(id: string, own: boolean): void} | null} */
    this.pins = null;
    this.#meeting = meeting;
    this.#tell = tell;
  }

  /** Whether there is anything in the menu of this person. @param {Person} person */
  concerns({ id }) {
    if (id === this.#meeting.me.id) return true;
    const participant = this.#meeting.participants.get(id);
    return participant !== undefined && (this.pins !== null || this.#isBelow(participant) || hasCode(participant));
  }

  /** @param {ParticipantView} participant */
  #isBelow({ role }) {
    const { me } = this.#meeting.getSnapshot();
    return me.inCharge && RANK[role] < RANK[me.role];
  }

  /** @param {string} id @param {HTMLElement} button  that it belongs to */
  open(id, button) {
    const participant = this.#meeting.participants.get(id);
    this.#id = id;
    if (id === this.#meeting.me.id) return this.#show([], [{ label: t("Change your name…"), run: () => void changeName(this.#meeting) }], t("More about you"), button);
    if (!participant || !this.concerns(participant)) return;
    const isBelow = this.#isBelow(participant);
    const items = [...(isBelow ? this.#orders(participant) : []), ...this.#sights(participant)];
    if (hasCode(participant)) items.push({ label: t("Security code…"), run: () => void showSecurityCode(this.#meeting, participant) });
    if (isBelow) items.push({ label: t("Remove…"), danger: true, run: () => void this.#remove(participant) });
    const note = isBelow && !participant.obeys ? [disobedient(participant.name)] : [];
    const quality = qualityText(this.quality(id));
    if (quality) note.push(noted(quality));
    this.#show(note, items, t("More about {name}", { name: participant.name }), button);
  }

  /** If it is open for this person. @param {string} id */
  close(id) {
    if (this.#id === id && this.#menu.matches(":popover-open")) this.#menu.hidePopover();
  }

  /** @param {HTMLElement[]} note @param {Item[]} items @param {string} label @param {HTMLElement} button  that it belongs to */
  #show(note, items, label, button) {
    this.#menu.setAttribute("aria-label", label);
    if (note[0]) note[0].id = NOTE;
    if (note.length) this.#menu.setAttribute("aria-describedby", NOTE);
    else this.#menu.removeAttribute("aria-describedby");
    this.#menu.replaceChildren(...note, ...items.map((item) => this.#button(item)));
    this.#menu.showPopover();
    place(this.#menu, button);
    this.#menu.querySelector("button")?.focus();
  }

  /** @param {Item} item */
  #button({ label, run, danger }) {
    const button = document.createElement("button");
    button.className = danger ? "menu-item danger" : "menu-item";
    button.textContent = label;
    button.addEventListener("click", () => {
      this.#menu.hidePopover();
      run();
    });
    return button;
  }

  /** Who is large: for the user, and for everyone. @param {ParticipantView} participant @returns {Item[]} */
  #sights({ id }) {
    const { me, settings, participants } = this.#meeting.getSnapshot();
    const { pins } = this;
    /** @type {Item[]} */
    const items = pins ? [{ label: pins.isPinned(id, false) ? t("Unpin") : t("Pin for me"), run: () => pins.togglePin(id, false) }] : [];
    // Who has left takes nobody's place.
    const here = new Set([me.id, ...participants.map((each) => each.id)]);
    const lit = (settings.spotlight ?? []).filter((each) => here.has(each));
    // The longest there makes room.
    const others = lit.filter((other) => other !== id).slice(-(MOST_SPOTLIGHT - 1));
    const order = () => void this.#tell(this.#meeting.moderate.spotlight(lit.includes(id) ? others : [...others, id]));
    if (me.inCharge) items.push({ label: lit.includes(id) ? t("Remove from spotlight") : t("Spotlight for everyone"), run: order });
    return items;
  }

  /** @param {ParticipantView} participant @returns {Item[]} */
  #orders({ id, name, sends, may, hand, role, bot }) {
    const { me, moderate } = this.#meeting;
    /** @type {Item[]} */
    const items = MEDIA.filter((right) => sends[right]).map((right) => ({
      label: TURN_OFF[right],
      run: () => void this.#tell(moderate.mute(id, { [right]: false })),
    }));
    if (!sends.audio && may.audio) items.push({ label: t("Ask to turn on microphone"), run: () => void this.#tell(moderate.ask(id), hasAsked(name)) });
    if (hand) items.push({ label: t("Lower hand"), run: () => void this.#tell(moderate.lowerHands(id)) });
    if (role === "participant") items.push(...RIGHTS.map((right) => this.#allow(id, right, may[right])));
    if (me.role === "host" && !bot) items.push(...this.#roles(id, role, name));
    return items;
  }

  /** @param {string} id @param {import("../../sdk/reconvene.js").Right} right @param {boolean} allowed @returns {Item} */
  #allow(id, right, allowed) {
    const common = this.#meeting.getSnapshot().settings.may?.[right] ?? true;
    // As everybody may, where that is enough.
    const value = allowed ? (common ? false : null) : common ? null : true;
    return {
      label: allowed ? FORBID[right] : ALLOW[right],
      run: () => void this.#tell(this.#meeting.moderate.allow(id, { [right]: value })),
    };
  }

  /** @param {string} id @param {Person["role"]} role @param {string} name @returns {Item[]} */
  #roles(id, role, name) {
    const other = role === "cohost" ? "participant" : "cohost";
    return [
      { label: other === "cohost" ? t("Make co-host") : t("Make participant"), run: () => void this.#tell(this.#meeting.moderate.setRole(id, other)) },
      { label: t("Hand over the meeting…"), run: () => void this.#handOver(id, name) },
    ];
  }

  /** @param {string} id @param {string} name */
  async #handOver(id, name) {
    if (await askWhetherToHandOver(name)) void this.#tell(this.#meeting.moderate.setRole(id, "host"));
  }

  /** @param {ParticipantView} participant */
  async #remove({ id, name }) {
    const how = await askHowToRemove(name);
    if (how) await removeAs(this.#meeting, this.#tell, id, how);
  }
}

/**
 * @param {Pick<Meeting, "moderate" | "chat" | "getSnapshot">} meeting @param {import("./order-news.js").TellOrder} tell @param {string} id
 * @param {NonNullable<Awaited<ReturnType<typeof askHowToRemove>>>} how
 */
export async function removeAs(meeting, tell, id, { back, knock, erase }) {
  const { moderate, chat } = meeting;
  const { lobby = "off" } = meeting.getSnapshot().settings;
  // Before anybody can come as somebody new: they are out at once, and the removal is acknowledged when it is recorded.
  const knocking = knock ? tell(moderate.settings({ lobby: "everyone" })) : "";
  const refused = await tell(moderate.remove(id, { back }));
  // Of whoever stays nothing is deleted. And of whoever is gone: nothing more is written by then.
  if (!refused && erase) await tell(chat.erase(id));
  // And nobody has to wait because of them.
  if (knock && !(await knocking) && refused) await tell(moderate.settings({ lobby }));
}

/** Programs read nothing out, and on pages without HTTPS there are no codes. @param {ParticipantView} participant */
const hasCode = ({ bot, connection }) => !bot && Boolean(globalThis.crypto?.subtle) && connection === "connected";

/** What to know before muting somebody. @param {string} name */
function disobedient(name) {
  return noted(t("{name} uses an old page, or another program, that turns nothing off by itself. Up-to-date pages do not play what you turn off; old ones do.", { name }));
}

/** @param {string} text */
function noted(text) {
  return Object.assign(document.createElement("p"), { className: "menu-note", textContent: text });
}

/** Below the button, or above it where there is no room. @param {HTMLElement} menu @param {HTMLElement} button */
export function place(menu, button) {
  const { right, top, bottom } = button.getBoundingClientRect();
  const { offsetHeight, offsetWidth, style } = menu;
  const below = window.innerHeight - bottom > offsetHeight + EDGE;
  const wanted = below ? bottom + 4 : top - offsetHeight - 4;
  style.top = `${Math.max(EDGE, Math.min(wanted, window.innerHeight - offsetHeight - EDGE))}px`;
  style.left = `${Math.max(EDGE, Math.min(right, document.documentElement.clientWidth - EDGE) - offsetWidth)}px`;
}
