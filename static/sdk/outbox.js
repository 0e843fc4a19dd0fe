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
 * Keeps commands over as many connections as their answers take. Those that the server was too busy for are held
 * back by addressee: the first is sent again when `dueAt` has come, each later one when the one before it was answered.
 */
export class Outbox {
  dueAt = Infinity;
  /** @type {Command[]} */
  #commands = [];
  /** By addressee, when the first command goes out again; never while it is on its way. @type {Map<string, number>} */
  #held = new Map();

  /** Answers whether it may be written now, if anything may. @param {Status | Signal} message @param {boolean} written */
  add(message, written) {
    const held = this.#held.has(addressee(message));
    this.#commands.push({ message, written: written && !held });
    return !held;
  }

  /** Lets the status that still waits say this too, if there is one: the last word counts. @param {Change} change */
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

  /** The server was too busy for it. False when nothing is known of it. @param {number | undefined} id @param {number} until */
  hold(id, until) {
    const refused = this.#commands.find(({ message }) => message.id === id);
    if (!refused) return false;
    const to = addressee(refused.message);
    // Later ones to the same addressee are refused as well, and follow the first.
    if (refused === this.#first(to) || !this.#held.has(to)) this.#held.set(to, until);
    this.#look();
    return true;
  }

  /** What was held back and is to be written now. @param {number} now */
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
   * For a server that has forgotten which commands it carried out: keeps the signals it never saw. Statuses are not
   * kept either; what they were to bring about is told anew where it differs.
   */
  forgetWhatMayHaveHappened() {
    this.#commands = this.#commands.filter(({ message, written }) => message.type === "signal" && !written);
  }

  /** Every command, to be written now. */
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
