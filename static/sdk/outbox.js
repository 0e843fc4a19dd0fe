/**
 * The commands a client has given and the server has not answered yet, in order. signalling/client/outbox.py is its twin.
 *
 * @typedef {import("./protocol.js").MediaState} MediaState
 * @typedef {{media?: Partial<MediaState> | undefined, hand?: boolean | undefined}} Change
 * @typedef {{id: number, type: "status"} & Change} Status
 * @typedef {{id: number, type: "signal", to: string, data: import("./protocol.js").SignalData}} Signal
 * @typedef {{[field: string]: unknown, id: number, type: OrderType, key?: string, again?: boolean}} Order  Of whose answer the application is told.
 * @typedef {"remove" | "readmit" | "allow" | "set_role" | "settings" | "spotlight" | "admit" | "deny" | "rename"} LastingType
 * @typedef {"chat" | "chat_edit" | "chat_delete" | "chat_erase" | "chat_history"} ChatType
 * @typedef {LastingType | ChatType | "mute" | "ask" | "lower_hands" | "end"} OrderType
 * @typedef {{[field: string]: unknown, type: OrderType | "react"}} NewOrder
 * @typedef {Status | Signal | Order} Message
 * @typedef {{message: Message, written: boolean, until: number, refused?: boolean, again?: boolean}} Command  `written`: it may have reached the server.
 *   `until`: when it is not sent any more. `refused`: the server had no time for it, it is to be sent again. `again`: it was, and its answer is awaited before others go.
 */

/** Orders of those in charge that set something that lasts, and another name for oneself. They carry a `key`, by which they take effect once. */
const LASTING = new Set(["remove", "readmit", "allow", "set_role", "settings", "spotlight", "admit", "deny", "rename"]);
/** What is written and read in the chat. A message carries a `key`, too, and what deletes all of somebody's; the others may come twice. */
const CHAT = new Set(["chat", "chat_edit", "chat_delete", "chat_erase", "chat_history"]);
/** Orders that are carried out soon, or not at all: minutes later nobody means them any more. */
const MEANT_NOW = new Set(["mute", "ask", "lower_hands", "end"]);
/** How soon such an order is sent, and sent again. Milliseconds. */
const SOON = 10_000;
const ORDERS = new Set([...LASTING, ...CHAT, ...MEANT_NOW]);

/** @param {{type: string}} message @returns {message is Order} */
export const isOrder = (message) => ORDERS.has(message.type);
/** Whether it is sent again also when this is another place, at whatever server. @param {{type: string}} message */
const isLasting = (message) => LASTING.has(message.type) || CHAT.has(message.type);
/** Whether it is sent again also to a server that was restarted. @param {{type: string}} message */
const isRepeated = (message) => isLasting(message) || message.type === "lower_hands" || message.type === "end";
/** @param {{type: string}} message */
export const isKeyed = (message) => LASTING.has(message.type) || message.type === "chat" || message.type === "chat_erase";
/** @param {{type: string}} message @returns {message is Status} */
const isStatus = (message) => message.type === "status";

/**
 * Keeps commands until they are answered, across reconnections. Commands answered with `busy` are held per addressee:
 * the first is sent again at `dueAt`, each later one when the one before it is answered. What is on its way is not sent
 * again by the same connection.
 */
export class Outbox {
  dueAt = Infinity;
  /** @type {Command[]} */
  #commands = [];
  /** Per addressee, when to send the first command that waits; Infinity while the one before is on its way. @type {Map<string, number>} */
  #held = new Map();

  /** Returns whether it may be sent now, given a connection. @param {Message} message @param {boolean} written @param {number} [now] */
  add(message, written, now = Infinity) {
    const held = this.#held.has(addressee(message));
    this.#commands.push({ message, written: written && !held, until: MEANT_NOW.has(message.type) ? now + SOON : Infinity });
    this.#look();
    return !held;
  }

  /** Merges a change into the status that waits, if any: the latest values count. @param {Change} change */
  merge({ media, hand }) {
    const waiting = this.#commands.find(({ message, written }) => isStatus(message) && !written)?.message;
    if (!waiting || !isStatus(waiting)) return false;
    if (media) waiting.media = { ...waiting.media, ...media };
    waiting.hand = hand ?? waiting.hand;
    return true;
  }

  /** The command with this id that is not answered yet. @param {number | undefined} id */
  find(id) {
    return this.#commands.find(({ message }) => message.id === id)?.message;
  }

  /** Whether a status that is not answered yet turns this on. @param {keyof MediaState} flag */
  turnsOn(flag) {
    return this.#statuses.some(({ media }) => media?.[flag]);
  }

  /** Whether a status that is not answered yet raises the hand. */
  raisesHand() {
    return this.#statuses.some(({ hand }) => hand);
  }

  /** Whether one does that was never sent. */
  isToRaiseHand() {
    return this.#commands.some(({ message, written }) => isStatus(message) && message.hand && !written);
  }

  /** Whether the latest page of the chat is asked for, and not there yet. */
  get asksForHistory() {
    return this.#commands.some(({ message }) => message.type === "chat_history" && !("before" in message));
  }

  /** @param {number | undefined} id */
  answered(id) {
    const answered = this.#commands.find(({ message }) => message.id === id);
    if (!answered) return;
    const to = addressee(answered.message);
    this.#commands = this.#commands.filter((command) => command !== answered);
    if (!this.#held.has(to)) return;
    if (answered.again || !this.#commands.some(({ message }) => addressee(message) === to)) {
      if (this.#first(to)) this.#held.set(to, -Infinity);
      else this.#held.delete(to);
    }
    this.#look();
  }

  /** Holds a command answered with `busy`, or an order with `unavailable`. False for an unknown id, and if it would be too late then. @param {number | undefined} id @param {number} until */
  hold(id, until) {
    const refused = this.#commands.find(({ message }) => message.id === id);
    if (!refused || until >= refused.until) return false;
    const to = addressee(refused.message);
    const wasAgain = refused.again;
    Object.assign(refused, { refused: true, again: false });
    // The server refuses later commands to the same addressee too; they follow the first, which may be on its way.
    const follows = this.#commands.some(({ message, again }) => again && addressee(message) === to);
    const leads = wasAgain || refused === this.#first(to) || !this.#held.has(to);
    if (leads && !follows) this.#held.set(to, until);
    this.#look();
    return true;
  }

  /**
   * Takes out orders for which it is too late: those that the server did not carry out, and those of which that is not known.
   * @param {number} now @param {boolean} [lost]  Nobody answers any more what is on its way. @returns {[refused: Order[], unknown: Order[]]}
   */
  tooLate(now, lost = false) {
    const late = this.#commands.filter((command) => now >= command.until && (lost || waits(command)));
    if (late.length) {
      this.#commands = this.#commands.filter((command) => !late.includes(command));
      const goesOn = (/** @type {string} */ to) => this.#commands.some((command) => addressee(command.message) === to && (waits(command) || command.again));
      for (const to of [...this.#held.keys()]) if (!goesOn(to)) this.#held.delete(to);
      this.#look();
    }
    const orders = (/** @type {Command[]} */ commands) => commands.map(({ message }) => message).filter(isOrder);
    return [orders(late.filter(waits)), orders(late.filter((command) => !waits(command)))];
  }

  /** The held commands to send now. @param {number} now */
  due(now) {
    /** @type {Message[]} */
    const messages = [];
    if (now < this.dueAt) return messages;
    for (const [to, at] of this.#held) {
      const command = at <= now ? this.#first(to) : undefined;
      if (!command) continue;
      this.#held.set(to, Infinity);
      Object.assign(command, { written: true, refused: false, again: true });
      messages.push(command.message);
    }
    this.#look();
    return messages;
  }

  /** The place was given up, and this is another: keeps only orders that last, and the chat. Returns the others. */
  startAnew() {
    const forgotten = this.#keep(({ message }) => isLasting(message));
    this.#held.clear();
    this.#look();
    return forgotten;
  }

  /**
   * A restarted server does not know which commands it carried out. Keeps what was never sent, and orders that set
   * something: those that last, the server looks up by their keys. Returns the others: to mute again would mute who has
   * unmuted since. Statuses are dropped: membership.js reports the state again where the server's differs.
   */
  forgetWhatMayHaveHappened() {
    return this.#keep(({ message, written }) => isRepeated(message) || (!isStatus(message) && !written));
  }

  /** What it keeps of what was sent may have happened. Returns the orders that it does not keep. @param {(command: Command) => boolean} keeps */
  #keep(keeps) {
    const commands = this.#commands;
    this.#commands = commands.filter(keeps);
    for (const { message, written } of this.#commands) if (written && isKeyed(message)) /** @type {Order} */ (message).again = true;
    return commands.filter((command) => !this.#commands.includes(command)).map(({ message }) => message).filter(isOrder);
  }

  /** Every command, to be sent now. */
  all() {
    this.#held.clear();
    this.#look();
    for (const command of this.#commands) Object.assign(command, { written: true, refused: false, again: false });
    return this.#commands.map(({ message }) => message);
  }

  get #statuses() {
    return this.#commands.map(({ message }) => message).filter(isStatus);
  }

  /** Of those that wait. @param {string} to */
  #first(to) {
    return this.#commands.find((command) => addressee(command.message) === to && waits(command));
  }

  #look() {
    const late = this.#commands.filter((command) => waits(command) && this.#held.has(addressee(command.message)));
    this.dueAt = Math.min(Infinity, ...this.#held.values(), ...late.map(({ until }) => until));
  }
}

/** It is to be sent, for the first time or again. @param {Command} command */
const waits = ({ written, refused }) => refused || !written;

/** Commands to the same addressee stay in order, and so does what is written; a status and orders have none. Nobody waits for the history. @param {Message} message @returns {string} */
function addressee(message) {
  if (message.type === "signal") return /** @type {Signal} */ (message).to;
  if (message.type === "chat_history") return "history:";
  return CHAT.has(message.type) ? "chat:" : "";
}
