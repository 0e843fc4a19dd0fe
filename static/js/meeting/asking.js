/** Says that the browser waits for a permission, once it is clear that it has asked. */
import { askingText } from "../ui/device-errors.js";

/** Milliseconds; a browser that need not ask answers sooner. */
const ASKED = 700;

export class Asking {
  /** The current message, "" for none. */
  text = "";
  #changed;
  #timer = 0;

  /** @param {() => void} changed  called when the message changes */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {Parameters<typeof askingText>[0]} states */
  update(states) {
    const text = askingText(states);
    if (this.text || !text) this.text = text;
    if (!text) this.stop();
    else this.#timer ||= window.setTimeout(() => this.#say(text), ASKED);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** @param {string} text */
  #say(text) {
    this.text ||= text;
    this.#changed();
  }
}
