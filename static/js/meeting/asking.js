/** Says in words that the browser waits for an answer, once it is clear that it has asked. */
import { askingText } from "../ui/device-errors.js";

/** Browsers answer at once when they need not ask. Milliseconds. */
const ASKED = 700;

export class Asking {
  /** What is to be said now, "" for nothing. */
  text = "";
  #changed;
  #timer = 0;

  /** @param {() => void} changed  called when there is something to be said */
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
