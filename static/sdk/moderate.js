/** The orders of those in charge, as docs/moderation.md has them. Each is a promise: carried out, or refused. */
import { ReconveneError } from "./errors.js";
import { isLasting } from "./outbox.js";

/**
 * @typedef {import("./outbox.js").NewOrder} NewOrder
 * @typedef {"audio" | "video" | "screen"} Flag
 * @typedef {{resolve: () => void, reject: (error: ReconveneError) => void, lasts: boolean}} Waiter
 */

/** An order is known again by it when its answer comes. It is not sent: JSON leaves symbols out. */
const NUMBER = Symbol("number");

/** All reject with a `ReconveneError` whose `code` is the protocol's, such as `forbidden`, or `interrupted`. */
export class Moderate {
  #give;
  #last = 0;
  /** @type {Map<number, Waiter>} */
  #waiters = new Map();

  /** @param {(order: NewOrder) => boolean} give  false if nobody can carry it out now */
  constructor(give) {
    this.#give = give;
  }

  /** Out with somebody. @param {string} participant @param {{back?: "never" | "knock" | "freely"}} [how]  how they may come back */
  remove(participant, { back = "never" } = {}) {
    return this.#order({ type: "remove", participant, back });
  }

  /** Whoever was removed may come again. @param {string} participant */
  readmit(participant) {
    return this.#order({ type: "readmit", participant });
  }

  /** What somebody may do; null: what everybody may. @param {string | readonly string[]} participants @param {import("./protocol.js").Rights} may */
  allow(participants, may) {
    return this.#order({ type: "allow", participants: listOf(participants), may });
  }

  /** @param {string} participant @param {import("./protocol.js").Role} role  `host` hands the meeting over */
  setRole(participant, role) {
    return this.#order({ type: "set_role", participant, role });
  }

  /**
   * Changes what `settings` names. `password` is the password itself, or null to take it away.
   * @param {{[setting: string]: unknown}} settings
   * @param {{revision?: number}} [seen]  rejects with `changed` if somebody has changed the settings since this revision
   */
  settings(settings, { revision } = {}) {
    return this.#order({ type: "settings", settings, ...(revision !== undefined && { if: revision }) });
  }

  /** Who is shown large to everyone, at most three. @param {string | readonly string[]} participants */
  spotlight(participants) {
    return this.#order({ type: "spotlight", participants: listOf(participants) });
  }

  /** Lets in who waits. @param {string | readonly string[]} knocks  their ids */
  admit(knocks) {
    return this.#order({ type: "admit", knocks: listOf(knocks) });
  }

  /** @param {string | readonly string[]} knocks  their ids */
  deny(knocks) {
    return this.#order({ type: "deny", knocks: listOf(knocks) });
  }

  /** Turns something off for others, once. @param {string | readonly string[]} participants  or "others" @param {Partial<Record<Flag, false>>} [media] */
  mute(participants, media = { audio: false }) {
    return this.#order({ type: "mute", participants: participants === "others" ? participants : listOf(participants), media });
  }

  /** Asks somebody to turn something on. @param {string} participant @param {Partial<Record<Flag, true>>} [media] */
  ask(participant, media = { audio: true }) {
    return this.#order({ type: "ask", participant, media });
  }

  /** @param {string | readonly string[]} participants */
  lowerHands(participants) {
    return this.#order({ type: "lower_hands", participants: listOf(participants) });
  }

  /** Ends the meeting for all. */
  end() {
    return this.#order({ type: "end" });
  }

  /** An order was answered. @param {import("./actions.js").Answered} answered @internal */
  answered({ order, error }) {
    const number = /** @type {{[NUMBER]?: number}} */ (order)[NUMBER] ?? 0;
    const waiter = this.#waiters.get(number);
    this.#waiters.delete(number);
    if (error) waiter?.reject(new ReconveneError(error.code, error.message));
    else waiter?.resolve();
  }

  /** Nobody will answer: whether it was carried out is not known. @param {{all: boolean}} which  without `all`, only what does not last @internal */
  interrupted({ all }) {
    for (const [number, { reject, lasts }] of this.#waiters) {
      if (lasts && !all) continue;
      this.#waiters.delete(number);
      reject(new ReconveneError("interrupted", "The connection was lost: it is not known whether this was carried out."));
    }
  }

  /** @param {NewOrder} order @returns {Promise<void>} */
  #order(order) {
    return new Promise((resolve, reject) => {
      this.#last += 1;
      this.#waiters.set(this.#last, { resolve, reject, lasts: isLasting(order) });
      if (this.#give(/** @type {NewOrder} */ ({ ...order, [NUMBER]: this.#last }))) return;
      this.#waiters.delete(this.#last);
      reject(new ReconveneError("not_joined", "You are not in the meeting."));
    });
  }
}

/** @param {string | readonly string[]} ids */
const listOf = (ids) => (typeof ids === "string" ? [ids] : [...ids]);
