/** A bar that shows how loud the microphone is. */
import { LevelMeter } from "../../sdk/reconvene.js";

/** Milliseconds between readings: it follows speech without flickering. */
const INTERVAL = 80;

export class LevelBar {
  #element;
  #meter = new LevelMeter();
  #timer = 0;

  /** @param {HTMLElement} element  a meter */
  constructor(element) {
    this.#element = element;
  }

  start() {
    this.#timer = window.setInterval(() => this.#show(), INTERVAL);
  }

  /** @param {MediaStreamTrack | null} microphone */
  listen(microphone) {
    this.#meter.listen(microphone);
    this.#element.hidden = !this.#meter.possible;
  }

  stop() {
    clearInterval(this.#timer);
    this.#meter.stop();
  }

  #show() {
    // Loudness is perceived logarithmically: -50 dB is silence, -10 dB is loud.
    const decibels = 20 * Math.log10(this.#meter.level || 1e-6);
    const level = Math.round(Math.min(1, Math.max(0, (decibels + 50) / 40)) * 100);
    this.#element.style.setProperty("--level", String(level / 100));
    this.#element.setAttribute("aria-valuenow", String(level));
  }
}
