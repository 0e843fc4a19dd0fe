/** Virtual time, and chance from a seed: a run is the same every time. */

export class Clock {
  now = 0;
  halted = false;
  #last = 0;
  /** @type {{id: number, at: number, run: () => void}[]} by time, then as they came */
  #due = [];

  /** @param {() => void} run @param {number} [delay]  milliseconds @returns {number} for `cancel` */
  after(run, delay = 0) {
    const id = ++this.#last;
    if (this.halted) return id;
    const at = this.now + Math.max(0, delay);
    let place = this.#due.length;
    while (place > 0 && this.#due[place - 1].at > at) place -= 1;
    this.#due.splice(place, 0, { id, at, run });
    return id;
  }

  /** @param {number} id */
  cancel(id) {
    const place = this.#due.findIndex((due) => due.id === id);
    if (place >= 0) this.#due.splice(place, 1);
  }

  /** Nothing happens any more. */
  halt() {
    this.#due = [];
    this.halted = true;
  }

  /** Lets so much time pass. @param {number} span  milliseconds */
  async pass(span) {
    const end = this.now + span;
    await reactions();
    while (this.#due.length && this.#due[0].at <= end) {
      const { at, run } = /** @type {{at: number, run: () => void}} */ (this.#due.shift());
      this.now = at;
      run();
      await reactions();
    }
    this.now = end;
  }
}

/** Promises are kept before the next event, as in a browser before the next task. */
async function reactions() {
  for (let depth = 0; depth < 24; depth += 1) await undefined;
}

/** mulberry32. @param {number} seed @returns {() => number} 0 to 1, as Math.random */
export function chanceOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
