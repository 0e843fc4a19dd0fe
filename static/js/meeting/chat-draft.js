/** What somebody has written in a meeting and not sent, kept for a reload of the tab until they leave: it is theirs, and of that meeting. */
const KEY = "reconvene.chat-draft";
/** Meetings of which there are drafts: the latest. */
const MOST = 10;

/**
 * @typedef {object} Draft
 * @property {string} text
 * @property {string} to  a participant, `hosts`, or "": everyone
 * @property {About | null} [about]
 *
 * @typedef {{edit: boolean, id: string, name: string, written: string}} About  A message that is answered, or edited to be
 *   what is `written`; `name`: its author's.
 */

export class ChatDraft {
  #storage;
  #meeting;
  /** What was kept last of this meeting, as JSON. @type {string | null} */
  #kept = null;

  /** @param {import("../here/storage.js").PageStorage} storage  the tab's @param {string} meeting */
  constructor(storage, meeting) {
    this.#storage = storage;
    this.#meeting = meeting;
  }

  /** What this participant had written; null: nothing. @param {string} me @returns {Draft | null} */
  read(me) {
    const [, who, text, to, about] = this.#all().find(([meeting]) => meeting === this.#meeting) ?? [];
    return who === me && typeof text === "string" && typeof to === "string" ? { text, to, about: aboutOf(about) } : null;
  }

  /** @param {string} me @param {Draft} draft */
  write(me, { text, to, about }) {
    if (!me) return;
    this.#keep(text || about ? [[this.#meeting, me, text, to, about]] : []);
  }

  /** Whoever leaves leaves nothing behind. */
  forget() {
    this.#keep([]);
  }

  /** @param {unknown[][]} own */
  #keep(own) {
    const kept = JSON.stringify(own);
    if (kept === this.#kept) return;
    this.#kept = kept;
    const all = [...this.#all().filter(([meeting]) => meeting !== this.#meeting), ...own].slice(-MOST);
    if (all.length) this.#storage.setItem(KEY, JSON.stringify(all));
    else this.#storage.removeItem(KEY);
  }

  /** `[meeting, participant, text, to, about]` of each meeting, the latest last. What somebody else has put there is nothing. @returns {unknown[][]} */
  #all() {
    try {
      const all = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(all) ? all.filter(Array.isArray) : [];
    } catch {
      return [];
    }
  }
}

/** @param {unknown} value @returns {About | null} */
function aboutOf(value) {
  const { edit, id, name, written } = /** @type {Record<string, unknown>} */ (value ?? {});
  return typeof id === "string" && typeof name === "string" && typeof written === "string" ? { edit: edit === true, id, name, written } : null;
}
