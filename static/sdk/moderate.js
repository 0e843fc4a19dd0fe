/** The orders of those in charge, as docs/moderation.md has them. Each is a promise: carried out, or refused. */

/** @typedef {"audio" | "video" | "screen"} Flag */

/** All reject with a `ReconveneError` whose `code` is the protocol's, such as `forbidden`, or `interrupted`. */
export class Moderate {
  #orders;

  /** @param {import("./orders.js").Orders} orders @internal */
  constructor(orders) {
    this.#orders = orders;
  }

  /** Out with somebody. @param {string} participant @param {{back?: "never" | "knock" | "freely"}} [how]  how they may come back */
  remove(participant, { back = "never" } = {}) {
    return this.#orders.give({ type: "remove", participant, back });
  }

  /** Whoever was removed may come again. @param {string} participant */
  readmit(participant) {
    return this.#orders.give({ type: "readmit", participant });
  }

  /** What somebody may do; null: what everybody may. @param {string | readonly string[]} participants @param {import("./protocol.js").Rights} may */
  allow(participants, may) {
    return this.#orders.give({ type: "allow", participants: listOf(participants), may });
  }

  /** @param {string} participant @param {import("./protocol.js").Role} role  `host` hands the meeting over */
  setRole(participant, role) {
    return this.#orders.give({ type: "set_role", participant, role });
  }

  /**
   * Changes what `settings` names. `password` is the password itself, or null to take it away.
   * @param {{[setting: string]: unknown}} settings
   * @param {{revision?: number}} [seen]  rejects with `changed` if somebody has changed the settings since this revision
   */
  settings(settings, { revision } = {}) {
    return this.#orders.give({ type: "settings", settings, ...(revision !== undefined && { if: revision }) });
  }

  /** Who is shown large to everyone, at most three. @param {string | readonly string[]} participants */
  spotlight(participants) {
    return this.#orders.give({ type: "spotlight", participants: listOf(participants) });
  }

  /** Lets in who waits. @param {string | readonly string[]} knocks  their ids */
  admit(knocks) {
    return this.#orders.give({ type: "admit", knocks: listOf(knocks) });
  }

  /** @param {string | readonly string[]} knocks  their ids */
  deny(knocks) {
    return this.#orders.give({ type: "deny", knocks: listOf(knocks) });
  }

  /** Turns something off for others, once. @param {string | readonly string[]} participants  or "others" @param {Partial<Record<Flag, false>>} [media] */
  mute(participants, media = { audio: false }) {
    return this.#orders.give({ type: "mute", participants: participants === "others" ? participants : listOf(participants), media });
  }

  /** Asks somebody to turn something on. @param {string} participant @param {Partial<Record<Flag, true>>} [media] */
  ask(participant, media = { audio: true }) {
    return this.#orders.give({ type: "ask", participant, media });
  }

  /** @param {string | readonly string[]} participants */
  lowerHands(participants) {
    return this.#orders.give({ type: "lower_hands", participants: listOf(participants) });
  }

  /** Ends the meeting for all. */
  end() {
    return this.#orders.give({ type: "end" });
  }
}

/** @param {string | readonly string[]} ids */
const listOf = (ids) => (typeof ids === "string" ? [ids] : [...ids]);
