/**
 * Whether the machine slept, told by its two clocks. signalling/client/sleep.py is the same, and says why; tests/vectors/sleep
 * holds the two together.
 */

/** Milliseconds by which the wall clock runs ahead between two looks when the machine slept in between. */
const AHEAD = 2_000;

/** Milliseconds between two looks, at most: the timers, too, stand still with the monotonic clock. */
export const LOOK_EVERY = 5_000;

export class SleepWatch {
  #apart = Infinity;

  /** Whether it did since this was asked last. @param {number} monotonic @param {number} wall  both in milliseconds */
  slept(monotonic, wall) {
    const before = this.#apart;
    this.#apart = wall - monotonic;
    return this.#apart - before > AHEAD;
  }
}
