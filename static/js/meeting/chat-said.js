/** Says that a message has come, and takes that back where the message is deleted or says something else by now. */
import { write } from "../ui/dom.js";

/** @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage */

/** Announcements that may be seen or read still. */
const MOST = 10;

export class ChatSaid {
  #toasts;
  #region;
  /** By message. @type {Map<string, {text: string, gone: () => void}>} */
  #said = new Map();

  /** @param {import("../ui/toasts.js").Toasts} toasts @param {Element} region  a live region, where the panel is open */
  constructor(toasts, region) {
    this.#toasts = toasts;
    this.#region = region;
  }

  /** @param {ChatMessage} message @param {string} said @param {boolean} isOpen  the panel */
  say({ id, text }, said, isOpen) {
    if (isOpen) write(this.#region, said);
    const gone = isOpen ? () => this.#region.textContent === said && write(this.#region, "") : this.#toasts.show(said);
    this.#said.set(id, { text, gone });
    const [oldest = ""] = this.#said.keys();
    if (this.#said.size > MOST) this.#said.delete(oldest);
  }

  /** @param {(id: string) => ChatMessage | undefined} find  a message, as it is now */
  look(find) {
    for (const [id, { text, gone }] of this.#said) {
      if (find(id)?.text === text) continue;
      gone();
      this.#said.delete(id);
    }
  }
}
