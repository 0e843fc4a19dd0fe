/**
 * The commands a client has given and the server has not answered yet, in order. signalling/client/outbox.py is its twin.
 *
 * @typedef {import("./protocol.js").MediaState} MediaState
 * @typedef {{media?: Partial<MediaState>, hand?: boolean}} Change
 * @typedef {{id: number, type: "status", media?: Partial<MediaState>, hand?: boolean}} Status
 * @typedef {{id: number, type: "signal", to: string, data: import("./protocol.js").SignalData}} Signal
 * @typedef {{message: Status | Signal, written: boolean}} Command  `written`: it may have reached the server.
 */

/**
 * Keeps commands until they are answered, across reconnections. Commands answered with `busy` are held per addressee:
 * the first is sent again at `dueAt`, each later one when the one before it is answered.
 */
export class Outbox {
  dueAt = Infinity;
  /** @type {Command[]} */
  #commands = [];
  /** Per addressee, when to send the first command again; Infinity once sent. @type {Map<string, number>} */
  #held = new Map();

  /** Returns whether it may be sent now, given a connection. @param {Status | Signal} message @param {boolean} written */
  add(message, written) {
    const held = this.#held.has(addressee(message));
    this.#commands.push({ message, written: written && !held });
    return !held;
  }

  /** Merges a change into the status that waits, if any: the latest values count. @param {Change} change */
  merge({ media, hand }) {
    const waiting = this.#commands.find(({ message, written }) => message.type === "status" && !written);
    if (waiting?.message.type !== "status") return false;
    if (media) waiting.message.media = { ...waiting.message.media, ...media };
    waiting.message.hand = hand ?? waiting.message.hand;
    return true;
  }

  /** @param {number | undefined} id */
  answered(id) {
    const answered = this.#commands.find(({ message }) => message.id === id);
    if (!answered) return;
    this.#commands = this.#commands.filter((command) => command !== answered);
    const to = addressee(answered.message);
    if (!this.#held.has(to)) return;
    if (!this.#first(to)) this.#held.delete(to);
    else if (this.#held.get(to) === Infinity) this.#held.set(to, -Infinity);
    this.#look();
  }

  /** Holds a command answered with `busy`. False for an unknown id. @param {number | undefined} id @param {number} until */
  hold(id, until) {
    const refused = this.#commands.find(({ message }) => message.id === id);
    if (!refused) return false;
    const to = addressee(refused.message);
    // The server refuses later commands to the same addressee too; they follow the first.
    if (refused === this.#first(to) || !this.#held.has(to)) this.#held.set(to, until);
    this.#look();
    return true;
  }

  /** The held commands to send now. @param {number} now */
  due(now) {
    /** @type {(Status | Signal)[]} */
    const messages = [];
    if (now < this.dueAt) return messages;
    for (const [to, at] of this.#held) {
      const command = at <= now ? this.#first(to) : undefined;
      if (!command) continue;
      this.#held.set(to, Infinity);
      command.written = true;
      messages.push(command.message);
    }
    this.#look();
    return messages;
  }

  clear() {
    this.#commands = [];
    this.#held.clear();
    this.#look();
  }

  /**
   * A restarted server does not know which commands it carried out: keeps only signals that were never sent. Statuses
   * are dropped too: membership.js reports the state again where the server's differs.
   */
  forgetWhatMayHaveHappened() {
    this.#commands = this.#commands.filter(({ message, written }) => message.type === "signal" && !written);
  }

  /** Every command, to be sent now. */
  all() {
    this.#held.clear();
    this.#look();
    for (const command of this.#commands) command.written = true;
    return this.#commands.map(({ message }) => message);
  }

  /** @param {string} to */
  #first(to) {
    return this.#commands.find(({ message }) => addressee(message) === to);
  }

  #look() {
    this.dueAt = Math.min(Infinity, ...this.#held.values());
  }
}

/** Commands to the same addressee stay in order; a status has none. @param {Status | Signal} message */
const addressee = (message) => (message.type === "signal" ? message.to : "");
