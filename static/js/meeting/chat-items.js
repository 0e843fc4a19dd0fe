/** The list of messages: each is written only when something of it is another, since others change all the time. */
import { isSame } from "../ui/dom.js";
import { EDITABLE } from "./chat-text.js";
import { showMessage, showOutgoing } from "./chat-message.js";

/**
 * @typedef {import("../../sdk/reconvene.js").ChatMessage} ChatMessage
 * @typedef {import("../../sdk/reconvene.js").Outgoing} Outgoing
 * @typedef {import("./chat-message.js").Reader} Reader
 *
 * @typedef {object} Item
 * @property {HTMLElement} element
 * @property {readonly unknown[]} seen  What it was written from.
 */

export class ChatItems {
  #list;
  /** What scrolls around it. @type {HTMLElement | null} */
  #log;
  /** By message id, and by the key of those on their way. @type {Map<string, Item>} */
  #items = new Map();

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
    this.#log = list.closest("[tabindex]");
  }

  /** @param {readonly ChatMessage[]} messages @param {readonly Outgoing[]} outgoing @param {Reader} reader */
  show(messages, outgoing, reader) {
    const { now } = reader;
    const today = new Date(now).toDateString();
    const common = [reader.id, reader.inCharge, reader.mayWrite, today];
    const held = document.activeElement;
    const isHeld = this.#list.contains(held);
    // First: behind one that goes, each of the others would be moved.
    const staying = new Set([...messages.map(({ id }) => id), ...outgoing.map(({ key }) => key)]);
    for (const [key, { element }] of this.#items) {
      if (staying.has(key)) continue;
      element.remove();
      this.#items.delete(key);
    }
    let next = this.#list.firstElementChild;
    /** @param {string} key @param {readonly unknown[]} seen @param {(element?: HTMLElement) => HTMLElement} write */
    const place = (key, seen, write) => {
      const known = this.#items.get(key);
      const element = known && isSame(seen, known.seen) ? known.element : write(known?.element);
      this.#items.set(key, { element, seen });
      if (element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(element, next);
    };
    for (const message of messages) {
      const { id, to, replyTo, at } = message;
      const quoted = replyTo === null ? undefined : reader.find(replyTo);
      const seen = [message, quoted, to && reader.nameOf(to), now - Date.parse(at) > EDITABLE, ...common];
      place(id, seen, (element) => showMessage(message, reader, element));
    }
    for (const each of outgoing) place(each.key, [each, each.to && reader.nameOf(each.to), ...common], (element) => showOutgoing(each, reader, element));
    if (isHeld && held instanceof HTMLElement) this.#keepFocus(held);
  }

  /** What is moved loses the focus; what is gone leaves it to the list. @param {HTMLElement} held */
  #keepFocus(held) {
    const isSeen = this.#list.contains(held) && held.getClientRects().length > 0;
    if (!isSeen) this.#log?.focus({ preventScroll: true });
    else if (document.activeElement !== held) held.focus({ preventScroll: true });
  }
}
