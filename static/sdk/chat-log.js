/**
 * What a client knows of a meeting's chat: put together of events and of pages of the history, in one order.
 * signalling/client/chat.py is its twin.
 *
 * After a list of who is there (`joined`, a snapshot) messages may be missing, and some that are known may have been
 * deleted since: those are in doubt, and the latest page takes their place.
 *
 * @typedef {import("./protocol.js").ChatMessage} ChatMessage
 */

/** Most messages that are kept by themselves. Whoever asks for older ones has those, too. */
const MOST_KEPT = 500;

export class ChatLog {
  /** Whether the server has older ones. */
  more = false;
  /** By id. @type {Map<string, ChatMessage>} */
  #messages = new Map();
  /**
   * The last that was heard of each edit and deletion: no page that was made before brings a text back. After a
   * doubt, pages know of all edits until then.
   * @type {Map<string, import("./protocol.js").ChatChange>}
   */
  #changes = new Map();
  /** By author, the last that was heard of all of theirs being deleted. @type {Map<string, import("./protocol.js").ChatErased>} */
  #erased = new Map();
  /** Messages that were told, also those that no page had then. @type {Map<string, null>} */
  #told = new Map();
  /** @type {Set<string>} */
  #doubted = new Set();
  #most = MOST_KEPT;

  /** In order. One that was deleted has `deleted_by`, and no text. */
  get messages() {
    return [...this.#messages.values()].sort((a, b) => (a.at < b.at || (a.at === b.at && a.id < b.id) ? -1 : 1));
  }

  /** Ask for the history: what was missed is nowhere else. */
  doubt() {
    this.#doubted = new Set(this.#messages.keys());
    for (const [id, { deleted_by }] of this.#changes) if (deleted_by === undefined) this.#changes.delete(id);
    // Pages know of them, and the clock may have been set back since.
    this.#erased.clear();
  }

  /**
   * Returns it with `again` if it tells nothing new: a server that was restarted may tell something again.
   * @param {import("./protocol.js").RoomEvent} event @returns {import("./protocol.js").RoomEvent}
   */
  event(event) {
    let again = false;
    if (event.type === "chat_message") {
      again = this.#isKnown(event.message.id);
      this.#put(event.message);
    } else if (event.type === "chat_changed") again = this.#change(event.message);
    else if (event.type === "chat_erased") again = this.#erase(event);
    this.#bound();
    return again ? Object.assign({}, event, { again }) : event;
  }

  #bound() {
    const surplus = this.#messages.size - this.#most;
    if (surplus <= 0) return;
    for (const { id } of this.messages.slice(0, surplus)) this.#forget(id);
    this.more = true;
  }

  /** A page of the history, before that message or of the latest. @param {import("./protocol.js").ChatPage} page @param {string} [before] */
  page({ messages, more }, before) {
    if (before === undefined) for (const id of this.#doubted) this.#forget(id);
    // Messages between this page and what is known would be missing.
    else if (!this.#messages.has(before) || this.#doubted.has(before)) return;
    const known = this.#messages.size;
    for (const message of messages) if (!this.#messages.has(message.id)) this.#put(message);
    if (before !== undefined) this.#most += this.#messages.size - known;
    this.more = more;
  }

  /** @param {ChatMessage} message */
  #put(message) {
    const { id } = message;
    this.#doubted.delete(id);
    const now = changed(message, this.#changes.get(id));
    const erased = this.#erased.get(message.from);
    const isErased = erased !== undefined && message.at <= erased.until && now.deleted_by === undefined;
    this.#messages.set(id, isErased ? { ...now, text: "", deleted_by: erased.deleted_by } : now);
  }

  /** Returns whether it was so before. @param {import("./protocol.js").ChatChange} change */
  #change(change) {
    const { id, text, edited_at } = change;
    const known = this.#messages.get(id), before = this.#changes.get(id);
    if (known?.deleted_by !== undefined || before?.deleted_by !== undefined) return true;
    if (before && change.deleted_by === undefined && before.text === text && before.edited_at === edited_at) return true;
    keep(this.#changes, id, change);
    if (known) this.#put(known);
    return false;
  }

  /** Returns whether it was so before. @param {import("./protocol.js").ChatErased} event */
  #erase(event) {
    if ((this.#erased.get(event.from)?.until ?? "") >= event.until) return true;
    keep(this.#erased, event.from, event);
    for (const message of this.#messages.values()) if (message.from === event.from) this.#put(message);
    return false;
  }

  /** @param {string} id */
  #isKnown(id) {
    if (this.#messages.has(id) || this.#told.has(id)) return true;
    keep(this.#told, id, null);
    return false;
  }

  /** @param {string} id */
  #forget(id) {
    this.#messages.delete(id);
    this.#doubted.delete(id);
  }
}

/** @param {ChatMessage} message @param {import("./protocol.js").ChatChange} [change] @returns {ChatMessage} */
function changed(message, change) {
  if (message.deleted_by !== undefined) return message;
  if (change?.deleted_by !== undefined) return { ...message, text: "", deleted_by: change.deleted_by };
  // Not the later time: the server's clock may have been set back.
  return { ...message, ...change };
}

/** Of those without a message of their own only the latest are kept. @template T @param {Map<string, T>} latest @param {string} id @param {T} value */
function keep(latest, id, value) {
  latest.delete(id);
  latest.set(id, value);
  const [oldest = ""] = latest.keys();
  if (latest.size > MOST_KEPT) latest.delete(oldest);
}
