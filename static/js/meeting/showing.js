/** Tells the others what is shown of them, so that nobody encodes for tiles that nobody shows, nor for a page that is hidden. */

/**
 * @typedef {import("./tile.js").Picture} Picture
 * @typedef {{[participant: string]: "none" | "small" | "large"}} Sizes
 * @typedef {(cameras: Sizes, screens: Sizes) => void} Show
 */

/** A tile that is wider shows more than a small picture has. Pixels of the screen, */
const SMALL = 360;
/** of which no more than so many for each of the page's are told apart in a picture that moves. */
const FINE = 1.5;
/** A page may be hidden for a moment. Milliseconds. */
const AWAY = 5_000;

export class Showing {
  #show;
  #away = false;
  #timer = 0;
  #last = "";
  #again = () => {};
  #watch = new AbortController();

  /** @param {Show} show */
  constructor(show) {
    this.#show = show;
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal: this.#watch.signal });
  }

  /**
   * @param {Picture[]} pictures  of the others @param {(picture: Picture) => string} keyOf
   * @param {ReadonlyMap<string, {width: number}>} tiles  on the stage, by key, as wide as their pictures are shown
   * @param {string | null} floating  in a window of its own
   */
  update(pictures, keyOf, tiles, floating) {
    this.#again = () => this.update(pictures, keyOf, tiles, floating);
    const wide = SMALL / Math.min(devicePixelRatio, FINE);
    /** @type {{cameras: Sizes, screens: Sizes}} */
    const sizes = { cameras: {}, screens: {} };
    for (const picture of pictures) {
      const key = keyOf(picture);
      const tile = this.#away ? undefined : tiles.get(key);
      const large = tile && tile.width > wide;
      sizes[picture.screen ? "screens" : "cameras"][picture.participant.id] = large ? "large" : tile || key === floating ? "small" : "none";
    }
    const said = JSON.stringify(sizes);
    if (said === this.#last) return;
    this.#last = said;
    this.#show(sizes.cameras, sizes.screens);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#watch.abort();
  }

  #visibilityChanged() {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = window.setTimeout(() => this.#be(true), AWAY);
    else this.#be(false);
  }

  /** @param {boolean} away */
  #be(away) {
    this.#away = away;
    this.#again();
  }
}
