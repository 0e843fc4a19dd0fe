/** The chat of a meeting, as an application sees it: what is written, and what of one's own is on its way. */
import { Emitter } from "./events.js";
import { ReconveneError } from "./errors.js";
import { kept } from "./views.js";

/**
 * @typedef {object} ChatMessage  It never changes: a change is another object.
 * @property {string} id
 * @property {string} from  The author's participant; "" if not known any more.
 * @property {string} name
 * @property {string} text  Plain text. "" once deleted.
 * @property {string} at  RFC 3339, UTC
 * @property {string | null} to  A participant, `hosts`, or null: everyone.
 * @property {string | null} replyTo  A message.
 * @property {string | null} editedAt
 * @property {boolean} deleted
 *
 * @typedef {object} Outgoing  A message of one's own that nobody was told yet, or that was refused.
 * @property {string} key
 * @property {string} text
 * @property {string | null} to
 * @property {string | null} replyTo
 * @property {{readonly code: string, readonly message: string} | null} refused  Why; null: it is on its way.
 *
 * @typedef {object} ChatSnapshot
 * @property {readonly ChatMessage[]} messages  In order, the latest last.
 * @property {readonly Outgoing[]} outgoing
 * @property {boolean} more  There are older ones: `chat.more()` brings them.
 * @property {number} unread  How many of others came since the mark.
 * @property {string} readUntil  The mark: the time until which messages were read.
 * @property {"all" | "hosts" | "nobody"} reach  To whom the user may write.
 */

/** Bytes of a text that fits into a frame, whatever is in it: the server would close the connection for a larger one. */
const MOST_BYTES = 60_000;
const encoder = new TextEncoder();

/** @typedef {import("./call.js").Call<import("./call.js").CallMedia, import("./call.js").CallMesh>} AnyCall */

export class Chat {
  #call;
  #orders;
  /** @type {Emitter<{change: null}>} */
  #events = new Emitter();
  /** @type {WeakMap<object, ChatMessage>} */
  #views = new WeakMap();
  /** `told`: the message that everyone was told; "" until then. @type {{message: Outgoing, told: string}[]} */
  #outgoing = [];
  #lastKey = 0;
  #readUntil = "";
  #isReading = false;
  /** @type {Promise<void> | null} */
  #older = null;
  /** @type {Readonly<ChatSnapshot> | null} */
  #snapshot = null;
  /** What subscribers were told of last. @type {Readonly<ChatSnapshot> | null} */
  #shown = null;
  #isStale = true;
  #isDue = false;

  /** @param {AnyCall} call @param {import("./orders.js").Orders} orders @param {(message: ChatMessage) => void} heard  a message of somebody else has just come @internal */
  constructor(call, orders, heard) {
    this.#call = call;
    this.#orders = orders;
    call.on("joined", ({ you }) => {
      this.#readUntil ||= you.joined_at;
      this.#changed();
    });
    call.on("resumed", () => this.#changed());
    call.on("answered", ({ page }) => page && this.#changed());
    call.on("change", () => this.#changed());
    call.on("event", ({ event }) => {
      if (event.type !== "chat_message" && event.type !== "chat_changed" && event.type !== "chat_erased") return;
      this.#changed();
      if (event.type !== "chat_message" || event.again) return;
      if (event.message.from === call.myId) this.#told(event.message);
      else heard(this.#view(event.message));
    });
  }

  /** Calls `changed` after each change of the snapshot. What was written before is asked for from the first call on. @param {() => void} changed @returns {() => void} ends it */
  subscribe = (changed) => {
    if (!this.#isReading) this.#call.order({ type: "chat_history" });
    this.#isReading = true;
    return this.#events.on("change", () => changed());
  };

  /** The same object until something has changed. @returns {Readonly<ChatSnapshot>} */
  getSnapshot = () => {
    // What the meeting's snapshot says already, of settings and rights, this one says, too.
    if (this.#isStale || this.#snapshot?.reach !== this.#reach) this.#snapshot = this.#look();
    this.#isStale = false;
    return this.#snapshot;
  };

  /**
   * Writes. Kept when the server has recorded it; it is sent once, whatever becomes of the connection. If it is refused, it
   * stays in `outgoing`.
   * @param {string} text  at most 2,000 characters @param {{to?: string | null, replyTo?: string | null}} [how]  `to`: a participant, or `hosts`
   */
  async send(text, { to = null, replyTo = null } = {}) {
    this.#lastKey += 1;
    const message = Object.freeze({ key: `o_${this.#lastKey}`, text, to, replyTo, refused: null });
    this.#outgoing.push({ message, told: "" });
    this.#changed();
    try {
      await this.#give({ type: "chat", text, ...(to !== null && { to }), ...(replyTo !== null && { reply_to: replyTo }) });
      this.discard(message.key);
    } catch (error) {
      const { code, message: why } = /** @type {ReconveneError} */ (error);
      this.#replace(message.key, { message: Object.freeze({ ...message, refused: Object.freeze({ code, message: why }) }) });
      throw error;
    }
  }

  /** Sends a message that was refused once more. @param {string} key */
  async retry(key) {
    const refused = this.#outgoing.find(({ message }) => message.key === key && message.refused);
    if (!refused) return;
    this.discard(key);
    await this.send(refused.message.text, refused.message);
  }

  /** Forgets a message that was refused. @param {string} key */
  discard(key) {
    this.#outgoing = this.#outgoing.filter(({ message }) => message.key !== key);
    this.#changed();
  }

  /** Another text for a message of one's own, within 15 minutes. @param {string} id @param {string} text */
  edit(id, text) {
    return this.#give({ type: "chat_edit", message: id, text });
  }

  /** @param {import("./outbox.js").NewOrder & {text: string}} order */
  async #give(order) {
    if (encoder.encode(JSON.stringify(order.text)).length > MOST_BYTES) throw new ReconveneError("bad_message", "A message has at most 2000 characters.");
    await this.#orders.give(order);
  }

  /** One's own, or anybody's for those in charge. @param {string} id */
  delete(id) {
    return this.#orders.give({ type: "chat_delete", message: id });
  }

  /** All that somebody wrote, in this meeting and by now: for those in charge, of people of a lower role. @param {string} participant  also one who has left @returns {Promise<void>} */
  erase(participant) {
    return this.#orders.give({ type: "chat_erase", participant });
  }

  /** Brings a page of older messages, if there are any. */
  more() {
    const { more, messages } = this.#call.chat;
    const before = messages[0]?.id;
    if (!more || before === undefined) return Promise.resolve();
    this.#older ??= this.#orders.give({ type: "chat_history", before }).finally(() => (this.#older = null));
    return this.#older;
  }

  /** Everything was read, or what was written until then. @param {string} [until]  RFC 3339, UTC */
  read(until = this.#call.chat.messages.at(-1)?.at ?? this.#readUntil) {
    if (until === this.#readUntil) return;
    this.#readUntil = until;
    this.#changed();
  }

  /** The server tells the author, too. It may have taken out what nobody sees. @param {import("./protocol.js").ChatMessage} told */
  #told({ id, text }) {
    // Told again, after a restart: it is known which one it is.
    if (this.#outgoing.some(({ told }) => told === id)) return;
    const waiting = this.#outgoing.filter(({ told, message }) => !told && !message.refused);
    const found = waiting.find(({ message }) => message.text.trim() === text) ?? waiting[0];
    if (found) this.#replace(found.message.key, { told: id });
  }

  /** @param {string} key @param {{message?: Outgoing, told?: string}} change */
  #replace(key, change) {
    this.#outgoing = this.#outgoing.map((each) => (each.message.key === key ? { ...each, ...change } : each));
    this.#changed();
  }

  /** Tells of it after whatever else happens now. */
  #changed() {
    this.#isStale = true;
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      const before = this.#shown;
      if (this.getSnapshot() !== before) this.#events.emit("change", null);
      this.#shown = this.#snapshot;
    });
  }

  /** @returns {Readonly<ChatSnapshot>} */
  #look() {
    const { messages: all, more } = this.#call.chat;
    // What was taken back is shown as refused, and is no message any more.
    const refused = new Set(this.#outgoing.map(({ message, told }) => message.refused && told));
    const messages = all.filter(({ id }) => !refused.has(id)).map((message) => this.#view(message));
    const unread = messages.filter(({ from, at, deleted }) => !deleted && at > this.#readUntil && from !== this.#call.myId);
    const outgoing = this.#outgoing.filter(({ told, message }) => !told || message.refused).map(({ message }) => message);
    return kept(this.#snapshot ?? undefined, {
      messages: kept(this.#snapshot?.messages, messages),
      outgoing: kept(this.#snapshot?.outgoing, outgoing),
      more,
      unread: unread.length,
      readUntil: this.#readUntil,
      reach: this.#reach,
    });
  }

  get #reach() {
    const { chat = "all" } = this.#call.meeting.settings ?? {};
    if (chat === "off" || !this.#call.may("chat")) return "nobody";
    return chat === "hosts" && !this.#call.inCharge ? "hosts" : "all";
  }

  /** @param {import("./protocol.js").ChatMessage} message */
  #view(message) {
    let view = this.#views.get(message);
    if (!view) {
      const { id, from, name, text, at, to = null, reply_to: replyTo = null, edited_at: editedAt = null } = message;
      view = Object.freeze({ id, from, name, text, at, to, replyTo, editedAt, deleted: message.deleted_by !== undefined });
      this.#views.set(message, view);
    }
    return view;
  }
}
