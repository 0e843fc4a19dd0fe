/**
 * A menu at a person's entry in the list: what those in charge can do about them, and the security code of the connection
 * to them.
 */
import { showSecurityCode } from "./code-dialog.js";
import { askHowToRemove, askWhetherToHandOver } from "./moderation-questions.js";
import { NAMES } from "./rights-texts.js";
import { inCharge, may } from "../../sdk/rights.js";
import { canCode } from "../../sdk/security-code.js";

/**
 * @typedef {import("../../sdk/protocol.js").Participant} Participant
 * @typedef {import("../../sdk/call.js").Call} Call
 * @typedef {{label: string, run: () => void, danger?: boolean}} Item
 */

/** @type {Record<Participant["role"], number>} */
const RANK = { participant: 0, cohost: 1, host: 2 };
const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);
const TURN_OFF = { audio: "Turn off microphone", video: "Turn off camera", screen: "Stop screen sharing" };
const NOTE = "person-menu-note";
/** Pixels between the menu and the edge of the window. */
const EDGE = 8;

export class PersonMenu {
  #menu;
  #call;

  /** @param {HTMLElement} menu @param {Call} call */
  constructor(menu, call) {
    this.#menu = menu;
    this.#call = call;
  }

  /** Whether there is anything in the menu of this participant. @param {Participant} participant */
  concerns(participant) {
    return this.#isBelow(participant) || this.#hasCode(participant);
  }

  /** @param {Participant} participant */
  #isBelow({ role }) {
    const { me, inCharge } = this.#call;
    return inCharge && me !== undefined && RANK[role] < RANK[me.role];
  }

  /** Programs read nothing out. @param {Participant} participant */
  #hasCode({ id, kind }) {
    return kind !== "bot" && canCode() && this.#call.mesh.connection(id) === "connected";
  }

  /** @param {string} id @param {HTMLElement} button  that it belongs to */
  open(id, button) {
    const participant = this.#call.roster.get(id);
    if (!participant || !this.concerns(participant)) return;
    this.#menu.setAttribute("aria-label", `More about ${participant.name}`);
    const isBelow = this.#isBelow(participant);
    const items = isBelow ? this.#orders(participant) : [];
    if (this.#hasCode(participant)) items.push({ label: "Security code…", run: () => void showSecurityCode(this.#call, participant) });
    if (isBelow) items.push({ label: "Remove…", danger: true, run: () => void this.#remove(participant) });
    const note = isBelow && participant.obeys === false ? [disobedient(participant.name)] : [];
    if (note.length) this.#menu.setAttribute("aria-describedby", NOTE);
    else this.#menu.removeAttribute("aria-describedby");
    this.#menu.replaceChildren(...note, ...items.map((item) => this.#button(item)));
    this.#menu.showPopover();
    place(this.#menu, button);
    this.#menu.querySelector("button")?.focus();
  }

  /** @param {KeyboardEvent} event */
  moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...this.#menu.querySelectorAll("button")];
    const at = items.findIndex((item) => item === document.activeElement);
    items[(at + step + items.length) % items.length]?.focus();
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

  /** @param {Participant} participant @returns {Item[]} */
  #orders(participant) {
    const { id, media, hand, role, kind } = participant;
    const call = this.#call;
    const allowed = (/** @type {"audio" | "video" | "screen"} */ right) => may(participant, call.meeting, right);
    /** @type {Item[]} */
    const items = MEDIA.filter((right) => media[right]).map((right) => ({
      label: TURN_OFF[right],
      run: () => call.order({ type: "mute", participants: [id], media: { [right]: false } }),
    }));
    if (!media.audio && allowed("audio")) items.push({ label: "Ask to turn on microphone", run: () => call.order({ type: "ask", participant: id, media: { audio: true } }) });
    if (hand) items.push({ label: "Lower hand", run: () => call.order({ type: "lower_hands", participants: [id] }) });
    if (!inCharge(participant)) items.push(...MEDIA.map((right) => this.#allow(participant, right, allowed(right))));
    if (call.me?.role === "host" && kind !== "bot") items.push(...this.#roles(id, role, participant.name));
    return items;
  }

  /** @param {Participant} participant @param {"audio" | "video" | "screen"} right @param {boolean} allowed @returns {Item} */
  #allow({ id }, right, allowed) {
    const common = this.#call.meeting.settings?.may?.[right] ?? true;
    // As everybody may, where that is enough.
    const value = allowed ? (common ? false : null) : common ? null : true;
    return {
      label: `${allowed ? "Forbid" : "Allow"} ${NAMES[right]}`,
      run: () => this.#call.order({ type: "allow", participants: [id], may: { [right]: value } }),
    };
  }

  /** @param {string} id @param {Participant["role"]} role @param {string} name @returns {Item[]} */
  #roles(id, role, name) {
    const other = role === "cohost" ? "participant" : "cohost";
    return [
      { label: other === "cohost" ? "Make co-host" : "Make participant", run: () => this.#call.order({ type: "set_role", participant: id, role: other }) },
      { label: "Hand over the meeting…", run: () => void this.#handOver(id, name) },
    ];
  }

  /** @param {string} id @param {string} name */
  async #handOver(id, name) {
    if (await askWhetherToHandOver(name)) this.#call.order({ type: "set_role", participant: id, role: "host" });
  }

  /** @param {Participant} participant */
  async #remove({ id, name }) {
    const back = await askHowToRemove(name);
    if (!back) return;
    this.#call.order({ type: "remove", participant: id, back: back.back });
    if (back.knock) this.#call.order({ type: "settings", settings: { lobby: "everyone" } });
  }
}

/** What to know before muting somebody. @param {string} name */
function disobedient(name) {
  const note = document.createElement("p");
  note.className = "menu-note";
  note.id = NOTE;
  note.textContent = `${name} uses an old page, or another program, that turns nothing off by itself. Up-to-date pages do not play what you turn off; old ones do.`;
  return note;
}

/** Below the button, or above it where there is no room. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const { right, top, bottom } = button.getBoundingClientRect();
  const { offsetHeight, offsetWidth, style } = menu;
  const below = window.innerHeight - bottom > offsetHeight + EDGE;
  const wanted = below ? bottom + 4 : top - offsetHeight - 4;
  style.top = `${Math.max(EDGE, Math.min(wanted, window.innerHeight - offsetHeight - EDGE))}px`;
  style.left = `${Math.max(EDGE, Math.min(right, document.documentElement.clientWidth - EDGE) - offsetWidth)}px`;
}
