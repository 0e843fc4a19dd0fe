/** What somebody has written in a meeting and not sent, kept for a reload of the tab: it is theirs, and of that meeting. */
const KEY = "reconvene.chat-draft";

/** @typedef {{text: string, to: string}} Draft  `to`: a participant, `hosts`, or "": everyone. */

export class ChatDraft {
  #storage;
  #meeting;
  /** @type {string | null} */
  #kept = null;

  /** @param {import("../here/storage.js").PageStorage} storage  the tab's @param {string} meeting */
  constructor(storage, meeting) {
    this.#storage = storage;
    this.#meeting = meeting;
  }

  /** What this participant had written; null: nothing. @param {string} me @returns {Draft | null} */
  read(me) {
    try {
      const [meeting, who, text, to] = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return meeting === this.#meeting && who === me && typeof text === "string" && typeof to === "string" && text ? { text, to } : null;
    } catch {
      // What somebody else has put there is nothing.
      return null;
    }
  }

  /** @param {string} me @param {Draft} draft */
  write(me, { text, to }) {
    const kept = text ? JSON.stringify([this.#meeting, me, text, to]) : "";
    if (kept === this.#kept) return;
    this.#kept = kept;
    if (kept) this.#storage.setItem(KEY, kept);
    else this.#storage.removeItem(KEY);
  }
}
