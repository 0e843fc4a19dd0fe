/**
 * What one page shows of another's pictures. It tells the other, who encodes and sends no more than that; whoever is told
 * nothing sends pictures that can be shown large.
 *
 * @typedef {"none" | "small" | "large"} Size
 * @typedef {Readonly<{camera: Size, screen: Size}>} Shown
 * @typedef {Readonly<{[participant: string]: Size}>} Sizes
 */

/** @type {readonly Size[]} */
const SIZES = ["none", "small", "large"];

/** @type {Shown} */
export const ALL = Object.freeze({ camera: "large", screen: "large" });
/** @type {Shown} */
export const NONE = Object.freeze({ camera: "none", screen: "none" });

/** Time between two tellings. Milliseconds. */
const PAUSE = 1_000;
/** What is not shown for so long is likely to stay so: who turns pages back and forth says nothing of it. Milliseconds. */
const LASTING = 3_000;

/** @param {unknown} value @returns {value is Size} */
export const isSize = (value) => SIZES.some((size) => size === value);

/** What is shown of each; of somebody whom nobody has named, all. @param {Sizes} cameras @param {Sizes} screens @returns {(id: string) => Shown} */
export function showing(cameras, screens) {
  const sizes = [cameras, screens].map((each) => new Map(Object.entries(each)));
  for (const size of sizes.flatMap((each) => [...each.values()])) {
    if (!isSize(size)) throw new TypeError(`show(): "none", "small" or "large", not ${String(size)}`);
  }
  const [camera, screen] = sizes.map((each) => (/** @type {string} */ id) => each.get(id) ?? "large");
  return (id) => ({ camera: camera(id), screen: screen(id) });
}

/** @param {Shown} one @param {Shown} other */
const isSame = (one, other) => one.camera === other.camera && one.screen === other.screen;

/** @param {Shown} from @param {Shown} to  whether anything is larger there */
const grows = (from, to) => SIZES.indexOf(to.camera) > SIZES.indexOf(from.camera) || SIZES.indexOf(to.screen) > SIZES.indexOf(from.screen);

/** Heeds what one peer shows: every change of encodings costs, so what comes sooner than that is heeded later. Milliseconds. */
const HEED = 250;

export class Heeding {
  #heed;
  #last = ALL;
  #wanted = ALL;
  #pause = 0;

  /** @param {(shown: Shown) => void} heed */
  constructor(heed) {
    this.#heed = heed;
  }

  /** @param {Shown} shown */
  hear(shown) {
    this.#wanted = shown;
    if (!this.#pause) this.#consider();
  }

  stop() {
    clearTimeout(this.#pause);
  }

  #consider() {
    if (isSame(this.#wanted, this.#last)) return;
    this.#last = this.#wanted;
    this.#heed(this.#last);
    this.#pause = window.setTimeout(() => {
      this.#pause = 0;
      this.#consider();
    }, HEED);
  }
}

/** Tells one peer: more at once, less when it has lasted, and nothing more often than every second. */
export class Telling {
  #tell;
  #wanted = ALL;
  /** What the other has been told last; null: nobody knows. @type {Shown | null} */
  #told = ALL;
  #begun = false;
  #hasSpoken = false;
  #pause = 0;
  #waning = 0;

  /** @param {(shown: Shown) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {Shown} shown */
  want(shown) {
    this.#wanted = shown;
    if (this.#begun) this.#consider();
  }

  /** The other hears from now on: what is not shown from the beginning on is never sent. */
  begin() {
    this.#begun = true;
    this.again();
  }

  /** What was told may be lost. */
  again() {
    if (!this.#hasSpoken && isSame(this.#wanted, ALL)) return;
    this.#told = null;
    this.#consider();
  }

  stop() {
    clearTimeout(this.#pause);
    clearTimeout(this.#waning);
  }

  #consider() {
    if (this.#told && isSame(this.#wanted, this.#told)) {
      clearTimeout(this.#waning);
      this.#waning = 0;
    } else if (this.#pause) return; // When it is over.
    else if (!this.#told || grows(this.#told, this.#wanted)) this.#say();
    else this.#waning ||= window.setTimeout(() => this.#say(), LASTING);
  }

  #say() {
    clearTimeout(this.#waning);
    this.#waning = 0;
    this.#hasSpoken = true;
    this.#told = this.#wanted;
    this.#tell(this.#told);
    this.#pause = window.setTimeout(() => {
      this.#pause = 0;
      this.#consider();
    }, PAUSE);
  }
}
