/** How long a client waits before it tries again. signalling/client/back_off.py is the same. */

/** Milliseconds. */
const BASE = 400;
const CAP = 8_000;

/** Capped exponential back-off with full jitter, so that clients that lost their server do not all return at once. */
export class BackOff {
  #random;
  #failures = 0;

  /** @param {() => number} random  in [0, 1) */
  constructor(random) {
    this.#random = random;
  }

  /** Counts a failure. @returns {number} milliseconds to wait now */
  failed() {
    const most = Math.min(CAP, BASE * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * most;
  }

  succeeded() {
    this.#failures = 0;
  }
}
