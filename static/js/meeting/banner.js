/** Says that the connection is lost, if that lasts, and that it is back. */
import { write } from "../ui/dom.js";
import { LONG, TAKES_TIME } from "../ui/hindrances.js";
import { t } from "../words/words.js";

/** Milliseconds; most interruptions are shorter. */
const WORTH_SAYING = 1_000;
const BACK_FOR = 2_500;

export class ConnectionBanner {
  #element;
  #timer = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} text @param {() => void} [retry]  for a button to try again */
  away(text, retry) {
    this.#after(WORTH_SAYING, () => this.#show(text, "away", retry));
  }

  /** Nothing is known to hinder the connection, but it may take long. */
  connecting() {
    this.#after(WORTH_SAYING, () => {
      this.#show(t("Connecting…"), "away");
      this.#after(LONG, () => this.#show(TAKES_TIME, "away"));
    });
  }

  back() {
    clearTimeout(this.#timer);
    // Too short to mention; but hide any earlier message.
    if (!this.#element.dataset.state) return;
    this.#show(t("You’re back"), "back");
    this.#after(BACK_FOR, () => this.stop());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
    delete this.#element.dataset.state;
  }

  /** @param {number} milliseconds @param {() => void} run */
  #after(milliseconds, run) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(run, milliseconds);
  }

  /** @param {string} text @param {"away" | "back"} state @param {() => void} [retry] */
  #show(text, state, retry) {
    write(this.#element, text);
    if (retry) {
      const button = document.createElement("button");
      button.className = "button small";
      button.textContent = t("Try again");
      button.addEventListener("click", retry);
      this.#element.append(button);
    }
    this.#element.dataset.state = state;
    this.#element.hidden = false;
  }
}
