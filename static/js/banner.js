/** Says that the connection is away, once it is worth saying, and that it is back. */
import { write } from "./dom.js";

/** Most interruptions are over sooner. Milliseconds. */
const WORTH_SAYING = 1_000;
const BACK_FOR = 2_500;

export class ConnectionBanner {
  #element;
  #timer = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} text */
  away(text) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#show(text, "away"), WORTH_SAYING);
  }

  back() {
    clearTimeout(this.#timer);
    if (this.#element.dataset.state !== "away") return;
    this.#show("You’re back", "back");
    this.#timer = window.setTimeout(() => this.stop(), BACK_FOR);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
    delete this.#element.dataset.state;
  }

  /** @param {string} text @param {"away" | "back"} state */
  #show(text, state) {
    write(this.#element, text);
    this.#element.dataset.state = state;
    this.#element.hidden = false;
  }
}
