/**
 * Detects from the machine's two clocks that it slept. signalling/client/sleep.py is its twin, and says why;
 * tests/vectors/sleep tests both.
 */

/** Milliseconds that the wall clock must gain between two checks to count as sleep. */
const AHEAD = 2_000;

/** Most milliseconds between two checks: timers stop with the monotonic clock too. */
export const LOOK_EVERY = 5_000;

export class SleepWatch {
  #apart = Infinity;

  /** Whether it slept since the last call. @param {number} monotonic @param {number} wall  both in milliseconds */
  slept(monotonic, wall) {
    const before = this.#apart;
    this.#apart = wall - monotonic;
    return this.#apart - before > AHEAD;
  }
}
